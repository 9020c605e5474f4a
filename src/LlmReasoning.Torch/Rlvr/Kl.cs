using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Estimators of KL(pi || pi_ref) from one sampled token, with d = l - l_ref (joschu.net/blog/kl-approx.html).</summary>
public enum KlEstimator
{
    /// <summary>d.</summary>
    K1,

    /// <summary>d^2 / 2; its gradient is that of the KL.</summary>
    K2,

    /// <summary>exp(-d) - 1 + d, never negative.</summary>
    K3,
}

/// <summary>The penalty for leaving the reference model.</summary>
/// <remarks>Axes: B rows, T completion positions.</remarks>
public static class Kl
{
    /// <summary>The estimate of each token, of the shape of the log-probabilities.</summary>
    public static Tensor Estimate(Tensor logProbs, Tensor refLogProbs, KlEstimator estimator)
    {
        using var scope = NewDisposeScope();
        var d = logProbs - refLogProbs;
        var estimate = estimator switch
        {
            KlEstimator.K1 => d,
            KlEstimator.K2 => (d * d).Over(2),
            _ => (-d).exp().Minus(1).Plus(d),
        };
        return estimate.MoveToOuterDisposeScope();
    }

    /// <summary>rewards - beta * sum_t m_t KL_t, [B]: the penalty inside the reward; with k1 that of RLOO (arXiv 2402.14740).</summary>
    /// <param name="rewards">[B].</param>
    /// <param name="logProbs">[B, T], of the policy that sampled.</param>
    /// <param name="refLogProbs">[B, T].</param>
    /// <param name="mask">[B, T], 1 = counts.</param>
    public static Tensor Penalise(Tensor rewards, Tensor logProbs, Tensor refLogProbs, Tensor mask, double beta, KlEstimator estimator = KlEstimator.K1)
    {
        using var scope = NewDisposeScope();
        var total = Estimate(logProbs, refLogProbs, estimator).Filled(mask.IsZero(), 0).sum(1);
        return (rewards - total.Times(beta)).MoveToOuterDisposeScope();
    }
}
