namespace LlmReasoning.Torch.Tokenization;

/// <summary>Merges the pairs of one word in n log n steps: the library's own loop is quadratic in the length of the word.</summary>
internal sealed class LongWordMerger
{
    private const int None = -1;

    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges = [];

    public LongWordMerger(IReadOnlyList<Merge> merges)
    {
        _merges.EnsureCapacity(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            _merges[(merges[rank].Left, merges[rank].Right)] = (rank, merges[rank].Merged);
        }
    }

    /// <summary>Merges the pair of lowest rank, of equal ones the leftmost, until no pair is left.</summary>
    /// <param name="ids">Ids of single bytes; overwritten.</param>
    public int[] Merge(int[] ids)
    {
        var previous = new int[ids.Length];
        var next = new int[ids.Length];
        var queue = new PriorityQueue<int, (int Rank, int Position)>();    // the id that a merge gives
        for (var i = 0; i < ids.Length; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1 < ids.Length ? i + 1 : None;
            EnqueuePairAt(i);
        }
        while (queue.TryDequeue(out var merged, out var place))
        {
            var left = place.Position;
            // Entries outlive their pair: take one only while its pair still gives the same token.
            if (ids[left] == None || next[left] == None || !_merges.TryGetValue((ids[left], ids[next[left]]), out var merge) || merge.Merged != merged)
            {
                continue;
            }
            var right = next[left];
            ids[left] = merged;
            ids[right] = None;
            next[left] = next[right];
            if (next[left] != None)
            {
                previous[next[left]] = left;
            }
            EnqueuePairAt(previous[left]);
            EnqueuePairAt(left);
        }
        return [.. ids.Where(id => id != None)];

        void EnqueuePairAt(int left)
        {
            if (left != None && next[left] != None && _merges.TryGetValue((ids[left], ids[next[left]]), out var merge))
            {
                queue.Enqueue(merge.Merged, (merge.Rank, left));
            }
        }
    }
}
