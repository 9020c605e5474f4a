namespace LlmReasoning.Torch.Rlvr;

/// <summary>What is taken off a reward.</summary>
public enum Baseline
{
    /// <summary>Nothing: REINFORCE on the reward itself.</summary>
    None,

    /// <summary>The mean of the row's group (GRPO, arXiv 2402.03300).</summary>
    GroupMean,

    /// <summary>The mean of the other rows of the group (RLOO, arXiv 2402.14740).</summary>
    LeaveOneOut,
}

/// <summary>What a reward less its baseline is divided by; each plus <see cref="Advantages.Epsilon"/>. TRL's scale_rewards.</summary>
public enum RewardScale
{
    /// <summary>1 (Dr. GRPO, arXiv 2503.20783).</summary>
    None,

    /// <summary>The standard deviation of the rewards of the row's group.</summary>
    Group,

    /// <summary>The standard deviation of all rewards of the batch.</summary>
    Batch,
}

/// <summary>How several rewards become one. TRL's multi_objective_aggregation.</summary>
public enum RewardAggregation
{
    /// <summary>The advantage of the weighted sum.</summary>
    SumThenNormalize,

    /// <summary>Each reward less its group mean over its group's deviation, their weighted sum, and that whitened over the batch (GDPO, arXiv 2601.05242).</summary>
    NormalizeThenSum,
}

/// <summary>How rewards become advantages: one value an axis.</summary>
public sealed record AdvantageSettings
{
    public Baseline Baseline { get; init; } = Baseline.GroupMean;

    public RewardScale Scale { get; init; } = RewardScale.Group;

    public RewardAggregation Aggregation { get; init; } = RewardAggregation.SumThenNormalize;

    /// <summary>The advantages themselves are brought to mean 0 and deviation 1 over the batch. normalize_advantages of TRL's RLOO.</summary>
    public bool Whiten { get; init; }

    /// <summary>Positive advantages are multiplied by it: 1 = as they are, 0 = learning from wrong answers alone (NSR, arXiv 2506.01347, which takes 0 or 0.1).</summary>
    public double PositiveWeight { get; init; } = 1;
}
