using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>The settings of <c>train rlvr</c>; the names are TRL's where TRL has one. Null = as <see cref="LossType"/> has it, where nothing else is said.</summary>
public sealed partial record RlvrConfig : TrainingConfig
{
    // Null = not given: a default gives way to what TRL's batch keys say, a value that was given must agree with it.
    private readonly int? _promptsPerStep;
    private readonly int? _numMiniBatches;

    public RlvrConfig()
    {
        Policy = ExtractionPolicy.Reward;
        LearningRate = 1e-6;
        LrSchedulerType = LearningRateSchedule.ConstantWithWarmup;
    }

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

    /// <summary>In tokens, with the template; null = what the model's context holds. Prompts are never cut.</summary>
    public int? MaxPromptLength { get; init; }

    /// <summary>Leave out problems with longer prompts, and say how many, instead of stopping.</summary>
    public bool DropOverlong { get; init; }

    /// <summary>A named objective of <see cref="RlvrPresets"/>; the keys below that are not null change it.</summary>
    public string LossType { get; init; } = "dapo";

    /// <summary>The ratio's lower reach: clipped below 1 - epsilon; for gmpo in log space.</summary>
    public double? Epsilon { get; init; }

    /// <summary>The ratio's upper reach: clipped above 1 + epsilon_high; for cispo the cap itself, and then it must be given.</summary>
    public double? EpsilonHigh { get; init; }

    /// <summary>Caps the unclipped ratio (dual clip).</summary>
    public double? Delta { get; init; }
    public double? SapoTemperaturePos { get; init; }
    public double? SapoTemperatureNeg { get; init; }
    public RatioLevel? ImportanceSamplingLevel { get; init; }

    /// <summary>How the tokens' losses become one number.</summary>
    public Aggregation? LossAggMode { get; init; }

    /// <summary>Of the KL term; 0 loads no reference model.</summary>
    public double? Beta { get; init; }
    public KlEstimator? KlLossType { get; init; }

    /// <summary>The KL term is taken off the reward instead of being added to the loss.</summary>
    public bool? UseKlInReward { get; init; }

    /// <summary>The KL term of the loss is multiplied by the ratio.</summary>
    public bool UseBiasCorrectionKl { get; init; }
    public double EntropyCoef { get; init; }

    /// <summary>Share of tokens, those of highest entropy over the whole update, that train; 1 = all.</summary>
    public double TopEntropyQuantile { get; init; } = 1;

    /// <summary>What is taken off a reward.</summary>
    public Baseline? AdvantageBaseline { get; init; }

    /// <summary>What that is divided by.</summary>
    public RewardScale? ScaleRewards { get; init; }

    /// <summary>Advantages are brought to mean 0 and deviation 1 over the batch.</summary>
    public bool NormalizeAdvantages { get; init; }
    public RewardAggregation MultiObjectiveAggregation { get; init; }

    /// <summary>Weight of positive advantages (negative-sample reinforcement: 0.1 or 0).</summary>
    public double PositiveWeight { get; init; } = 1;

    /// <summary>Trains for one right answer among so many samples; null = each sample for itself.</summary>
    public int? PassAtK { get; init; }
    public PassAtKMethod PassAtKMethod { get; init; }

    /// <summary>Completions cut at the limit count in the group's mean and do not train.</summary>
    public bool MaskTruncatedCompletions { get; init; }

    /// <summary>Rows of negative advantage do not train where the mean fall of their log-probabilities since they were sampled exceeds it; null = off.</summary>
    public double? OffPolicyMaskThreshold { get; init; }

    /// <summary>Weights by the ratio between the trainer's and the sampler's probabilities.</summary>
    public bool RolloutImportanceSamplingCorrection { get; init; }
    public RolloutCorrectionMode RolloutImportanceSamplingMode { get; init; } = RolloutCorrectionMode.SequenceMask;

    /// <summary>The largest ratio; null = no bound.</summary>
    public double? RolloutImportanceSamplingCap { get; init; } = 3;

    /// <summary>The smallest ratio; null = no bound.</summary>
    public double? RolloutImportanceSamplingMin { get; init; }

    /// <summary>One reward each; their weighted sum is the reward.</summary>
    public IReadOnlyList<RewardFunction> RewardFuncs { get; init; } = [RewardFunction.Accuracy];

    /// <summary>One a function; null = all 1.</summary>
    public IReadOnlyList<double>? RewardWeights { get; init; }
    public OutcomeReward OutcomeReward { get; init; }

    /// <summary>Of soft_overlong: the last so many tokens before the limit, over which the punishment grows to -1; null = a fifth of max_completion_length.</summary>
    public int? SoftPunishCache { get; init; }

    /// <summary>What becomes of groups that are all right or all wrong.</summary>
    public ZeroVarianceGroups ZeroVarianceGroups { get; init; }

    /// <summary>Of refill: how often a step samples at most, the first time included.</summary>
    public int MaxNumGenBatches { get; init; } = 10;

    /// <summary>Problems of a step; each gets num_generations completions.</summary>
    public int PromptsPerStep
    {
        get => _promptsPerStep ?? 32;
        init => _promptsPerStep = value;
    }

    public int NumGenerations { get; init; } = 8;

    /// <summary>Passes over each step's completions.</summary>
    public int NumIterations { get; init; } = 1;

    /// <summary>Updates of a pass: a step's completions, shuffled, are cut into so many parts.</summary>
    public int NumMiniBatches
    {
        get => _numMiniBatches ?? 1;
        init => _numMiniBatches = value;
    }

    /// <summary>TRL's way to say it: completions of an update = this x gradient_accumulation_steps. With it bnpo's batches are of so many rows.</summary>
    public int? PerDeviceTrainBatchSize { get; init; }
    public int? GradientAccumulationSteps { get; init; }

    /// <summary>Completions of a step / per_device_train_batch_size; null = gradient_accumulation_steps.</summary>
    public int? StepsPerGeneration { get; init; }

    /// <summary>Completions of a step.</summary>
    public int? GenerationBatchSize { get; init; }

    /// <summary>Read where max_steps is -1; null = 100 steps.</summary>
    public double? NumTrainEpochs { get; init; }
    public LogprobSupport LogprobSupport { get; init; }

    /// <summary>Between what the sampler and the trainer say of a sampled token's log-probability; beyond it the run stops. Null = 0.1, with <see cref="TrainingConfig.Bf16"/> no bound.</summary>
    public double? MaxLogprobDifference { get; init; }

    /// <summary>Every so many steps the completions are written to samples/; 0 = never.</summary>
    public int LogCompletionsSteps { get; init; } = 10;

    /// <summary>Sequences sampled at a time; null = planned from the memory there is.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Processors to sample with; null = all.</summary>
    public int? Threads { get; init; }

    public ProblemFilter Filter() => new() { Levels = Levels, Subset = Subset, SubsetSeed = SubsetSeed, Limit = Limit };

    public ProblemFieldNames FieldNames() => new() { Problem = ProblemField, Answer = AnswerField, Id = IdField, Level = LevelField };
}
