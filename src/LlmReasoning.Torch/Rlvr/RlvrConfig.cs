using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>What a right and a wrong answer are worth.</summary>
public enum OutcomeReward
{
    /// <summary>1 and 0.</summary>
    ZeroOne,

    /// <summary>1 and -1.</summary>
    PlusMinusOne,
}

/// <summary>The settings of <c>train rlvr</c>; the names are TRL's where TRL has one.</summary>
public sealed record RlvrConfig
{
    /// <summary>A checkpoint's folder, or "embedded".</summary>
    public string? ModelNameOrPath { get; init; }

    /// <summary>A file of problems, or embedded-train.</summary>
    public string? Problems { get; init; }

    /// <summary>The fields that hold a problem's text, answer, id and level, where their names are not recognised.</summary>
    public string? ProblemField { get; init; }
    public string? AnswerField { get; init; }
    public string? IdField { get; init; }
    public string? LevelField { get; init; }

    /// <summary>Only problems of these levels; null = all.</summary>
    public IReadOnlyList<string>? Levels { get; init; }

    /// <summary>So many problems, drawn by their ids; null = all.</summary>
    public int? Subset { get; init; }

    /// <summary>Other seeds draw other problems.</summary>
    public long SubsetSeed { get; init; }

    /// <summary>The first so many problems; null = all.</summary>
    public int? Limit { get; init; }
    public string? OutputDir { get; init; }

    /// <summary>A preset's name, or a text file with {problem}.</summary>
    public string Template { get; init; } = "plain";
    public long Seed { get; init; } = 42;

    /// <summary>A named objective of <see cref="RlvrPresets"/>; the keys below that are not null change it.</summary>
    public string LossType { get; init; } = "dapo";

    /// <summary>The ratio's lower reach: clipped below 1 - epsilon.</summary>
    public double? Epsilon { get; init; }

    /// <summary>The ratio's upper reach: clipped above 1 + epsilon_high; for cispo the cap itself.</summary>
    public double? EpsilonHigh { get; init; }

    /// <summary>Caps the unclipped ratio (dual clip).</summary>
    public double? Delta { get; init; }

    /// <summary>Of the KL term; 0 loads no reference model.</summary>
    public double? Beta { get; init; }
    public KlEstimator? KlLossType { get; init; }
    public RewardScale? ScaleRewards { get; init; }
    public RatioLevel? ImportanceSamplingLevel { get; init; }
    public double EntropyCoef { get; init; }

    /// <summary>Share of tokens, those of highest entropy, that train; 1 = all.</summary>
    public double TopEntropyQuantile { get; init; } = 1;

    /// <summary>Weight of positive advantages (negative-sample reinforcement: 0.1 or 0).</summary>
    public double PositiveWeight { get; init; } = 1;

    /// <summary>Completions cut at the limit stay in the group's mean and do not train.</summary>
    public bool MaskTruncatedCompletions { get; init; }
    public OutcomeReward OutcomeReward { get; init; }

    /// <summary>Where an answer is looked for.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Reward;

    /// <summary>Problems of a step; each gets num_generations completions.</summary>
    public int PromptsPerStep { get; init; } = 32;
    public int NumGenerations { get; init; } = 8;

    /// <summary>Updates of each step's completions.</summary>
    public int NumIterations { get; init; } = 1;
    public int MaxSteps { get; init; } = 100;
    public bool ShuffleDataset { get; init; } = true;
    public double Temperature { get; init; } = 1;
    public double TopP { get; init; } = 1;
    public int TopK { get; init; }
    public double MinP { get; init; }
    public int MaxCompletionLength { get; init; } = 512;
    public double LearningRate { get; init; } = 1e-6;
    public LearningRateSchedule LrSchedulerType { get; init; } = LearningRateSchedule.ConstantWithWarmup;
    public int WarmupSteps { get; init; }
    public double WeightDecay { get; init; }
    public double AdamBeta1 { get; init; } = 0.9;
    public double AdamBeta2 { get; init; } = 0.999;
    public double AdamEpsilon { get; init; } = 1e-8;
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Tokens of a micro-batch, padding included: memory, and nothing else.</summary>
    public int MicroBatchTokens { get; init; } = 16384;

