using System.Text.Json;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Pretraining;

/// <summary>The settings of <c>train pretrain</c>; the names are transformers' and TRL's where they have one. The defaults make the embedded model's shape.</summary>
public sealed record PretrainConfig : TrainingConfig
{
    public PretrainConfig()
    {
        LearningRate = 3e-3;
        LrSchedulerType = LearningRateSchedule.CosineWithMinLr;
        WarmupSteps = 100;
        MinLrRate = 0.05;
        WeightDecay = 0.01;
        AdamBeta2 = 0.95;
        SaveSteps = 500;
        EvalSteps = 500;
    }

    /// <summary>"embedded" for the generated corpus of the embedded family, or a jsonl file with text, or with prompt and completion.</summary>
    public string? Corpus { get; init; }

    /// <summary>Of the generated corpus.</summary>
    public long CorpusSeed { get; init; }

    /// <summary>Examples of the generated corpus; null = as many as max_steps take, each once.</summary>
    public int? CorpusSize { get; init; }

    /// <summary>Problem sets of which the corpus must hold no problem.</summary>
    public IReadOnlyList<string> HeldOut { get; init; } = ["embedded-test", "embedded-train"];

    /// <summary>A folder with tokenizer.json, or "embedded". Its files go with the model.</summary>
    public string TokenizerNameOrPath { get; init; } = "embedded";

    /// <summary>A config.json of any implemented family, in place of the eight keys below; null = a Qwen2 of these keys.</summary>
    public string? ModelConfig { get; init; }
    public int HiddenSize { get; init; } = 96;
    public int NumHiddenLayers { get; init; } = 3;
    public int NumAttentionHeads { get; init; } = 3;
    public int NumKeyValueHeads { get; init; } = 1;
    public int IntermediateSize { get; init; } = 256;
    public int MaxPositionEmbeddings { get; init; } = 256;
    public double RopeTheta { get; init; } = 10000;
    public double RmsNormEps { get; init; } = 1e-6;
    public bool TieWordEmbeddings { get; init; } = true;

    /// <summary>Examples of an optimizer step.</summary>
    public int PerDeviceTrainBatchSize { get; init; } = 64;

    /// <summary>Read where max_steps is -1.</summary>
    public double NumTrainEpochs { get; init; } = 1;
    public bool GroupByLength { get; init; } = true;

    /// <summary>Longer texts are cut into pieces; longer prompts with completions are refused. Null = the model's context.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    public PretrainConfig Validate()
    {
        UserException.Require(CorpusSize is null or >= 1, "corpus_size", CorpusSize, "it must be at least 1, or null for as many as max_steps take");
        Supervised().Validate();
        return this;
    }

    /// <summary>The same loop as distillation's: supervised training on examples.</summary>
    public DistillConfig Supervised() => new(this)
    {
        PerDeviceTrainBatchSize = PerDeviceTrainBatchSize,
        NumTrainEpochs = NumTrainEpochs,
        GroupByLength = GroupByLength,
        MaxLength = MaxLength,
    };

    /// <summary>The config.json of the model's keys.</summary>
    /// <param name="vocabSize">Of the tokenizer.</param>
    /// <param name="eosId">Ends a text.</param>
    /// <param name="padId">Null = none.</param>
    public string ConfigJson(int vocabSize, int eosId, int? padId) => JsonSerializer.Serialize(new
    {
        architectures = new[] { "Qwen2ForCausalLM" },
        model_type = "qwen2",
        hidden_act = "silu",
        initializer_range = 0.02,
        attention_dropout = 0.0,
        use_cache = true,
        use_sliding_window = false,
        tie_word_embeddings = TieWordEmbeddings,
        torch_dtype = "float32",
        bos_token_id = (int?)null,
        eos_token_id = eosId,
        pad_token_id = padId,
        vocab_size = vocabSize,
        hidden_size = HiddenSize,
        intermediate_size = IntermediateSize,
        num_hidden_layers = NumHiddenLayers,
        num_attention_heads = NumAttentionHeads,
        num_key_value_heads = NumKeyValueHeads,
        max_position_embeddings = MaxPositionEmbeddings,
        rope_theta = RopeTheta,
        rms_norm_eps = RmsNormEps,
    });
}
