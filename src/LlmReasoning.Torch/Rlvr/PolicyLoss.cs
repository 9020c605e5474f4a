using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>The GRPO family: one loss, its variants values of <see cref="PolicyLossSettings"/>.</summary>
/// <remarks>
/// Axes: B rows of a micro-batch, T completion positions. With m = the mask, W_i = the row weight:
/// loss = sum_i W_i sum_t m_it (keep_it rho_it P_it + beta KL_it) - c mean(H). The masks and rho do not touch the KL term.
/// Values at padding may be anything, NaN included; they change neither loss nor gradient.
/// </remarks>
public static class PolicyLoss
{
    /// <summary>The loss of a micro-batch, its part of the optimizer step's: the parts add up, however the step was cut.</summary>
    public static PolicyLossResult Compute(PolicyBatch batch, PolicyLossSettings settings)
    {
        using var scope = NewDisposeScope();
        var counts = batch.Mask.IsNonzero();
        var padding = counts.logical_not();
        var dtype = batch.LogProbs.dtype;
        var logProbs = batch.LogProbs.Filled(padding, 0);
        var old = (batch.OldLogProbs ?? batch.LogProbs.detach()).Filled(padding, 0);
        var advantages = batch.Advantages.to_type(dtype).view(-1, 1);
        var lengths = counts.to_type(dtype).sum(1, keepdim: true);
        var rho = settings.RolloutCorrection is { } correction && batch.SamplerLogProbs is { } sampled ? correction.Ratio(old, sampled, batch.Mask) : null;
        var ratio = LogRatio(logProbs, old, lengths, settings.RatioLevel).exp();
        var inputs = new SurrogateInputs(logProbs, logProbs - old, ratio, advantages, lengths, rho);

        var terms = settings.Surrogate.Terms(inputs);
        if (settings.OffPolicyMaskThreshold is { } threshold)
        {
            terms = terms * IsNearPolicy(logProbs, batch.SamplerLogProbs?.Filled(padding, 0) ?? old, advantages, lengths, threshold);
        }
        var kept = counts;
        if (settings.TopEntropyQuantile < 1)
        {
            var entropies = batch.Entropies ?? throw new ArgumentException("a top-entropy quantile needs entropies", nameof(batch));
            kept = EntropyMask.Keep(entropies, batch.Mask, batch.EntropyThreshold ?? EntropyMask.Threshold(entropies, batch.Mask, settings.TopEntropyQuantile));
            terms = terms * kept.to_type(dtype);
        }
        if (rho is not null && settings.Surrogate is not Surrogate.Vespo) { terms = terms * rho; }

        Tensor? kl = null;
        if (settings.Beta != 0 && settings.KlPlacement == KlPlacement.Loss)
        {
            var reference = batch.RefLogProbs ?? throw new ArgumentException("a KL coefficient needs the reference model's log-probabilities", nameof(batch));
            kl = Kl.Estimate(logProbs, reference.Filled(padding, 0), settings.KlEstimator);
            if (settings.KlTimesRatio) { kl = kl * ratio; }
            terms = terms.Plus(kl.Times(settings.Beta));
        }

        var policy = WeightedSum(terms, padding, batch.RowWeights);
        var loss = settings.EntropyCoefficient == 0 ? policy : policy - EntropyBonus(batch, counts, kept, settings).Times(settings.EntropyCoefficient);
        var metrics = PolicyLossMetrics.From(inputs, settings.Surrogate, counts, policy, kl, batch.Entropies);
        return new(loss.MoveToOuterDisposeScope(), metrics);
    }

    // log w, [B, T] or [B, 1].
    private static Tensor LogRatio(Tensor logProbs, Tensor old, Tensor lengths, RatioLevel level)
    {
        var perToken = logProbs - old;
        if (level == RatioLevel.Token) { return perToken; }
        var sum = perToken.sum(1, keepdim: true);
        if (level == RatioLevel.SequenceProduct) { return sum; }
        var mean = sum / lengths.AtLeast(1);
        return level == RatioLevel.Sequence ? mean : (logProbs - logProbs.detach()).Plus(mean.detach());
    }

    // 1 for rows of A >= 0, and for others whose tokens have not become much less probable since they were sampled; [B, 1].
    private static Tensor IsNearPolicy(Tensor logProbs, Tensor sampled, Tensor advantages, Tensor lengths, double threshold)
    {
        var drift = (sampled - logProbs.detach()).sum(1, keepdim: true) / lengths.AtLeast(1);
        return (advantages.IsAtLeast(0) | drift.IsAtMost(threshold)).to_type(logProbs.dtype);
    }

    private static Tensor WeightedSum(Tensor terms, Tensor padding, Tensor rowWeights)
    {
        var rows = terms.expand(padding.shape).Filled(padding, 0).sum(1);
        return (rows * rowWeights.to_type(terms.dtype)).sum();
    }

    // The micro-batch's part of the step's mean entropy.
    private static Tensor EntropyBonus(PolicyBatch batch, Tensor counts, Tensor kept, PolicyLossSettings settings)
    {
        var entropies = batch.Entropies ?? throw new ArgumentException("an entropy coefficient needs entropies", nameof(batch));
        var sum = entropies.Filled(kept.logical_not(), 0).sum();
        if (!settings.EntropyOverKeptTokens) { return sum.Over(batch.StepTokens); }
        var share = counts.to_type(entropies.dtype).sum().Over(batch.StepTokens);
        return sum / kept.to_type(entropies.dtype).sum().AtLeast(1) * share;
    }
}

/// <summary>What the loss of a micro-batch is computed from. B rows, T completion positions.</summary>
public sealed record PolicyBatch
{
    /// <summary>[B, T] of the policy being trained, with gradient.</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>[B, T] of the policy that sampled, by the trainer; null where that is the policy itself, so that the ratio is 1.</summary>
    public Tensor? OldLogProbs { get; init; }

    /// <summary>[B, T] of the reference model.</summary>
    public Tensor? RefLogProbs { get; init; }

    /// <summary>[B, T] as the sampler gave them.</summary>
    public Tensor? SamplerLogProbs { get; init; }

    /// <summary>[B, T] in nats, with gradient where the loss has an entropy bonus.</summary>
    public Tensor? Entropies { get; init; }

    /// <summary>From <see cref="EntropyMask.Threshold"/> over the whole step; null = over this micro-batch, and then the cut matters.</summary>
    public Tensor? EntropyThreshold { get; init; }

    /// <summary>[B].</summary>
    public required Tensor Advantages { get; init; }

    /// <summary>[B, T], 1 = counts: the completion with its stop token. All 0 for a row that is left out (overlong masking).</summary>
    public required Tensor Mask { get; init; }

    /// <summary>[B], from <see cref="LossAggregation.RowWeights"/> over the whole optimizer step.</summary>
    public required Tensor RowWeights { get; init; }

    /// <summary>Tokens that count in the whole optimizer step, at least 1.</summary>
    public required double StepTokens { get; init; }
}

/// <summary>A loss with its graph, and numbers about it.</summary>
public sealed record PolicyLossResult(Tensor Loss, PolicyLossMetrics Metrics);
