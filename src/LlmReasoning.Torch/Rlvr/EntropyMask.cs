using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>The tokens of highest entropy, where the answer forks (arXiv 2506.01939).</summary>
public static class EntropyMask
{
    /// <summary>The entropy from which a token is kept: the quantile 1 - share of the entropies that count, interpolated between neighbours. Float32, without axes.</summary>
    /// <param name="entropies">[B, T].</param>
    /// <param name="mask">[B, T], 1 = counts.</param>
    /// <param name="share">Of tokens to keep, 0 to 1.</param>
    public static Tensor Threshold(Tensor entropies, Tensor mask, double share)
    {
        using var scope = NewDisposeScope();
        var sorted = entropies.detach().masked_select(mask.IsNonzero()).to_type(ScalarType.Float32).sort().Values;
        var count = sorted.shape[0];
        if (count == 0) { return tensor(0f, device: entropies.device).MoveToOuterDisposeScope(); }
        // torch.quantile by hand: it refuses more than 2^24 values.
        var rank = (1 - share) * (count - 1);
        var below = (long)Math.Floor(rank);
        var above = Math.Min(below + 1, count - 1);
        return sorted[below].Plus((sorted[above] - sorted[below]).Times(rank - below)).MoveToOuterDisposeScope();
    }

    /// <summary>Bool [B, T]: counts, and has at least the threshold.</summary>
    public static Tensor Keep(Tensor entropies, Tensor mask, Tensor threshold) => entropies.ge(threshold).logical_and(mask.IsNonzero());
}
