namespace LlmReasoning.Torch.Rlvr;

/// <summary>Over which tokens a log-probability is normalised.</summary>
public enum LogprobSupport
{
    /// <summary>The whole vocabulary.</summary>
    Full,

    /// <summary>What top_k, top_p and min_p left to the sampler: the probability that the token was drawn with.</summary>
    Sampled,
}
