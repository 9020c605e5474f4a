using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Generation;

/// <summary>Turns a model's logits into those that are sampled from: removed tokens get -inf.</summary>
/// <remarks>
/// The order is that of transformers' generate(): repetition penalty, temperature, top-k, top-p, min-p. A row's result depends on that row alone.
/// Where top-p cuts between equal logits the reference leaves open which of them stay; here those of the smallest token ids do.
/// Axes: R rows, V vocabulary.
/// </remarks>
public static class LogitsFilter
{
    /// <summary>Filters <paramref name="logits"/> [R, V] float32, of which each row has a finite entry, and returns the same shape.</summary>
    /// <param name="logits">Left as it is; the result shares its memory where the settings change nothing.</param>
    /// <param name="settings">A temperature of 0 counts as 1: the caller takes the argmax.</param>
    /// <param name="previousIds">For the repetition penalty: the token ids seen so far, padding left out, one list a row; repeats count once.</param>
    public static Tensor Apply(Tensor logits, SamplingSettings settings, IReadOnlyList<IReadOnlyList<int>>? previousIds = null)
    {
        using var _ = NewDisposeScope();
        var filtered = logits.alias();
        if (settings.RepetitionPenalty != 1 && previousIds is not null) filtered = Penalise(filtered, settings.RepetitionPenalty, previousIds);
        if (settings.Temperature is not (0 or 1)) filtered = filtered.Over(settings.Temperature);
        if (settings.TopK > 0 && settings.TopK < filtered.shape[1]) filtered = KeepTopK(filtered, settings.TopK);
        if (settings.TopP < 1) filtered = KeepTopP(filtered, settings.TopP);
        if (settings.MinP > 0) filtered = KeepMinP(filtered, settings.MinP);
        return filtered.MoveToOuterDisposeScope();
    }

    private static Tensor Penalise(Tensor logits, double penalty, IReadOnlyList<IReadOnlyList<int>> previousIds)
    {
        var rows = previousIds.Count;
        if (rows != logits.shape[0]) throw new ArgumentException($"{rows} lists of previous ids for {logits.shape[0]} rows of logits", nameof(previousIds));
        var width = previousIds.Max(ids => ids.Count);
        if (width == 0) return logits;

        // Short rows repeat their first id, which changes nothing; a row without ids writes back what it read.
        var padded = new long[rows, width];
        var hasIds = new bool[rows, 1];
        for (var row = 0; row < rows; row++)
        {
            var ids = previousIds[row];
            hasIds[row, 0] = ids.Count > 0;
            for (var column = 0; column < width && ids.Count > 0; column++) padded[row, column] = ids[column < ids.Count ? column : 0];
        }
        var index = tensor(padded, device: logits.device);
        var scores = logits.gather(1, index);
        var penalised = where(scores.IsNegative(), scores.Times(penalty), scores.Over(penalty));
        return logits.scatter(1, index, where(tensor(hasIds, device: logits.device), penalised, scores));
    }

    private static Tensor KeepTopK(Tensor logits, int k)
    {
        var (largest, _) = logits.topk(k, dim: 1);
        return logits.Filled(logits < largest.narrow(1, k - 1, 1), double.NegativeInfinity);
    }

    private static Tensor KeepTopP(Tensor logits, double p) =>
        logits.device_type == DeviceType.CPU ? Nucleus.KeepByBuckets(logits, p) : Nucleus.KeepBySorting(logits, p);

    /// <summary>probability &lt; minP * largest probability, written in logits: no softmax is needed.</summary>
    private static Tensor KeepMinP(Tensor logits, double minP)
    {
        var limit = logits.amax([1], keepdim: true).Plus(Math.Log(minP));
        return logits.Filled(logits < limit, double.NegativeInfinity);
    }
}
