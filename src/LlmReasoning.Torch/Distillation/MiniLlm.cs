using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Distillation;

/// <summary>MiniLLM: reverse KL on the student's own samples as a policy gradient (arXiv 2306.08543).</summary>
public static class MiniLlm
{
    private const double PaddingWeight = 1e-4;

    /// <summary>
    /// The advantage of each token, [B, T], without gradient: with r = log p - log q, r_t itself for gamma 0; else sum over j >= t of gamma^j r_j,
    /// divided under length normalisation by sum over j >= t of gamma^j m_j. The powers count from the start of the completion, as TRL computes it
    /// (its documentation says from t; the two are equal after the division). In the divisor padding counts 1e-4, as in TRL.
    /// </summary>
    /// <param name="studentLogProbs">[B, T] of the sampled tokens.</param>
    /// <param name="teacherLogProbs">[B, T].</param>
    /// <param name="mask">[B, T], 1 = counts.</param>
    public static Tensor Advantages(Tensor studentLogProbs, Tensor teacherLogProbs, Tensor mask, double gamma, bool normaliseLength)
    {
        using var scope = NewDisposeScope();
        var padding = mask.IsNonzero().logical_not();
        var reward = (teacherLogProbs - studentLogProbs).detach().Filled(padding, 0);
        if (gamma == 0) { return reward.MoveToOuterDisposeScope(); }
        var powers = Arithmetic.Range(mask.shape[1], reward.device).to_type(reward.dtype).Times(Math.Log(gamma)).exp();
        var advantages = SumFromHere(reward * powers);
        if (normaliseLength) { advantages = advantages / SumFromHere(ones_like(reward).Filled(padding, PaddingWeight) * powers); }
        return advantages.Filled(padding, 0).MoveToOuterDisposeScope();
    }

    private static Tensor SumFromHere(Tensor values) => values.flip(1).cumsum(1).flip(1);
}
