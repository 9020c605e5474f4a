using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Generation;

/// <summary>Draws one token a row from logits. A row's draw depends on its logits and its own uniform number alone: the first token whose running sum exceeds it.</summary>
/// <remarks>Axes: R rows, V vocabulary.</remarks>
internal static class Sampler
{
    /// <summary>The distribution that a draw uses.</summary>
    /// <param name="logits">[R, V], any floating type.</param>
    /// <param name="settings">Temperature and filters; temperature 0 gives the distribution at temperature 1 and no <c>Cumulative</c>.</param>
    /// <param name="previousIds">The ids that the repetition penalty applies to, one list a row; null without a penalty.</param>
    /// <returns>
    /// <c>Processed</c> [R, V]: after penalty, temperature and filters. <c>LogProbs</c> [R, V] float32: before filters unless the settings say otherwise.
    /// <c>Cumulative</c> [R, V] float32: running sums of the probabilities, null at temperature 0.
    /// </returns>
    /// <exception cref="UserException">A logit is NaN or +infinity, or all of a row are -infinity.</exception>
    public static (Tensor Processed, Tensor LogProbs, Tensor? Cumulative) Distribution(Tensor logits, SamplingSettings settings, IReadOnlyList<IReadOnlyList<int>>? previousIds)
    {
        var wide = logits.to_type(ScalarType.Float32);
        var warm = settings.Temperature is 0 or 1 ? wide : wide.Over(settings.Temperature);
        var logProbs = warm.log_softmax(-1);
        if (!logProbs.amax([-1]).isfinite().all().item<bool>()) { throw NotFinite(); }      // also where a logit is NaN or infinite
        var isPlain = settings.RepetitionPenalty == 1 && settings.TopK == 0 && settings.TopP == 1 && settings.MinP == 0;
        var processed = isPlain ? warm : LogitsFilter.Apply(wide, settings, previousIds);
        var reported = settings.FilteredLogProbs && !isPlain ? processed.log_softmax(-1) : logProbs;
        if (settings.Temperature == 0) { return (processed, reported, null); }
        return (processed, reported, (isPlain ? logProbs.exp() : processed.softmax(-1)).cumsum(-1));
    }

    /// <summary>One token a row.</summary>
    /// <param name="logits">See <see cref="Distribution"/>.</param>
    /// <param name="settings">See <see cref="Distribution"/>.</param>
    /// <param name="uniforms">[R], each in [0, 1); not used at temperature 0.</param>
    /// <param name="previousIds">See <see cref="Distribution"/>.</param>
    /// <returns>Ids [R] and their log-probabilities [R], before filters unless the settings say otherwise.</returns>
    public static (int[] Ids, float[] LogProbs) Draw(Tensor logits, SamplingSettings settings, double[] uniforms, IReadOnlyList<IReadOnlyList<int>>? previousIds)
    {
        using var scope = NewDisposeScope();
        if (PlainDraw.Supports(settings, logits.device)) { return PlainDraw.Draw(logits.to_type(ScalarType.Float32), settings.Temperature, uniforms); }
        var (processed, logProbs, cumulative) = Distribution(logits, settings, previousIds);
        var ids = cumulative is null ? processed.argmax(-1, keepdim: true) : searchsorted(cumulative, Thresholds(cumulative, uniforms), right: true);
        var chosen = logProbs.gather(1, ids);
        return ([.. ids.to_type(ScalarType.Int32).cpu().data<int>()], [.. chosen.cpu().data<float>()]);
    }

    /// <summary>The mistake that a model gives numbers no token can be drawn from.</summary>
    public static UserException NotFinite() =>
        new("the model's logits are not finite: its weights are broken, or its dtype is too narrow for them; take other weights, or dtype float32");

    /// <summary>The index that <see cref="Draw"/> would choose, on the host.</summary>
    public static int Find(ReadOnlySpan<float> cumulative, double uniform)
    {
        var total = cumulative[^1];
        var threshold = MathF.Min((float)(uniform * total), MathF.BitDecrement(total));
        var (low, high) = (0, cumulative.Length - 1);
        while (low < high)                          // the first index whose sum is greater than the threshold
        {
            var middle = (low + high) / 2;
            if (cumulative[middle] > threshold) { high = middle; }
            else { low = middle + 1; }
        }
        return low;
    }

    // [R, 1]; below the total, since the last running sum is the only one that a rounded product may reach.
    private static Tensor Thresholds(Tensor cumulative, double[] uniforms)
    {
        var total = cumulative.narrow(1, cumulative.shape[1] - 1, 1);
        var scaled = (tensor(uniforms, device: cumulative.device).unsqueeze(1) * total).to_type(ScalarType.Float32);
        return minimum(scaled, nextafter(total, zeros_like(total)));
    }
}
