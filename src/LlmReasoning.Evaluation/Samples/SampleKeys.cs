namespace LlmReasoning.Evaluation.Samples;

/// <summary>Which samples of which problems exist.</summary>
public sealed class SampleKeys
{
    private readonly Dictionary<string, HashSet<int>> _indexes = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    public IEnumerable<string> ProblemIds => _indexes.Keys;

    public bool Contains(string problemId, int sampleIdx) => _indexes.TryGetValue(problemId, out var indexes) && indexes.Contains(sampleIdx);

    /// <summary>False where it was there already.</summary>
    internal bool Add(string problemId, int sampleIdx)
    {
        if (!_indexes.TryGetValue(problemId, out var indexes)) { _indexes.Add(problemId, indexes = []); }
        if (!indexes.Add(sampleIdx)) { return false; }
        Count++;
        return true;
    }
}
