using LlmReasoning.Evaluation;

namespace LlmReasoning.Torch.Training;

/// <summary>Which items a step takes: a new permutation each epoch, a function of seed and epoch alone, so that a resumed run needs no state.</summary>
public sealed class DataOrder(int count, long seed, bool shuffle = true)
{
    private (long Epoch, int[] Order) _last = (-1, []);

    /// <summary>Items [step * perStep, (step + 1) * perStep) of the endless order; a step may reach from one epoch into the next.</summary>
    /// <param name="step">From 0.</param>
    public IReadOnlyList<int> Take(long step, int perStep) =>
        [.. Enumerable.Range(0, perStep).Select(i => Item((step * perStep) + i))];

    private int Item(long place)
    {
        var epoch = place / count;
        if (_last.Epoch != epoch) { _last = (epoch, shuffle ? Permutation(epoch) : [.. Enumerable.Range(0, count)]); }
        return _last.Order[place % count];
    }

    // Fisher and Yates.
    private int[] Permutation(long epoch)
    {
        var random = new SplitMix64(seed, "order", epoch);
        var order = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var j = random.Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}
