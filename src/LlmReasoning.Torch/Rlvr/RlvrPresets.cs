namespace LlmReasoning.Torch.Rlvr;

/// <summary>A named objective: one row of values on the axes.</summary>
/// <param name="Source">Where the values come from.</param>
public sealed record RlvrPreset(string Name, string Source, AdvantageSettings Advantages, PolicyLossSettings Loss);

/// <summary>The objectives that have names.</summary>
public static class RlvrPresets
{
    private static readonly AdvantageSettings s_group = new();
    private static readonly AdvantageSettings s_centred = new() { Scale = RewardScale.None };
    private static readonly AdvantageSettings s_leaveOneOut = new() { Baseline = Baseline.LeaveOneOut, Scale = RewardScale.None };

    public static IReadOnlyList<RlvrPreset> All { get; } =
    [
        new("paper-rlvr", "Kim et al. 2025 on TRL 0.16, no KL", s_group, new() { Aggregation = Aggregation.BatchTokenMean }),
        new("trl-0.16", "TRL 0.16's defaults", s_group, new() { Aggregation = Aggregation.BatchTokenMean, Beta = 0.04 }),
        new("grpo", "arXiv 2402.03300, KL off as in TRL", s_group, new() { Aggregation = Aggregation.SequenceMean }),
        new("bnpo", "TRL", s_group, new() { Aggregation = Aggregation.BatchTokenMean }),
        new("dr_grpo", "arXiv 2503.20783", s_centred, new() { Aggregation = Aggregation.ConstantLength }),
        new("dapo", "arXiv 2503.14476", s_group, new() { Aggregation = Aggregation.TokenMean, Surrogate = new Surrogate.Clipped(0.2, 0.28) }),
        new("gspo", "arXiv 2507.18071", s_group, new() { Aggregation = Aggregation.SequenceMean, Surrogate = new Surrogate.Clipped(3e-4, 4e-4), RatioLevel = RatioLevel.Sequence }),
        new("cispo", "arXiv 2506.13585, cap of 2510.13786", s_group, new() { Aggregation = Aggregation.TokenMean, Surrogate = new Surrogate.Cispo(5) }),
        new("rloo", "arXiv 2402.14740, constants of TRL", s_leaveOneOut, new()
        {
            Aggregation = Aggregation.SequenceMean,
            RatioLevel = RatioLevel.SequenceProduct,
            Beta = 0.05,
            KlEstimator = KlEstimator.K1,
            KlPlacement = KlPlacement.Reward,
        }),
        new("reinforce", "a group's mean as baseline, no ratio", s_centred, new() { Aggregation = Aggregation.TokenMean, Surrogate = new Surrogate.Plain() }),
        new("sapo", "arXiv 2511.20347, as in TRL", s_group, new() { Aggregation = Aggregation.SequenceMean, Surrogate = new Surrogate.Sapo() }),
        new("gmpo", "arXiv 2507.20673, as in TRL", s_group, new() { Aggregation = Aggregation.SequenceMean, Surrogate = new Surrogate.Gmpo() }),
        new("luspo", "TRL", s_group, new() { Aggregation = Aggregation.SequenceSum, RatioLevel = RatioLevel.Sequence }),
        new("vespo", "arXiv 2602.10693, as in TRL", s_group, new() { Aggregation = Aggregation.TokenMean, Surrogate = new Surrogate.Vespo() }),
    ];
}
