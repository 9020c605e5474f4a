namespace LlmReasoning.Evaluation.Selection;

/// <summary>At most so many correct responses of one problem: those with the lowest ranks. Ranks are keyed by what is drawn, so the order of arrival plays no part.</summary>
internal sealed class KeptResponses(int limit, bool distinct)
{
    private readonly List<(ulong Rank, Response Response)> _kept = [];

    /// <summary>By rising rank.</summary>
    public IReadOnlyList<Response> Responses => [.. _kept.Select(one => one.Response)];

    public void Add(ulong rank, Response response)
    {
        lock (_kept)
        {
            if (distinct && _kept.FindIndex(one => one.Response.Text == response.Text) is >= 0 and var same)
            {
                if (_kept[same].Rank <= rank) { return; }
                _kept.RemoveAt(same);
            }
            var at = _kept.FindIndex(one => rank < one.Rank || rank == one.Rank && response.Index < one.Response.Index);
            _kept.Insert(at < 0 ? _kept.Count : at, (rank, response));
            if (_kept.Count > limit) { _kept.RemoveAt(limit); }
        }
    }
}
