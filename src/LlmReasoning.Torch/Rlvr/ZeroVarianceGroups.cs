namespace LlmReasoning.Torch.Rlvr;

/// <summary>What becomes of groups whose largest outcome equals their smallest. A reward of the form never decides it: it differs within a group that is all right.</summary>
public enum ZeroVarianceGroups
{
    /// <summary>They count in the divisors. Their advantages are 0 where the outcome is all there is to the reward.</summary>
    Keep,

    /// <summary>They are left out of the update.</summary>
    Drop,

    /// <summary>They are left out, and other problems are sampled in their place (DAPO's dynamic sampling, arXiv 2503.14476).</summary>
    Refill,
}
