using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Distillation;

/// <summary>Divergences of a student q from a teacher p, exact over the vocabulary or over the student's likeliest tokens.</summary>
/// <remarks>
/// Axes: N tokens, V vocabulary. Both logits are divided by the temperature first; the result is not multiplied by its square.
/// Logits in float32 at least: a divergence of bfloat16 log-probabilities can come out negative.
/// </remarks>
public static class Divergence
{
    /// <summary>
    /// The generalised Jensen-Shannon divergence of each token, [N] (GKD, arXiv 2306.13649, equation 1): with m = beta p + (1 - beta) q,
    /// beta KL(p || m) + (1 - beta) KL(q || m); its ends are KL(p || q), forward, for beta = 0 and KL(q || p), reverse, for beta = 1.
    /// </summary>
    /// <remarks>Near its ends the value goes to 0 as beta (1 - beta) does, not to the KL: beta 0.1 trains about 12 times more slowly than beta 0 at one learning rate.</remarks>
    /// <param name="studentLogits">[N, V].</param>
    /// <param name="teacherLogits">[N, V].</param>
    public static Tensor GeneralizedJsd(Tensor studentLogits, Tensor teacherLogits, double beta, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        var student = LogProbs(studentLogits, temperature);
        var teacher = LogProbs(teacherLogits, temperature);
        return OfLogProbs(student, teacher, beta).MoveToOuterDisposeScope();
    }

    /// <summary>The same over the k tokens that the student finds likeliest, [N].</summary>
    /// <param name="withTail">True: the rest is one more outcome. False: both distributions are renormalised over the k.</param>
    public static Tensor TopK(Tensor studentLogits, Tensor teacherLogits, int k, double beta, bool withTail, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        var student = LogProbs(studentLogits, temperature);
        var teacher = LogProbs(teacherLogits, temperature);
        var support = student.detach().topk(k, -1).indexes;
        student = student.gather(-1, support);
        teacher = teacher.gather(-1, support);
        return OfLogProbs(Complete(student, withTail), Complete(teacher, withTail), beta).MoveToOuterDisposeScope();
    }

    /// <summary>sg(log q - log p) log q of each sampled token, [N]: its gradient is that of the reverse KL, from one sample.</summary>
    /// <param name="studentLogProbs">[N].</param>
    /// <param name="teacherLogProbs">[N].</param>
    public static Tensor SampledToken(Tensor studentLogProbs, Tensor teacherLogProbs)
    {
        using var scope = NewDisposeScope();
        return ((studentLogProbs - teacherLogProbs).detach() * studentLogProbs).MoveToOuterDisposeScope();
    }

    private static Tensor LogProbs(Tensor logits, double temperature) => (temperature == 1 ? logits : logits.Over(temperature)).log_softmax(-1);

    private static Tensor OfLogProbs(Tensor student, Tensor teacher, double beta)
    {
        if (beta == 0) { return KullbackLeibler(teacher, student); }
        if (beta == 1) { return KullbackLeibler(student, teacher); }
        var mixture = logaddexp(teacher.Plus(Math.Log(beta)), student.Plus(Math.Log(1 - beta)));
        return KullbackLeibler(teacher, mixture).Times(beta).Plus(KullbackLeibler(student, mixture).Times(1 - beta));
    }

    private static Tensor KullbackLeibler(Tensor p, Tensor q) => (p.exp() * (p - q)).sum(-1);

    // [N, k] log-probabilities to [N, k + 1] or [N, k] that sum to 1.
    private static Tensor Complete(Tensor logProbs, bool withTail)
    {
        var covered = logProbs.logsumexp(-1, keepdim: true);
        if (!withTail) { return logProbs - covered; }
        var tail = (-covered.AtMost(-1e-7).expm1()).log();      // a sum that rounds to 1 leaves a tail of 1e-7, not of 0
        return cat([logProbs, tail], -1);
    }
}
