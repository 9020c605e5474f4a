using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Numbers about a micro-batch's loss; null where the loss has no such part. Means are over tokens that count, over rows where the ratio is the row's.</summary>
public sealed record PolicyLossMetrics
{
    /// <summary>Tokens that count.</summary>
    public required long Tokens { get; init; }

    /// <summary>The loss before the entropy bonus.</summary>
    public required double PolicyLoss { get; init; }

    /// <summary>The mean KL estimate, times the ratio where the loss has it so.</summary>
    public double? Kl { get; init; }

    /// <summary>The mean entropy, in nats.</summary>
    public double? Entropy { get; init; }

    /// <summary>The share of ratios below the range with A &lt; 0.</summary>
    public double? ClipLowMean { get; init; }

    /// <summary>The share of ratios above the range with A > 0; for cispo above its cap.</summary>
    public double? ClipHighMean { get; init; }

    /// <summary>The share of either.</summary>
    public double? ClipRegionMean { get; init; }

    /// <summary>The smallest share within a row of ratios below.</summary>
    public double? ClipLowMin { get; init; }

    /// <summary>The largest share within a row of ratios above.</summary>
    public double? ClipHighMax { get; init; }

    /// <summary>Vespo's mean weight of a row.</summary>
    public double? PhiMean { get; init; }

    internal static PolicyLossMetrics From(SurrogateInputs inputs, Surrogate surrogate, Tensor counts, Tensor policyLoss, Tensor? kl, Tensor? entropies)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (low, high) = surrogate.Cuts(inputs);
        var region = low is not null && high is not null ? low | high : null;
        return new()
        {
            Tokens = counts.sum().item<long>(),
            PolicyLoss = Number(policyLoss),
            Kl = Mean(kl, counts),
            Entropy = Mean(entropies, counts),
            ClipLowMean = Mean(low, counts),
            ClipHighMean = Mean(high, counts),
            ClipRegionMean = Mean(region, counts),
            ClipLowMin = low is null ? null : Number(RowShares(low, counts).min()),
            ClipHighMax = high is null ? null : Number(RowShares(high, counts).max()),
            PhiMean = surrogate is Surrogate.Vespo vespo ? Number(vespo.Phi(inputs).mean()) : null,
        };
    }

    private static double? Mean(Tensor? values, Tensor counts)
    {
        if (values is null) { return null; }
        var wide = values.to_type(ScalarType.Float64);
        if (wide.shape[1] < counts.shape[1]) { return Number(wide.mean()); }
        return Number(wide.Filled(counts.logical_not(), 0).sum() / counts.sum().AtLeast(1));
    }

    // [B]
    private static Tensor RowShares(Tensor cuts, Tensor counts)
    {
        var wide = cuts.to_type(ScalarType.Float64);
        return wide.shape[1] < counts.shape[1] ? wide.squeeze(1) : wide.Filled(counts.logical_not(), 0).sum(1) / counts.sum(1).AtLeast(1);
    }

    private static double Number(Tensor value) => value.to_type(ScalarType.Float64).item<double>();
}
