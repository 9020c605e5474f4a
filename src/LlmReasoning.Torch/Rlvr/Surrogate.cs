using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>The policy term of a token: what is made smaller instead of the expected reward. Its variants carry their own constants.</summary>
/// <remarks>Axes: B rows, T completion positions; w = the ratio, A = the advantage, l = the log-probability, sg = without gradient.</remarks>
public abstract record Surrogate
{
    private Surrogate() { }

    /// <summary>The loss of each token [B, T], or of each row [B, 1] where nothing in it differs between tokens.</summary>
    internal abstract Tensor Terms(SurrogateInputs x);

    /// <summary>Where the ratio was cut below or above, bool of the ratio's shape; null where the surrogate does not cut.</summary>
    internal virtual (Tensor? Low, Tensor? High) Cuts(SurrogateInputs x) => (null, null);

    // One number where the condition holds, another elsewhere, of the shape and type of "like".
    private static Tensor BySign(Tensor isGood, Tensor like, double good, double bad)
    {
        var ones = ones_like(like);
        return where(isGood, ones.Times(good), ones.Times(bad));
    }

    /// <summary>
    /// -min(min(w, Delta) A, clip(w, 1 - Low, 1 + High) A): PPO's pessimistic clip (arXiv 1707.06347); High above Low is DAPO's clip-higher;
    /// Delta bounds the loss of a token whose ratio grew although it is bad (dual clip, arXiv 1912.09729).
    /// </summary>
    public sealed record Clipped(double Low, double High, double? Delta = null) : Surrogate
    {
        internal override Tensor Terms(SurrogateInputs x)
        {
            var free = Delta is { } delta ? x.Ratio.AtMost(delta) : x.Ratio;
            var clipped = x.Ratio.Within(1 - Low, 1 + High);
            return -minimum(free * x.Advantages, clipped * x.Advantages);
        }

        internal override (Tensor? Low, Tensor? High) Cuts(SurrogateInputs x) =>
            (x.Ratio.IsBelow(1 - Low) & x.Advantages.IsNegative(), x.Ratio.IsAbove(1 + High) & x.Advantages.IsPositive());
    }

    /// <summary>-sg(min(w, Cap)) A l: every token keeps a gradient (CISPO, arXiv 2506.13585). The cap is the largest weight itself, not 1 + epsilon.</summary>
    public sealed record Cispo(double Cap) : Surrogate
    {
        internal override Tensor Terms(SurrogateInputs x) => -x.Ratio.detach().AtMost(Cap) * x.Advantages * x.LogProbs;

        internal override (Tensor? Low, Tensor? High) Cuts(SurrogateInputs x) => (null, x.Ratio.IsAbove(Cap) & x.Advantages.IsPositive());
    }

    /// <summary>-A sigmoid(tau (w - 1)) 4 / tau, a gate that closes smoothly (SAPO, arXiv 2511.20347); tau by the sign of A.</summary>
    public sealed record Sapo(double PositiveTemperature = 1, double NegativeTemperature = 1.05) : Surrogate
    {
        internal override Tensor Terms(SurrogateInputs x)
        {
            var tau = BySign(x.Advantages.IsPositive(), x.Advantages, PositiveTemperature, NegativeTemperature);
            return -x.Advantages * (tau * x.Ratio.Minus(1)).sigmoid().Times(4) / tau;
        }
    }

    /// <summary>
    /// -A times the geometric mean of the row's ratios, each cut in log space to [-Low, High] where that makes the gain smaller (GMPO, arXiv 2507.20673).
    /// Takes the ratio of each token, whatever the ratio level.
    /// </summary>
    public sealed record Gmpo(double Low = 0.4, double High = 0.4) : Surrogate
    {
        internal override Tensor Terms(SurrogateInputs x)
        {
            var cut = x.LogRatio.Within(-Low, High);
            var pessimistic = where(x.Advantages.IsPositive(), minimum(x.LogRatio, cut), maximum(x.LogRatio, cut));
            var mean = pessimistic.sum(1, keepdim: true) / x.Lengths.AtLeast(1);
            return -mean.exp() * x.Advantages;
        }
    }

    /// <summary>
    /// -sg(phi(W)) A l with phi(W) = W^k exp(lambda (1 - W)) of the row's product of ratios W, the rollout correction among them; k and lambda by the sign
    /// of A (VESPO, arXiv 2602.10693).
    /// </summary>
    public sealed record Vespo(double PositiveK = 2, double PositiveLambda = 3, double NegativeK = 3, double NegativeLambda = 2) : Surrogate
    {
        private const double LargestLog = 20;
        private static readonly double s_smallestLog = Math.Log(1e-8);

        internal override Tensor Terms(SurrogateInputs x) => -Phi(x) * x.Advantages * x.LogProbs;

        /// <summary>[B, 1].</summary>
        internal Tensor Phi(SurrogateInputs x)
        {
            var logW = x.LogRatio.detach().Within(-LargestLog, LargestLog).sum(1, keepdim: true);
            if (x.RolloutRatio is { } rho) { logW = logW.Plus(rho.log().Within(s_smallestLog, LargestLog).sum(1, keepdim: true)); }
            logW = logW.Within(s_smallestLog, LargestLog);
            var isGood = x.Advantages.IsAtLeast(0);
            var k = BySign(isGood, x.Advantages, PositiveK, NegativeK);
            var lambda = BySign(isGood, x.Advantages, PositiveLambda, NegativeLambda);
            return (lambda.Plus(k * logW) - (lambda * logW.exp())).exp().nan_to_num(0, 0, 0);
        }
    }

    /// <summary>-A l: REINFORCE, no ratio.</summary>
    public sealed record Plain : Surrogate
    {
        internal override Tensor Terms(SurrogateInputs x) => -x.Advantages * x.LogProbs;
    }
}

/// <summary>What surrogates are made of. At padding log-ratios are 0.</summary>
/// <param name="LogProbs">l, [B, T].</param>
/// <param name="LogRatio">l - l_old, [B, T].</param>
/// <param name="Ratio">w, [B, T] or for a ratio of the row [B, 1].</param>
/// <param name="Advantages">A, [B, 1].</param>
/// <param name="Lengths">Tokens that count, [B, 1].</param>
/// <param name="RolloutRatio">rho, [B, T] or [B, 1]; null = none.</param>
internal readonly record struct SurrogateInputs(Tensor LogProbs, Tensor LogRatio, Tensor Ratio, Tensor Advantages, Tensor Lengths, Tensor? RolloutRatio);
