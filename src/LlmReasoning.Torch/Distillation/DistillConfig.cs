using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Distillation;

/// <summary>What a step minimises.</summary>
public enum DistillLossType
{
    /// <summary>Cross-entropy on the trained tokens.</summary>
    Nll,

    /// <summary>Cross-entropy weighted by the student's own probability (arXiv 2508.05629).</summary>
    Dft,

    /// <summary>The generalised Jensen-Shannon divergence from a teacher model; beta 0 and 1 are forward and reverse KL.</summary>
    Jsd,

    /// <summary>The reverse KL as a policy gradient on the student's own samples (arXiv 2306.08543).</summary>
    Minillm,
}

/// <summary>How texts are put into rows.</summary>
public enum PackingStrategy
{
    /// <summary>Best fit, longest first.</summary>
    Bfd,
}

/// <summary>The settings of <c>train distill</c>; the names are TRL's where TRL has one.</summary>
public sealed record DistillConfig
{
    /// <summary>A row of <see cref="DistillPresets"/> whose values stand where nothing else is said.</summary>
    public string? Preset { get; init; }

    /// <summary>The student: a checkpoint's folder, or "embedded".</summary>
    public string? ModelNameOrPath { get; init; }

    /// <summary>Files of teacher responses.</summary>
    public IReadOnlyList<string>? TeacherData { get; init; }

    /// <summary>Texts of the problems that samples in the teacher data are of, and prompts for samples of the student or the teacher: a file, or embedded-train.</summary>
    public string? Problems { get; init; }

    /// <summary>Of samples, train those that are graded correct and no others.</summary>
    public bool CorrectOnly { get; init; }

    /// <summary>Where an answer is looked for.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;
    public string? OutputDir { get; init; }

    /// <summary>For lines that have a problem and no prompt, and for messages: a preset's name, or a text file with {problem}.</summary>
    public string Template { get; init; } = "plain";

    /// <summary>Of messages, train every assistant turn instead of the last message.</summary>
    public bool AssistantOnlyLoss { get; init; }

    /// <summary>Of lines with a text alone, train what stands behind this; null = train all of it.</summary>
    public string? ResponseTemplate { get; init; }
    public long Seed { get; init; } = 42;

    /// <summary>Null = jsd with a teacher model, else nll.</summary>
    public DistillLossType? LossType { get; init; }

    /// <summary>A model whose distribution over the vocabulary is learned; null = the data alone.</summary>
    public string? TeacherModelNameOrPath { get; init; }

    /// <summary>Of the divergence: 0 = forward KL, 1 = reverse KL.</summary>
    public double Beta { get; init; } = 0.5;

    /// <summary>Divides the logits of student and teacher in the divergence; null = temperature.</summary>
    public double? DivergenceTemperature { get; init; }

    /// <summary>The divergence over the student's so many likeliest tokens; null = over the vocabulary.</summary>
    public int? DistillationTopk { get; init; }

    /// <summary>With distillation_topk: the other tokens are one more outcome, instead of left out.</summary>
    public bool DistillationAddTail { get; init; } = true;

    /// <summary>Share of the steps that train on the student's own samples.</summary>
    public double Lmbda { get; init; }

    /// <summary>The other steps train on samples of the teacher model instead of the teacher data.</summary>
    public bool SeqKd { get; init; }

    /// <summary>MiniLLM: discount of later tokens' rewards.</summary>
    public double Gamma { get; init; }

    /// <summary>MiniLLM with gamma above 0: divide the discounted sum by that of its weights.</summary>
    public bool LengthNormalization { get; init; } = true;

    /// <summary>MiniLLM: add the exact reverse KL of each token.</summary>
    public bool SingleStepDecomposition { get; init; } = true;

    /// <summary>Of the samples, and of the divergence unless divergence_temperature is given.</summary>
    public double Temperature { get; init; } = 1;
    public double TopP { get; init; } = 1;
    public int TopK { get; init; }
    public double MinP { get; init; }

    /// <summary>Of a sample, in tokens.</summary>
    public int MaxCompletionLength { get; init; } = 512;

