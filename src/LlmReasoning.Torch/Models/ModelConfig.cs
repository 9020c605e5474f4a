namespace LlmReasoning.Torch.Models;

/// <summary>The shape of a causal language model: every difference between the families is a value here.</summary>
/// <remarks>
/// Read from <c>config.json</c> in the spelling before transformers 5 (<c>rope_theta</c>, <c>rope_scaling</c>, <c>torch_dtype</c>) and in that of
/// transformers 5 (<c>rope_parameters</c>, <c>dtype</c>, <c>layer_types</c>). Missing keys take the defaults of transformers' config classes. Keys that
/// transformers ignores for the architecture are ignored here too; a value that changes the numbers and is not implemented is an error.
/// Dropout rates are read and unused: they act in training only, and no family here is trained with dropout.
/// </remarks>
public sealed record ModelConfig
{
    /// <summary>Above 2^24 float32 no longer tells neighbouring positions apart.</summary>
    internal const int MaxPositions = 1 << 24;
    private const long MaxConfigBytes = 16 << 20;
    private const int MaxSize = 1 << 22;
    private const int MaxLayers = 4096;

    private static readonly Dictionary<string, Family> Families = new()
    {
        ["LlamaForCausalLM"] = new("llama") { AttentionBiasKey = true, MlpBiasKey = true },
        ["MistralForCausalLM"] = new("mistral") { KeyValueHeads = 8, Windows = WindowRule.AllLayers },
        ["Qwen2ForCausalLM"] = new("qwen2") { KeyValueHeads = 32, QkvBias = true, Windows = WindowRule.UpperLayers },
        ["Qwen3ForCausalLM"] = new("qwen3") { KeyValueHeads = 32, HeadDim = 128, AttentionBiasKey = true, QkNorm = true, Windows = WindowRule.UpperLayers },
    };

    private enum WindowRule
    {
        None,
        AllLayers,      // sliding_window alone decides, 4096 where the key is absent
        UpperLayers,    // use_sliding_window, then layer_types or the layers from max_window_layers on
    }

    /// <summary>The name in <c>architectures</c>, such as Qwen2ForCausalLM.</summary>
    public required string Architecture { get; init; }

    public required int VocabSize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int NumHiddenLayers { get; init; }

    public required int NumAttentionHeads { get; init; }

    /// <summary>Divides <see cref="NumAttentionHeads"/>.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Width of a head, even; heads times this need not be <see cref="HiddenSize"/>.</summary>
    public required int HeadDim { get; init; }

    public required int MaxPositionEmbeddings { get; init; }

    public required double RmsNormEps { get; init; }

    /// <summary>The output projection is the embedding matrix; the checkpoint has no <c>lm_head.weight</c>.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Biases on the q, k and v projections.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>A bias on the o projection.</summary>
    public required bool AttentionOutputBias { get; init; }

    /// <summary>Biases on the gate, up and down projections.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>RMS norm of each head's q and k, over <see cref="HeadDim"/>, before RoPE (Qwen3).</summary>
    public required bool QkNorm { get; init; }

    public required RopeConfig Rope { get; init; }

    /// <summary>One entry a layer: w = a query at i sees keys j with i - w &lt; j &lt;= i; null = all keys up to its own.</summary>
    public required IReadOnlyList<int?> SlidingWindows { get; init; }

    /// <summary>The type the weights are stored in: float32, bfloat16 or float16.</summary>
    public required ScalarType DType { get; init; }

    /// <summary>As config.json gives them; <see cref="GenerationDefaults"/> takes generation_config.json into account.</summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    public int? PadTokenId { get; init; }

    public int? BosTokenId { get; init; }

    /// <summary>Standard deviation of the weights of a model made from nothing.</summary>
    public required double InitializerRange { get; init; }

