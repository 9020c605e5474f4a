namespace LlmReasoning.Torch.Training;

/// <summary>Cuts rows into micro-batches by tokens, padding included: what a pass costs in memory.</summary>
public static class TokenBudget
{
    /// <summary>Micro-batches of rows of similar length, longest first; a row longer than the budget stands alone.</summary>
    public static IEnumerable<List<T>> Cut<T>(IEnumerable<T> rows, Func<T, int> length, int tokens)
    {
        var batch = new List<T>();
        foreach (var row in rows.OrderByDescending(length))
        {
            if (batch.Count > 0 && (batch.Count + 1) * (long)length(batch[0]) > tokens)
            {
                yield return batch;
                batch = [];
            }
            batch.Add(row);
        }
        if (batch.Count > 0) { yield return batch; }
    }
}
