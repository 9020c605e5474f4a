using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Whether each token has its own ratio, or a row the product of its tokens'.</summary>
public enum RolloutRatioLevel
{
    Token,
    Sequence,
}

/// <summary>What happens to a ratio outside the bounds.</summary>
public enum RolloutRatioBound
{
    /// <summary>It becomes the bound.</summary>
    Truncate,

    /// <summary>It becomes 0.</summary>
    Mask,
}

/// <summary>
/// The importance weight rho = pi_trainer / pi_sampler of a sampler whose probabilities differ from the trainer's (other kernels, other precision, cut support).
/// </summary>
/// <param name="Min">The lower bound; null = none.</param>
/// <param name="Max">The upper bound; null = none.</param>
public sealed record RolloutCorrection(
    RolloutRatioLevel Level = RolloutRatioLevel.Sequence, RolloutRatioBound Bound = RolloutRatioBound.Mask, double? Min = null, double? Max = 3)
{
    /// <summary>rho, [B, T] or for sequences [B, 1]; no gradient, 1 at padding.</summary>
    /// <param name="oldLogProbs">[B, T], by the trainer.</param>
    /// <param name="samplerLogProbs">[B, T].</param>
    /// <param name="mask">[B, T], 1 = counts.</param>
    public Tensor Ratio(Tensor oldLogProbs, Tensor samplerLogProbs, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var logRatio = (oldLogProbs - samplerLogProbs).detach().Filled(mask.IsZero(), 0);
        if (Level == RolloutRatioLevel.Sequence) { logRatio = logRatio.sum(1, keepdim: true); }
        var ratio = logRatio.exp();
        var (min, max) = (Min ?? 0, Max ?? double.PositiveInfinity);
        var bounded = Bound == RolloutRatioBound.Truncate ? ratio.Within(min, max) : ratio.Filled(ratio.IsBelow(min) | ratio.IsAbove(max), 0);
        return bounded.MoveToOuterDisposeScope();
    }
}
