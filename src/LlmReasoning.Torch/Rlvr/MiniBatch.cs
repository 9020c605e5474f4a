using LlmReasoning.Evaluation;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>A completion in an update.</summary>
/// <param name="Counted">Tokens that train: all of them, or 0 for one that is left out.</param>
internal sealed record Row(Completion Completion, double Advantage, int Counted)
{
    /// <summary>1 / divisor of its tokens, from <see cref="LossAggregation.RowWeights"/>.</summary>
    public double Weight { get; init; }

    public int Length => LengthOf(Completion);

    public static int LengthOf(Completion completion) => completion.Request.PromptIds.Count + completion.Ids.Count;
}

/// <summary>The rows of one optimizer step.</summary>
/// <param name="Trained">Those that have a gradient, cut by tokens.</param>
/// <param name="Untrained">Others that count in the divisors.</param>
/// <param name="Tokens">That count, at least 1.</param>
internal sealed record MiniBatch(IReadOnlyList<MicroRows> Trained, IReadOnlyList<Row> Untrained, long Tokens)
{
    /// <summary>A step's rows as its optimizer steps take them, of about equal size. One takes them in their order; several in a random order, as TRL's do, so that none is of a few problems alone.</summary>
    /// <param name="parts">Optimizer steps; with fewer rows, as many as there are rows.</param>
    public static IReadOnlyList<List<Row>> Parts(IReadOnlyList<Row> rows, int parts, long seed, int step)
    {
        var order = new DataOrder(rows.Count, (long)new SplitMix64(seed, "mini-batches", step).Next(), shuffle: parts > 1).Take(0, rows.Count);
        int First(int part) => (int)((long)rows.Count * part / parts);
        return [.. Enumerable.Range(0, parts)
            .Select(part => order.Skip(First(part)).Take(First(part + 1) - First(part)).Select(row => rows[row]).ToList())
            .Where(part => part.Count > 0)];
    }

    /// <param name="rows">All rows of the optimizer step, at least one.</param>
    /// <param name="trains">Whether a row has a gradient.</param>
    public static MiniBatch Of(IReadOnlyList<Row> rows, Func<Row, bool> trains, Aggregation aggregation, RlvrConfig config, Device device)
    {
        var lengths = tensor(rows.Select(row => (long)row.Counted).ToArray());
        var weights = LossAggregation.RowWeights(aggregation, lengths, config.MaxCompletionLength, config.PerDeviceTrainBatchSize ?? rows.Count).data<double>().ToArray();
        var counted = rows.Select((row, i) => row with { Weight = weights[i] }).Where(row => row.Counted > 0).ToLookup(trains);
        return new(MicroRows.Cut(counted[true], config.MicroBatchTokens, device), [.. counted[false]], Math.Max(1, rows.Sum(row => (long)row.Counted)));
    }
}

/// <summary>Right padded rows of similar length: [B, T] each, [B] for advantages and weights.</summary>
internal sealed record MicroRows(Tensor Ids, Tensor Targets, Tensor SamplerLogProbs, Tensor Advantages, Tensor RowWeights)
{
    /// <summary>By the trainer, before the first update.</summary>
    public Tensor? OldLogProbs { get; set; }

    public Tensor? RefLogProbs { get; set; }

    /// <summary>Rows in as many micro-batches as their tokens need.</summary>
    public static IReadOnlyList<MicroRows> Cut(IEnumerable<Row> rows, int tokens, Device device) =>
        [.. TokenBudget.Cut(rows, row => row.Length, tokens).Select(batch => Of(batch, device))];

    public static MicroRows Of(IReadOnlyList<Row> rows, Device device)
    {
        var (count, width) = (rows.Count, rows.Max(row => row.Length));
        var (ids, targets, sampled) = (new long[count * width], new float[count * width], new float[count * width]);
        for (var i = 0; i < count; i++)
        {
            var completion = rows[i].Completion;
            var prompt = completion.Request.PromptIds;
            for (var t = 0; t < prompt.Count; t++) { ids[(i * width) + t] = prompt[t]; }
            for (var t = 0; t < completion.Ids.Count; t++)
            {
                var place = (i * width) + prompt.Count + t;
                (ids[place], targets[place], sampled[place]) = (completion.Ids[t], 1, completion.LogProbs[t]);
            }
        }
        return new(
            tensor(ids, [count, width], device: device),
            tensor(targets, [count, width], device: device),
            tensor(sampled, [count, width], device: device),
            tensor(rows.Select(row => row.Advantage).ToArray(), device: device),
            tensor(rows.Select(row => row.Weight).ToArray(), device: device));
    }
}