    /// <summary>Rows of a pass, times gradient_accumulation_steps: the examples of an optimizer step.</summary>
    public int PerDeviceTrainBatchSize { get; init; } = 8;
    public int GradientAccumulationSteps { get; init; } = 1;
    public int MaxSteps { get; init; } = -1;

    /// <summary>Read where max_steps is -1.</summary>
    public double NumTrainEpochs { get; init; } = 3;
    public bool ShuffleDataset { get; init; } = true;

    /// <summary>Steps take rows of similar length, so that little of a batch is padding.</summary>
    public bool GroupByLength { get; init; }

    /// <summary>Prompt and response in tokens, and with packing the tokens of a row; null = the model's context.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Leave out examples that are longer, and say how many, instead of stopping.</summary>
    public bool DropOverlong { get; init; }

    /// <summary>Put several texts into one row; they do not see each other.</summary>
    public bool Packing { get; init; }
    public PackingStrategy PackingStrategy { get; init; }
    public double LearningRate { get; init; } = 2e-5;
    public LearningRateSchedule LrSchedulerType { get; init; } = LearningRateSchedule.Linear;
    public int WarmupSteps { get; init; }

    /// <summary>Read where warmup_steps is 0: this share of the steps.</summary>
    public double? WarmupRatio { get; init; }

    /// <summary>Where cosine_with_min_lr and warmup_stable_decay end, as a share of learning_rate.</summary>
    public double MinLrRate { get; init; }

    /// <summary>The last steps, in which warmup_stable_decay goes down.</summary>
    public int NumDecaySteps { get; init; }
    public double WeightDecay { get; init; }
    public double AdamBeta1 { get; init; } = 0.9;
    public double AdamBeta2 { get; init; } = 0.999;
    public double AdamEpsilon { get; init; } = 1e-8;
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Tokens of a micro-batch, padding included: memory, and nothing else.</summary>
    public int MicroBatchTokens { get; init; } = 16384;

    /// <summary>Keep each layer's input alone between forward and backward and compute the layer again: less memory, a third more work, the same bits.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>cpu or cuda; null = cuda where there is one.</summary>
    public string? Device { get; init; }

    /// <summary>float32, or bfloat16, which is <see cref="Bf16"/>: the weights that train are float32 in either case. Null = float32.</summary>
    public string? Dtype { get; init; }

    /// <summary>What the teacher's weights are held in, float32 or bfloat16; null = float32.</summary>
    public string? TeacherDtype { get; init; }

    /// <summary>Compute forward and backward in bfloat16; weights, moments, log-probabilities and losses stay in float32.</summary>
    public bool Bf16 { get; init; }
    public IntervalStrategy SaveStrategy { get; init; } = IntervalStrategy.Steps;
    public int SaveSteps { get; init; } = 500;
    public int? SaveTotalLimit { get; init; }

    /// <summary>Every so many steps the samples that a step trains on are written to samples/; 0 = never.</summary>
    public int LogCompletionsSteps { get; init; } = 10;

    /// <summary>Held-out problems for evaluation while training; null = none.</summary>
    public string? EvalProblems { get; init; }
    public IntervalStrategy EvalStrategy { get; init; } = IntervalStrategy.Steps;
    public int EvalSteps { get; init; } = 50;

    /// <summary>Samples a held-out problem.</summary>
    public int EvalN { get; init; } = 16;

    /// <summary>A folder of eval passk of the base on the held-out problems: pass@1 by its success buckets; null = by the problems' level.</summary>
    public string? EvalBaseEval { get; init; }

    /// <summary>kim4, kim6, kim8, kim_entropy, or upper ends such as 0,4,16.</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>Evaluates before the first step too.</summary>
    public bool EvalOnStart { get; init; }

    /// <summary>A column of metrics.csv, such as eval/pass@1: the checkpoint where it was best is never removed.</summary>
    public string? MetricForBestModel { get; init; }

    /// <summary>Null = true, unless the metric's name ends in "loss".</summary>
    public bool? GreaterIsBetter { get; init; }

    /// <summary>Rows of an optimizer step.</summary>
    public int RowsPerStep => PerDeviceTrainBatchSize * GradientAccumulationSteps;

