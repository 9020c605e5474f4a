using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Training;

/// <summary>The settings that all commands of <c>train</c> share: sampling, optimizer, precision, saving and evaluation. The names are TRL's where TRL has one; defaults that differ stand in the constructors of the commands' records.</summary>
public abstract record TrainingConfig
{
    public string? OutputDir { get; init; }

    /// <summary>A preset's name, or a text file with {problem}.</summary>
    public string Template { get; init; } = "plain";

    /// <summary>Where an answer is looked for.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;
    public long Seed { get; init; } = 42;

    /// <summary>Of samples to train on, and where no eval_ key says otherwise of those of the evaluation; so too the next four keys.</summary>
    public double Temperature { get; init; } = 1;
    public double TopP { get; init; } = 1;
    public int TopK { get; init; }
    public double MinP { get; init; }

    /// <summary>Of a sample, in tokens.</summary>
    public int MaxCompletionLength { get; init; } = 512;

    /// <summary>-1 = by num_train_epochs.</summary>
    public int MaxSteps { get; init; } = -1;
    public bool ShuffleDataset { get; init; } = true;
    public double LearningRate { get; init; }
    public LearningRateSchedule LrSchedulerType { get; init; }
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

    /// <summary>Compute forward and backward in bfloat16; weights, moments, log-probabilities and losses stay in float32.</summary>
    public bool Bf16 { get; init; }
    public IntervalStrategy SaveStrategy { get; init; } = IntervalStrategy.Steps;
    public int SaveSteps { get; init; } = 50;
    public int? SaveTotalLimit { get; init; }

    /// <summary>Held-out problems for evaluation while training; null = none.</summary>
    public string? EvalProblems { get; init; }
    public IntervalStrategy EvalStrategy { get; init; } = IntervalStrategy.Steps;
    public int EvalSteps { get; init; } = 50;

    /// <summary>Samples a held-out problem.</summary>
    public int EvalN { get; init; } = 16;

    /// <summary>Beside 1, k of the columns eval/pass@k; null = the powers of two up to eval_n, and eval_n.</summary>
    public IReadOnlyList<int>? EvalK { get; init; }

    /// <summary>Of the evaluation's samples, 0 = greedy; null = as of those to train on, so too in the next four keys.</summary>
    public double? EvalTemperature { get; init; }
    public double? EvalTopP { get; init; }
    public int? EvalTopK { get; init; }
    public double? EvalMinP { get; init; }
    public int? EvalMaxCompletionLength { get; init; }

    /// <summary>A folder of eval passk of the base on the held-out problems: pass@k by its success buckets; null = by the problems' level.</summary>
    public string? EvalBaseEval { get; init; }

    /// <summary>kim4, kim6, kim8, kim_entropy, or upper ends such as 0,4,16.</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>Evaluates before the first step too.</summary>
    public bool EvalOnStart { get; init; }

    /// <summary>A column of metrics.csv, such as eval/pass@1: the checkpoint where it was best is never removed.</summary>
    public string? MetricForBestModel { get; init; }

    /// <summary>Null = true, unless the metric's name ends in "loss".</summary>
    public bool? GreaterIsBetter { get; init; }

    /// <summary>k of the columns eval/pass@k, ascending from 1. Empty where nothing is evaluated.</summary>
    public IReadOnlyList<int> EvalKs => EvalProblems is null ? [] : EvalK is null ? PassAtK.Ks(EvalN, [EvalN]) : [.. new SortedSet<int>([1, .. EvalK])];

    /// <summary>How completions to train on are drawn.</summary>
    public virtual SamplingSettings Sampling(long seed) => new()
    {
        Temperature = Temperature,
        TopP = TopP,
        TopK = TopK,
        MinP = MinP,
        MaxNewTokens = MaxCompletionLength,
        Seed = seed,
    };

    /// <summary>How completions of held-out problems are drawn: with the run's seed at every step, so that eval passk with these settings draws the same from a checkpoint, and steps differ by their weights alone.</summary>
    public SamplingSettings EvalSampling() => new()
    {
        Temperature = EvalTemperature ?? Temperature,
        TopP = EvalTopP ?? TopP,
        TopK = EvalTopK ?? TopK,
        MinP = EvalMinP ?? MinP,
        MaxNewTokens = EvalMaxCompletionLength ?? MaxCompletionLength,
        Seed = Seed,
    };

    public AdamWSettings AdamW() => new() { Beta1 = AdamBeta1, Beta2 = AdamBeta2, Epsilon = AdamEpsilon, WeightDecay = WeightDecay };

    /// <summary>By what the best checkpoint is chosen.</summary>
    public BestMetric? Best() => BestMetric.Of(MetricForBestModel, GreaterIsBetter);

    /// <summary>The learning rate of a step, from 1. Of a resolved config, as the next two.</summary>
    public double LearningRateOf(int step) => LearningRate * LrSchedulerType.Multiplier(step - 1, WarmupSteps, MaxSteps, MinLrRate, NumDecaySteps);

    /// <summary>The last step is one always.</summary>
    public bool IsSaveStep(int step) => step % SaveSteps == 0 || step == MaxSteps;

    /// <summary>The last step is one always, where there are held-out problems.</summary>
    public bool IsEvalStep(int step) => EvalProblems is not null && (step % EvalSteps == 0 || step == MaxSteps);

