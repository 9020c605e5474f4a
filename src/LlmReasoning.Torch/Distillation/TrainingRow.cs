namespace LlmReasoning.Torch.Distillation;

/// <summary>One row of a batch: one text, or several packed side by side that do not see each other.</summary>
/// <param name="Documents">At least one.</param>
public sealed record TrainingRow(params IReadOnlyList<SftExample> Documents)
{
    /// <summary>Of all documents.</summary>
    public int Length { get; } = Documents.Sum(document => document.Length);

    /// <summary>Tokens with a loss.</summary>
    public int TrainedTokens { get; } = Documents.Sum(document => document.TrainedTokens);

    /// <summary>
    /// Best fit, longest first: every document goes into the row with the least room that still takes it. TRL's packing_strategy bfd, but documents are never cut.
    /// </summary>
    /// <param name="documents">Equally long ones keep their order.</param>
    /// <param name="capacity">Tokens of a row; no document has more.</param>
    /// <exception cref="ArgumentException">A document is longer.</exception>
    public static IReadOnlyList<TrainingRow> Pack(IReadOnlyList<SftExample> documents, int capacity)
    {
        var rows = new List<List<SftExample>>();
        var rowsByRoom = new Dictionary<int, Queue<int>>();
        var rooms = new SortedSet<int>();                                       // the keys of rowsByRoom with a row
        foreach (var document in documents.OrderByDescending(document => document.Length))
        {
            if (document.Length > capacity) { throw new ArgumentException($"a document has {document.Length} tokens, a row {capacity}", nameof(documents)); }
            var room = rooms.GetViewBetween(document.Length, int.MaxValue).Min;      // 0 = none
            var row = room > 0 ? rowsByRoom[room].Dequeue() : rows.Count;
            if (room == 0) { rows.Add([]); }
            else if (rowsByRoom[room].Count == 0) { rooms.Remove(room); }
            rows[row].Add(document);
            var left = (room > 0 ? room : capacity) - document.Length;
            if (!rowsByRoom.TryGetValue(left, out var queue)) { rowsByRoom[left] = queue = new(); }
            queue.Enqueue(row);
            rooms.Add(left);
        }
        return [.. rows.Select(row => new TrainingRow(row))];
    }

    /// <summary>Rows as tensors [B, T], padded on the right, which causal attention never looks at.</summary>
    /// <returns>Ids; the documents' numbers, 1, 2, ... within a row and 0 at padding, null where no row has two; 1 where a token is trained.</returns>
    public static (Tensor Ids, Tensor? Documents, Tensor Targets) ToTensors(IReadOnlyList<TrainingRow> rows, Device device)
    {
        var width = rows.Max(row => row.Length);
        var (ids, numbers, targets) = (new long[rows.Count * width], new long[rows.Count * width], new long[rows.Count * width]);
        for (var i = 0; i < rows.Count; i++)
        {
            var place = i * width;
            for (var number = 0; number < rows[i].Documents.Count; number++)
            {
                var document = rows[i].Documents[number];
                for (var t = 0; t < document.Length; t++, place++)
                {
                    ids[place] = document.Ids[t];
                    numbers[place] = number + 1;
                    targets[place] = t > 0 && document.IsTrained[t] ? 1 : 0;
                }
            }
        }
        Tensor Of(long[] values) => tensor(values, [rows.Count, width], device: device);
        return (Of(ids), rows.Any(row => row.Documents.Count > 1) ? Of(numbers) : null, Of(targets));
    }
}