    /// <summary>loss_type, where it is not given that of what is.</summary>
    public DistillLossType Loss => LossType ?? (TeacherModelNameOrPath is null ? DistillLossType.Nll : DistillLossType.Jsd);

    /// <summary>Whether some step trains on the teacher data.</summary>
    public bool ReadsData => Lmbda < 1 && !SeqKd;

    /// <summary>Optimizer steps of a run over so many rows.</summary>
    public int Steps(int rows) => MaxSteps > 0 ? MaxSteps : Math.Max(1, (int)Math.Ceiling(NumTrainEpochs * rows / RowsPerStep));

    /// <summary>The config with all that follows from other keys written out: max_steps, warmup_steps, save_steps, eval_steps.</summary>
    /// <param name="rows">Of an epoch.</param>
    public DistillConfig Resolve(int rows)
    {
        var steps = Steps(rows);
        var stepsPerEpoch = Math.Max(1, (int)Math.Ceiling((double)rows / RowsPerStep));
        int Interval(IntervalStrategy strategy, int given) => strategy switch
        {
            IntervalStrategy.No => steps,
            IntervalStrategy.Epoch => stepsPerEpoch,
            _ => given,
        };
        return this with
        {
            MaxSteps = steps,
            WarmupSteps = WarmupSteps > 0 || WarmupRatio is null ? WarmupSteps : (int)Math.Ceiling(WarmupRatio.Value * steps),
            SaveSteps = Interval(SaveStrategy, SaveSteps),
            EvalSteps = Interval(EvalStrategy, EvalSteps),
        };
    }

    /// <summary>How held-out problems are examined: sampled as samples to train on are.</summary>
    public RlvrConfig Examination() => new()
    {
        Seed = Seed,
        Policy = Policy,
        Temperature = Temperature,
        TopP = TopP,
        TopK = TopK,
        MinP = MinP,
        MaxCompletionLength = MaxCompletionLength,
        EvalN = EvalN,
    };

    /// <summary>By what the best checkpoint is chosen.</summary>
    public BestMetric? Best() => BestMetric.Of(MetricForBestModel, GreaterIsBetter);

    /// <summary>Of the optimizer.</summary>
    public AdamWSettings Optimizer() => new() { Beta1 = AdamBeta1, Beta2 = AdamBeta2, Epsilon = AdamEpsilon, WeightDecay = WeightDecay };

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    public DistillConfig Validate()
    {
        UserException.Require(PerDeviceTrainBatchSize >= 1, "per_device_train_batch_size", PerDeviceTrainBatchSize, "it must be at least 1");
        UserException.Require(GradientAccumulationSteps >= 1, "gradient_accumulation_steps", GradientAccumulationSteps, "it must be at least 1");
        UserException.Require((long)PerDeviceTrainBatchSize * GradientAccumulationSteps <= 1 << 24, "gradient_accumulation_steps", GradientAccumulationSteps, "it must not make a step of more than 16,777,216 rows");
        UserException.Require(MaxSteps is -1 or >= 1, "max_steps", MaxSteps, "it must be at least 1, or -1 for num_train_epochs");
        UserException.Require(NumTrainEpochs > 0 && double.IsFinite(NumTrainEpochs), "num_train_epochs", NumTrainEpochs, "it must be positive");
        UserException.Require(MaxLength is null or >= 2, "max_length", MaxLength, "it must be at least 2");
        UserException.Require(LearningRate >= 0 && double.IsFinite(LearningRate), "learning_rate", LearningRate, "it must be 0 or positive");
        UserException.Require(WarmupSteps >= 0, "warmup_steps", WarmupSteps, "it must be 0 or positive");
        UserException.Require(NumDecaySteps >= 0, "num_decay_steps", NumDecaySteps, "it must be 0 or positive");
        UserException.Require(MinLrRate is >= 0 and <= 1, "min_lr_rate", MinLrRate, "it must be between 0 and 1");
        UserException.Require(MaxGradNorm > 0, "max_grad_norm", MaxGradNorm, "it must be positive");
        UserException.Require(MicroBatchTokens >= 1, "micro_batch_tokens", MicroBatchTokens, "it must be at least 1");
        UserException.Require(SaveSteps >= 1, "save_steps", SaveSteps, "it must be at least 1");
        UserException.Require(SaveTotalLimit is null or >= 1, "save_total_limit", SaveTotalLimit, "it must be at least 1, or null for all");
        UserException.Require(Temperature is >= 1e-4 and <= 1e6, "temperature", Temperature, "it must be positive");
        UserException.Require(ResponseTemplate is not "", "response_template", "empty", "leave it out to train the whole text");
        UserException.Require(WarmupRatio is null or (>= 0 and <= 1), "warmup_ratio", WarmupRatio, "it must be from 0 to 1");
        UserException.Require(LogCompletionsSteps >= 0, "log_completions_steps", LogCompletionsSteps, "it must be 0 (never) or positive");
        ValidateTeacher();
        ValidateEvaluation();
        return this;
    }