    /// <summary>warmup_steps, or what warmup_ratio makes of it.</summary>
    protected int WarmupStepsOf(int steps) => WarmupSteps > 0 || WarmupRatio is null ? WarmupSteps : (int)Math.Ceiling(WarmupRatio.Value * steps);

    /// <summary>save_steps and eval_steps as their strategies have it.</summary>
    protected (int Save, int Eval) IntervalsOf(int steps, int stepsPerEpoch)
    {
        int Interval(IntervalStrategy strategy, int given) => strategy switch
        {
            IntervalStrategy.No => steps,
            IntervalStrategy.Epoch => stepsPerEpoch,
            _ => given,
        };
        return (Interval(SaveStrategy, SaveSteps), Interval(EvalStrategy, EvalSteps));
    }

    /// <summary>Throws for a setting of this record that is outside its range.</summary>
    protected void ValidateTraining()
    {
        UserException.Require(MaxSteps is -1 or >= 1, "max_steps", MaxSteps, "it must be at least 1, or -1 for num_train_epochs");
        UserException.Require(LearningRate >= 0 && double.IsFinite(LearningRate), "learning_rate", LearningRate, "it must be 0 or positive");
        UserException.Require(WarmupSteps >= 0, "warmup_steps", WarmupSteps, "it must be 0 or positive");
        UserException.Require(WarmupRatio is null or (>= 0 and <= 1), "warmup_ratio", WarmupRatio, "it must be from 0 to 1");
        UserException.Require(NumDecaySteps >= 0, "num_decay_steps", NumDecaySteps, "it must be 0 or positive");
        UserException.Require(MinLrRate is >= 0 and <= 1, "min_lr_rate", MinLrRate, "it must be between 0 and 1");
        UserException.Require(MaxGradNorm > 0, "max_grad_norm", MaxGradNorm, "it must be positive");
        UserException.Require(MicroBatchTokens >= 1, "micro_batch_tokens", MicroBatchTokens, "it must be at least 1");
        UserException.Require(SaveSteps >= 1, "save_steps", SaveSteps, "it must be at least 1");
        UserException.Require(SaveTotalLimit is null or >= 1, "save_total_limit", SaveTotalLimit, "it must be at least 1, or null for all");
        UserException.Require(EvalSteps >= 1, "eval_steps", EvalSteps, "it must be at least 1");
        UserException.Require(EvalN is >= 1 and <= SamplingRun.MostSamples, "eval_n", EvalN, $"it must be from 1 to {SamplingRun.MostSamples}");
        UserException.Require(EvalK is null || EvalK.All(k => k >= 1 && k <= EvalN), "eval_k", $"[{string.Join(", ", EvalK ?? [])}]", $"with eval_n = {EvalN} samples a problem k goes from 1 to {EvalN}; raise eval_n or lower k");
        UserException.Require(EvalTemperature is null or 0 or (>= 1e-4 and <= 1e6), "eval_temperature", EvalTemperature, "it must be 0 (greedy) or from 0.0001 to 1000000");
        UserException.Require(EvalTemperature != 0 || EvalN == 1, "eval_temperature", EvalTemperature, $"greedy samples are all the same, and eval_n is {EvalN}: use eval_n 1 or a temperature above 0");
        UserException.Require(EvalTopP is null or (> 0 and <= 1), "eval_top_p", EvalTopP, "it must be above 0 and at most 1 (off)");
        UserException.Require(EvalTopK is null or >= 0, "eval_top_k", EvalTopK, "it must be 0 (off) or positive");
        UserException.Require(EvalMinP is null or (>= 0 and <= 1), "eval_min_p", EvalMinP, "it must be from 0 (off) to 1");
        UserException.Require(EvalMaxCompletionLength is null or >= 1, "eval_max_completion_length", EvalMaxCompletionLength, "it must be at least 1");
        AdamW().Validate();
        Sampling(Seed).Validate();
    }

    /// <summary>Throws for settings of the evaluation that contradict others.</summary>
    protected void ValidateEvaluation()
    {
        const string remedy = "nothing is evaluated: give eval_problems, and an eval_strategy other than no";
        var evaluates = EvalProblems is not null && EvalStrategy != IntervalStrategy.No;
        var isEval = MetricForBestModel?.StartsWith("eval/", StringComparison.Ordinal) == true;
        var endsFirst = MaxSteps > 0 && SaveSteps >= MaxSteps;
        var savesWhereItEvaluates = SaveStrategy == IntervalStrategy.No || (SaveStrategy == IntervalStrategy.Epoch && EvalStrategy == IntervalStrategy.Epoch);
        UserException.Require(!isEval || evaluates, "metric_for_best_model", MetricForBestModel, remedy);
        UserException.Require(!isEval || EvalKs.Any(k => MetricForBestModel == $"eval/pass@{k}"), "metric_for_best_model", MetricForBestModel, $"the evaluation's columns are eval/pass@k for k = {string.Join(", ", EvalKs)}; name one of them, or add to eval_k");
        UserException.Require(!isEval || SaveSteps % EvalSteps == 0 || endsFirst || savesWhereItEvaluates, "save_steps", SaveSteps, $"metric_for_best_model is {MetricForBestModel}, so checkpoints are chosen among steps that evaluate: make it a multiple of eval_steps ({EvalSteps})");
        UserException.Require(!EvalOnStart || evaluates, "eval_on_start", "true", remedy);
        UserException.Require(EvalBaseEval is null || evaluates, "eval_base_eval", EvalBaseEval, remedy);
    }
}