    /// <summary>Between what the sampler and the trainer say of a sampled token's log-probability; beyond it the run stops.</summary>
    public double MaxLogprobDifference { get; init; } = 0.1;
    public int SaveSteps { get; init; } = 50;
    public int? SaveTotalLimit { get; init; }

    /// <summary>Every so many steps the completions are written to samples/; 0 = never.</summary>
    public int LogCompletionsSteps { get; init; } = 10;

    /// <summary>Held-out problems for evaluation while training; null = none.</summary>
    public string? EvalProblems { get; init; }
    public int EvalSteps { get; init; } = 50;

    /// <summary>Samples a held-out problem.</summary>
    public int EvalN { get; init; } = 16;
    public int? BatchSize { get; init; }
    public int? Threads { get; init; }

    public ProblemFilter Filter() => new() { Levels = Levels, Subset = Subset, SubsetSeed = SubsetSeed, Limit = Limit };

    public ProblemFieldNames FieldNames() => new() { Problem = ProblemField, Answer = AnswerField, Id = IdField, Level = LevelField };

    /// <summary>The objective with this config's changes, checked.</summary>
    /// <exception cref="UserException">An unknown loss_type, or values outside their range.</exception>
    public (AdvantageSettings Advantages, PolicyLossSettings Loss) Objective()
    {
        var preset = RlvrPresets.All.FirstOrDefault(row => row.Name == LossType)
            ?? throw new UserException($"loss_type is {LossType}; it is one of {string.Join(", ", RlvrPresets.All.Select(row => row.Name))}");
        var advantages = preset.Advantages with { Scale = ScaleRewards ?? preset.Advantages.Scale, PositiveWeight = PositiveWeight };
        var surrogate = preset.Loss.Surrogate switch
        {
            Surrogate.Clipped clipped => clipped with { Low = Epsilon ?? clipped.Low, High = EpsilonHigh ?? Epsilon ?? clipped.High, Delta = Delta ?? clipped.Delta },
            Surrogate.Cispo cispo => cispo with { Cap = EpsilonHigh ?? cispo.Cap },
            var other => other,
        };
        return (advantages, preset.Loss with
        {
            Surrogate = surrogate,
            Beta = Beta ?? preset.Loss.Beta,
            KlEstimator = KlLossType ?? preset.Loss.KlEstimator,
            RatioLevel = ImportanceSamplingLevel ?? preset.Loss.RatioLevel,
            EntropyCoefficient = EntropyCoef,
            TopEntropyQuantile = TopEntropyQuantile,
        });
    }

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    public RlvrConfig Validate()
    {
        UserException.Require(NumGenerations >= 2, "num_generations", NumGenerations, "a group needs at least 2 completions to compare");
        UserException.Require(PromptsPerStep >= 1, "prompts_per_step", PromptsPerStep, "it must be at least 1");
        UserException.Require(NumIterations >= 1, "num_iterations", NumIterations, "it must be at least 1");
        UserException.Require(MaxSteps >= 1, "max_steps", MaxSteps, "it must be at least 1");
        UserException.Require(Temperature > 0, "temperature", Temperature, "it must be above 0: equal completions have no advantage");
        UserException.Require(LearningRate >= 0 && double.IsFinite(LearningRate), "learning_rate", LearningRate, "it must be 0 or positive");
        UserException.Require(WarmupSteps >= 0, "warmup_steps", WarmupSteps, "it must be 0 or positive");
        UserException.Require(MaxGradNorm > 0, "max_grad_norm", MaxGradNorm, "it must be positive");
        UserException.Require(MicroBatchTokens >= 1, "micro_batch_tokens", MicroBatchTokens, "it must be at least 1");
        UserException.Require(SaveSteps >= 1, "save_steps", SaveSteps, "it must be at least 1");
        UserException.Require(SaveTotalLimit is null or >= 1, "save_total_limit", SaveTotalLimit, "it must be at least 1, or null for all");
        UserException.Require(EvalSteps >= 1 && EvalN >= 1, "eval_steps and eval_n", $"{EvalSteps} and {EvalN}", "both must be at least 1");
        Objective();
        return this;
    }
}