    /// <summary>Reads <c>config.json</c> of a model folder.</summary>
    /// <exception cref="UserException">The file is missing, broken, or asks for something that is not implemented.</exception>
    public static ModelConfig Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new UserException($"{folder}: the folder does not exist; name a model folder in Hugging Face's layout");
        return ReadFile(Path.Combine(folder, "config.json"));
    }

    /// <summary>Reads one config file; see <see cref="Read"/>.</summary>
    public static ModelConfig ReadFile(string path)
    {
        var json = StrictJson.Read(path, MaxConfigBytes);
        var (architecture, family) = ReadFamily(json);
        RefuseWhatIsNotImplemented(json, family);

        var layers = json.Int("num_hidden_layers", 1, MaxLayers);
        var hidden = json.Int("hidden_size", 1, MaxSize);
        var heads = json.Int("num_attention_heads", 1, MaxSize);
        var vocabSize = json.Int("vocab_size", 1, MaxSize);
        var maxPositions = json.Int("max_position_embeddings", 1, MaxPositions);
        var attentionBias = family.QkvBias || (family.AttentionBiasKey && json.Flag("attention_bias", false));
        return new ModelConfig
        {
            Architecture = architecture,
            VocabSize = vocabSize,
            HiddenSize = hidden,
            IntermediateSize = json.Int("intermediate_size", 1, MaxSize),
            NumHiddenLayers = layers,
            NumAttentionHeads = heads,
            NumKeyValueHeads = ReadKeyValueHeads(json, family, heads),
            HeadDim = ReadHeadDim(json, family, hidden, heads),
            MaxPositionEmbeddings = maxPositions,
            RmsNormEps = json.Number("rms_norm_eps", 0, 1, 1e-6),
            TieWordEmbeddings = json.Flag("tie_word_embeddings", false),
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias && !family.QkvBias,
            MlpBias = family.MlpBiasKey && json.Flag("mlp_bias", false),
            QkNorm = family.QkNorm,
            Rope = RopeConfig.Read(json, maxPositions, defaultTheta: 10000),
            SlidingWindows = ReadSlidingWindows(json, family, layers),
            DType = ReadDType(json),
            EosTokenIds = json.TokenIds("eos_token_id", vocabSize),
            PadTokenId = ReadOneTokenId(json, "pad_token_id", vocabSize),
            BosTokenId = ReadOneTokenId(json, "bos_token_id", vocabSize),
            InitializerRange = json.Number("initializer_range", 0, 1e3, 0.02),
        };
    }

    /// <summary>Every key of the checkpoint and its shape, in layer order, under Hugging Face's names.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Parameters()
    {
        var parameters = new List<(string Name, long[] Shape)> { ("model.embed_tokens.weight", [VocabSize, HiddenSize]) };
        long queries = (long)NumAttentionHeads * HeadDim;
        long keys = (long)NumKeyValueHeads * HeadDim;
        for (var layer = 0; layer < NumHiddenLayers; layer++)
        {
            var name = $"model.layers.{layer}.";
            AddLinear($"{name}self_attn.q_proj", HiddenSize, queries, AttentionBias);
            AddLinear($"{name}self_attn.k_proj", HiddenSize, keys, AttentionBias);
            AddLinear($"{name}self_attn.v_proj", HiddenSize, keys, AttentionBias);
            AddLinear($"{name}self_attn.o_proj", queries, HiddenSize, AttentionOutputBias);
            if (QkNorm)
            {
                parameters.Add(($"{name}self_attn.q_norm.weight", [HeadDim]));
                parameters.Add(($"{name}self_attn.k_norm.weight", [HeadDim]));
            }
            AddLinear($"{name}mlp.gate_proj", HiddenSize, IntermediateSize, MlpBias);
            AddLinear($"{name}mlp.up_proj", HiddenSize, IntermediateSize, MlpBias);
            AddLinear($"{name}mlp.down_proj", IntermediateSize, HiddenSize, MlpBias);
            parameters.Add(($"{name}input_layernorm.weight", [HiddenSize]));
            parameters.Add(($"{name}post_attention_layernorm.weight", [HiddenSize]));
        }
        parameters.Add(("model.norm.weight", [HiddenSize]));
        if (!TieWordEmbeddings) parameters.Add(("lm_head.weight", [VocabSize, HiddenSize]));
        return parameters;

        void AddLinear(string name, long inputs, long outputs, bool bias)
        {
            parameters.Add(($"{name}.weight", [outputs, inputs]));
            if (bias) parameters.Add(($"{name}.bias", [outputs]));
        }
    }

    private static (string Architecture, Family Family) ReadFamily(StrictJson json)
    {
        var known = string.Join(", ", Families.Keys);
        var architectures = json.Texts("architectures");
        if (architectures is null) throw json.Error("architectures", $"implemented are {known}");
        if (architectures.Count != 1 || !Families.TryGetValue(architectures[0], out var family)) throw json.Error("architectures", $"implemented are {known}");
        var modelType = json.Text("model_type");
        if (modelType is not null && modelType != family.ModelType)
        {
            throw json.Error("model_type", $"{architectures[0]} is model type {family.ModelType}; take the config.json that belongs to these weights");
        }
        return (architectures[0], family);
    }

    private static void RefuseWhatIsNotImplemented(StrictJson json, Family family)
    {
        var activation = json.Text("hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish")) throw json.Error("hidden_act", "implemented is silu");
        foreach (var key in new[] { "quantization_config", "compression_config" })
        {
            if (json.Has(key)) throw json.Error(key, "quantized weights are not implemented; take the model's float32, bfloat16 or float16 weights");
        }
        if (json.Has("auto_map")) throw json.Error("auto_map", "code of a model folder is never run; if the model is the plain architecture, remove the key");
        foreach (var key in new[] { "use_mrope", "rope_interleaved" })
        {
            if (json.Flag(key, false)) throw json.Error(key, "not implemented; it must be false");
        }
        if (json.Number("partial_rotary_factor", 0, 1, 1) != 1) throw json.Error("partial_rotary_factor", "only whole heads are rotated; it must be 1");
        if (family.Windows == WindowRule.None && json.Has("sliding_window"))
        {
            throw json.Error("sliding_window", $"{family.ModelType} has no sliding window; set it to null");
        }
        if (!family.MlpBiasKey && json.Flag("mlp_bias", false)) throw json.Error("mlp_bias", $"{family.ModelType} has none; it must be false");
        if (!family.AttentionBiasKey && !family.QkvBias && json.Flag("attention_bias", false))
        {
            throw json.Error("attention_bias", $"{family.ModelType} has none; it must be false");
        }
    }

    private static int ReadKeyValueHeads(StrictJson json, Family family, int heads)
    {
        // The class default stands for an absent key only; an explicit null means as many as there are heads.
        var fallback = json.Contains("num_key_value_heads") ? heads : family.KeyValueHeads ?? heads;
        var keyValueHeads = json.Int("num_key_value_heads", 1, MaxSize, fallback);
        if (heads % keyValueHeads == 0) return keyValueHeads;
        var remedy = $"num_attention_heads, {heads}, must be a multiple of it";
        throw json.Error("num_key_value_heads", json.Has("num_key_value_heads") ? remedy : $"its default is {keyValueHeads}, and {remedy}");
    }

    private static int ReadHeadDim(StrictJson json, Family family, int hidden, int heads)
    {
        if (!json.Has("head_dim") && family.HeadDim is null && hidden % heads != 0)
        {
            throw json.Error("hidden_size", $"without head_dim it must be a multiple of num_attention_heads, {heads}");
        }
        var headDim = json.Int("head_dim", 2, 1 << 16, json.Contains("head_dim") ? hidden / heads : family.HeadDim ?? hidden / heads);
        if (headDim % 2 == 0) return headDim;
        throw json.Error(json.Has("head_dim") ? "head_dim" : "hidden_size", $"a head's width is {headDim}; RoPE needs an even one");
    }

    private static IReadOnlyList<int?> ReadSlidingWindows(StrictJson json, Family family, int layers)
    {
        var types = ReadLayerTypes(json, layers);
        var window = ReadWindow(json, family);
        if (window is null && types is not null && types.Contains("sliding_attention"))
        {
            throw json.Error("layer_types", "sliding_attention needs sliding_window (and use_sliding_window: true where the family has it)");
        }
        if (family.Windows == WindowRule.AllLayers && window is not null && types is not null && types.Contains("full_attention"))
        {
            throw json.Error("layer_types", $"{family.ModelType} slides in every layer or in none; remove layer_types, or set sliding_window to null");
        }
        var firstSliding = family.Windows == WindowRule.UpperLayers ? json.Int("max_window_layers", 0, int.MaxValue, 28) : 0;
        return [.. Enumerable.Range(0, layers).Select(layer => Slides(layer) ? window : null)];

        bool Slides(int layer) => types is null ? layer >= firstSliding : types[layer] == "sliding_attention";
    }

    private static int? ReadWindow(StrictJson json, Family family)
    {
        const int classDefault = 4096;
        return family.Windows switch
        {
            WindowRule.AllLayers => Window(),
            WindowRule.UpperLayers => json.Flag("use_sliding_window", false) ? Window() : null,
            _ => null,
        };

        int? Window()
        {
            if (json.Contains("sliding_window") && !json.Has("sliding_window")) return null;
            return json.Int("sliding_window", 1, int.MaxValue, classDefault);
        }
    }

    private static IReadOnlyList<string>? ReadLayerTypes(StrictJson json, int layers)
    {
        var types = json.Texts("layer_types");
        if (types is null) return null;
        if (types.Count != layers) throw json.Error("layer_types", $"it has {types.Count} entries and num_hidden_layers is {layers}; they must agree");
        var unknown = types.FirstOrDefault(type => type is not ("full_attention" or "sliding_attention"));
        return unknown is null ? types : throw json.Error("layer_types", $"{unknown} is not implemented; full_attention and sliding_attention are");
    }

    private static ScalarType ReadDType(StrictJson json)
    {
        var name = json.Text("dtype");
        var oldName = json.Text("torch_dtype");
        if (name is not null && oldName is not null && name != oldName) throw json.Error("torch_dtype", $"dtype is \"{name}\"; keep one of them");
        return (name ?? oldName) switch
        {
            null or "float32" => ScalarType.Float32,
            "bfloat16" => ScalarType.BFloat16,
            "float16" => ScalarType.Float16,
            _ => throw json.Error(name is null ? "torch_dtype" : "dtype", "it must be float32, bfloat16 or float16"),
        };
    }

    private static int? ReadOneTokenId(StrictJson json, string key, int vocabSize)
    {
        if (!json.Has(key)) return null;
        var id = json.Int(key, -1, vocabSize - 1);
        return id == -1 ? null : id;    // -1 is how the first Llama checkpoints say "none"
    }

    /// <summary>What an architecture fixes, and transformers' class defaults for keys that its configs may leave out.</summary>
    private sealed record Family(string ModelType)
    {
        public int? KeyValueHeads { get; init; }            // null: as many as there are attention heads
        public int? HeadDim { get; init; }                  // null: hidden_size / num_attention_heads
        public bool QkvBias { get; init; }                  // biases on q, k, v without a key
        public bool AttentionBiasKey { get; init; }         // attention_bias adds biases on q, k, v, o
        public bool MlpBiasKey { get; init; }               // mlp_bias adds biases on gate, up, down
        public bool QkNorm { get; init; }
        public WindowRule Windows { get; init; }
    }
}
