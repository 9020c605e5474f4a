namespace LlmReasoning.Torch.Rlvr;

/// <summary>Of what the ratio pi / pi_old is formed. TRL's importance_sampling_level.</summary>
public enum RatioLevel
{
    /// <summary>Each token has its own: exp(l - l_old).</summary>
    Token,

    /// <summary>A row has one, the geometric mean of its tokens' (GSPO, arXiv 2507.18071, equation 7).</summary>
    Sequence,

    /// <summary>The row's value with each token's own gradient (GSPO-token, equation 14).</summary>
    SequenceToken,

    /// <summary>A row has one, the product of its tokens': that of the whole answer, as RLOO (arXiv 2402.14740).</summary>
    SequenceProduct,
}

/// <summary>Where the penalty beta * KL(pi || pi_ref) stands.</summary>
public enum KlPlacement
{
    /// <summary>Added to each token's loss.</summary>
    Loss,

    /// <summary>Taken off the reward by <see cref="Kl.Penalise"/> before the advantages; the loss has none.</summary>
    Reward,
}

/// <summary>One policy-gradient loss as values on independent axes. Named rows: <see cref="RlvrPresets"/>.</summary>
public sealed record PolicyLossSettings
{
    public Surrogate Surrogate { get; init; } = new Surrogate.Clipped(0.2, 0.2);

    public RatioLevel RatioLevel { get; init; } = RatioLevel.Token;

    public Aggregation Aggregation { get; init; } = Aggregation.TokenMean;

    /// <summary>The KL coefficient; 0 needs no reference model.</summary>
    public double Beta { get; init; }

    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;

    public KlPlacement KlPlacement { get; init; } = KlPlacement.Loss;

    /// <summary>The KL term is multiplied by the ratio, with its gradient. TRL's use_bias_correction_kl.</summary>
    public bool KlTimesRatio { get; init; }

    /// <summary>This times the mean entropy is taken off the loss.</summary>
    public double EntropyCoefficient { get; init; }

    /// <summary>The share of tokens, those of highest entropy, whose policy term counts; the divisor does not change (arXiv 2506.01939). 1 = all.</summary>
    public double TopEntropyQuantile { get; init; } = 1;

    /// <summary>
    /// False: the entropy bonus is divided by all tokens. True: by those that <see cref="TopEntropyQuantile"/> keeps. TRL does the first for dapo, cispo
    /// and vespo and the second elsewhere.
    /// </summary>
    public bool EntropyOverKeptTokens { get; init; }

    /// <summary>Rows of negative advantage are left out where the mean of l_sampler - l exceeds this (DeepSeek-V3.2, arXiv 2512.02556). Null = off.</summary>
    public double? OffPolicyMaskThreshold { get; init; }

    /// <summary>Weights by the ratio between the trainer's and the sampler's probabilities; null = off. Vespo takes them into its own weight.</summary>
    public RolloutCorrection? RolloutCorrection { get; init; }
}