    private void ValidateEvaluation()
    {
        UserException.Require(EvalSteps >= 1 && EvalN >= 1, "eval_steps and eval_n", $"{EvalSteps} and {EvalN}", "both must be at least 1");
        UserException.Require(EvalN <= SamplingRun.MostSamples, "eval_n", EvalN, $"it must be from 1 to {SamplingRun.MostSamples}");
        Optimizer().Validate();
        UserException.Require(TopP is > 0 and <= 1, "top_p", TopP, "it must be above 0 and at most 1 (off)");
        UserException.Require(TopK >= 0, "top_k", TopK, "it must be 0 (off) or positive");
        UserException.Require(MinP is >= 0 and <= 1, "min_p", MinP, "it must be from 0 (off) to 1");
        var isEval = MetricForBestModel?.StartsWith("eval/", StringComparison.Ordinal) == true;
        UserException.Require(!isEval || EvalProblems is not null, "metric_for_best_model", MetricForBestModel, "there is no evaluation without eval_problems");
        UserException.Require(!isEval || SaveSteps % EvalSteps == 0, "save_steps", SaveSteps, $"metric_for_best_model is {MetricForBestModel}, so checkpoints are chosen among steps that evaluate: make it a multiple of eval_steps ({EvalSteps})");
        UserException.Require(!EvalOnStart || EvalProblems is not null, "eval_on_start", "true", "there is no evaluation without eval_problems");
        UserException.Require(EvalBaseEval is null || EvalProblems is not null, "eval_base_eval", EvalBaseEval, "there is no evaluation without eval_problems");
    }

    private void ValidateTeacher()
    {
        UserException.Require(Beta is >= 0 and <= 1, "beta", Beta, "it must be from 0 (forward KL) to 1 (reverse KL)");
        UserException.Require(Lmbda is >= 0 and <= 1, "lmbda", Lmbda, "it must be from 0 (the data alone) to 1 (the student's samples alone)");
        UserException.Require(DivergenceTemperature is null or (>= 1e-4 and <= 1e6), "divergence_temperature", DivergenceTemperature, "it must be positive");
        UserException.Require(DistillationTopk is null or >= 1, "distillation_topk", DistillationTopk, "it must be at least 1, or null for the whole vocabulary");
        UserException.Require(Gamma is >= 0 and <= 1, "gamma", Gamma, "it must be from 0 to 1");
        UserException.Require(MaxCompletionLength >= 1, "max_completion_length", MaxCompletionLength, "it must be at least 1");
        if (TeacherModelNameOrPath is null)
        {
            UserException.Require(Loss is DistillLossType.Nll or DistillLossType.Dft, "loss_type", Name(Loss), "it needs a teacher's logits: give teacher_model_name_or_path");
            UserException.Require(!SeqKd, "seq_kd", "true", "it trains on samples of the teacher model: give teacher_model_name_or_path");
        }
        UserException.Require(Loss != DistillLossType.Minillm || Lmbda == 1, "lmbda", Lmbda, "loss_type minillm needs 1: its gradient is that of the student's own samples");
        UserException.Require(Loss is DistillLossType.Jsd || DistillationTopk is null, "distillation_topk", DistillationTopk, "it belongs to loss_type jsd; leave it out");
    }

    private static string Name(DistillLossType type) => type.ToString().ToLowerInvariant();
}
