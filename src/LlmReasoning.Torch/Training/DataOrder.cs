using LlmReasoning.Evaluation;

namespace LlmReasoning.Torch.Training;

/// <summary>Which items a step takes: a new permutation each epoch, a function of seed and epoch alone, so that a resumed run needs no state.</summary>
/// <param name="count">Items, at least 1.</param>
/// <param name="seed">Of the permutations.</param>
/// <param name="shuffle">False: the order of the file.</param>
/// <param name="length">An item's length: steps then take items of similar length (group_by_length), sorted inside windows of 50 steps. Null = they do not.</param>
public sealed class DataOrder(int count, long seed, bool shuffle = true, Func<int, int>? length = null)
{
    private const int StepsOfWindow = 50;

    private (long Epoch, int PerStep, int[] Order) _last = (-1, 0, []);

    /// <summary>Items [step * perStep, (step + 1) * perStep) of the endless order; a step may reach from one epoch into the next.</summary>
    /// <param name="step">From 0.</param>
    public IReadOnlyList<int> Take(long step, int perStep) =>
        [.. Enumerable.Range(0, perStep).Select(i => Item((step * perStep) + i, perStep))];

    private int Item(long place, int perStep)
    {
        var epoch = place / count;
        if ((_last.Epoch, _last.PerStep) != (epoch, perStep)) { _last = (epoch, perStep, Order(epoch, perStep)); }
        return _last.Order[place % count];
    }

    private int[] Order(long epoch, int perStep)
    {
        var random = new SplitMix64(seed, "order", epoch);
        var order = Enumerable.Range(0, count).ToArray();
        if (shuffle) { Shuffle(order, random); }
        return length is null ? order : [.. order.Chunk(StepsOfWindow * perStep).SelectMany(window => Grouped(window, perStep, random))];
    }

    // Whole batches change places; what is left over at the end of an epoch stays there.
    private IEnumerable<int> Grouped(int[] window, int perStep, SplitMix64 random)
    {
        var batches = window.OrderBy(length!).Chunk(perStep).ToArray();
        Shuffle(batches.AsSpan(0, window.Length / perStep), random);
        return batches.SelectMany(batch => batch);
    }

    // Fisher and Yates.
    private static void Shuffle<T>(Span<T> items, SplitMix64 random)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = random.Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
