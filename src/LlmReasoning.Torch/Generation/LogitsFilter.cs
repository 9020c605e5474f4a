namespace LlmReasoning.Torch.Generation;

/// <summary>Turns a model's logits into those that are sampled from: removed tokens get -inf.</summary>
/// <remarks>
/// The order is that of transformers' generate(): repetition penalty, temperature, top-k, top-p, min-p. A row's result depends on that row alone.
/// Where top-p cuts between equal logits the reference leaves open which of them stay; here those of the smallest token ids do.
/// Axes: R rows, V vocabulary.
/// </remarks>
public static class LogitsFilter
{
    private const int FirstCandidates = 64;
    private const int CandidateGrowth = 8;

    /// <summary>Filters <paramref name="logits"/> [R, V] float32, of which each row has a finite entry, and returns the same shape.</summary>
    /// <param name="logits">Left as it is; the result shares its memory where the settings change nothing.</param>
    /// <param name="settings">A temperature of 0 counts as 1: the caller takes the argmax.</param>
    /// <param name="previousIds">For the repetition penalty: the token ids seen so far, padding left out, one list a row; repeats count once.</param>
    public static Tensor Apply(Tensor logits, SamplingSettings settings, IReadOnlyList<IReadOnlyList<int>>? previousIds = null)
    {
        using var _ = NewDisposeScope();
        var filtered = logits.alias();
        if (settings.RepetitionPenalty != 1 && previousIds is not null) filtered = Penalise(filtered, settings.RepetitionPenalty, previousIds);
        if (settings.Temperature is not (0 or 1)) filtered = filtered / settings.Temperature;
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
        var penalised = where(scores < 0, scores * penalty, scores / penalty);
        return logits.scatter(1, index, where(tensor(hasIds, device: logits.device), penalised, scores));
    }

    private static Tensor KeepTopK(Tensor logits, int k)
    {
        var (largest, _) = logits.topk(k, dim: 1);
        return logits.masked_fill(logits < largest.narrow(1, k - 1, 1), double.NegativeInfinity);
    }

    /// <summary>In descending order a token stays while the probabilities before it sum to less than p.</summary>
    /// <remarks>
    /// Sorting a whole vocabulary costs forty times what finding its few largest entries does, so candidates are taken in growing numbers, and
    /// only for the rows whose candidates do not yet hold the mass p.
    /// </remarks>
    private static Tensor KeepTopP(Tensor logits, double p)
    {
        var vocabulary = logits.shape[1];
        // The softmax kernel treats each row alike however many there are; logsumexp of a single row is split over threads and rounds differently.
        var probabilities = logits.softmax(1);
        var smallestKept = empty([logits.shape[0], 1], dtype: ScalarType.Float32, device: logits.device);
        var keptCounts = empty([logits.shape[0], 1], dtype: ScalarType.Int64, device: logits.device);

        var openRows = arange(logits.shape[0], dtype: ScalarType.Int64, device: logits.device);
        for (long candidates = Math.Min(FirstCandidates, vocabulary); openRows.shape[0] > 0; candidates = Math.Min(candidates * CandidateGrowth, vocabulary))
        {
            var isEveryRow = openRows.shape[0] == logits.shape[0];
            var (values, indices) = (isEveryRow ? logits : logits.index_select(0, openRows)).topk((int)candidates, dim: 1);
            var mass = (isEveryRow ? probabilities : probabilities.index_select(0, openRows)).gather(1, indices).to_type(ScalarType.Float64);
            var massBefore = mass.cumsum(1) - mass;
            var kept = (massBefore < p).sum(1, keepdim: true);
            smallestKept.index_copy_(0, openRows, values.gather(1, kept - 1));
            keptCounts.index_copy_(0, openRows, kept);
            if (candidates == vocabulary) break;
            openRows = openRows.masked_select(kept.squeeze(1) == candidates);
        }

        var stays = logits >= smallestKept;
        var hasTieAtCut = stays.sum(1, keepdim: true) > keptCounts;
        if (hasTieAtCut.any().item<bool>()) stays = stays & (~hasTieAtCut | FirstOfTies(logits, smallestKept, keptCounts));
        return logits.masked_fill(~stays, double.NegativeInfinity);
    }

    /// <summary>True above the smallest kept value, and for as many entries equal to it, smallest ids first, as the count leaves room for.</summary>
    private static Tensor FirstOfTies(Tensor logits, Tensor smallestKept, Tensor keptCounts)
    {
        var above = logits > smallestKept;
        var equal = logits == smallestKept;
        var room = keptCounts - above.sum(1, keepdim: true);
        return above | (equal & (equal.cumsum(1) <= room));
    }

    /// <summary>probability &lt; minP * largest probability, written in logits: no softmax is needed.</summary>
    private static Tensor KeepMinP(Tensor logits, double minP)
    {
        var limit = logits.amax([1], keepdim: true) + Math.Log(minP);
        return logits.masked_fill(logits < limit, double.NegativeInfinity);
    }
}
