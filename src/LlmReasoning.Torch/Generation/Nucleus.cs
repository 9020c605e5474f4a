using System.Runtime.InteropServices;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Generation;

/// <summary>Top-p: in descending order a token stays while the probabilities before it sum to less than p (Holtzman et al., arXiv:1904.09751).</summary>
/// <remarks>Both ways keep the same tokens: of equal logits the smaller id comes first. Axes: R rows, V vocabulary.</remarks>
internal static class Nucleus
{
    private const int MostBuckets = 4096;       // 32 KB of masses: they stay in the first-level cache
    private const int FewestBuckets = 64;
    private const float NatsCovered = 32;       // e^-32 is 10^-14; whatever lies below shares the last bucket

    /// <summary>By sorting whole rows; the way for a GPU, where that is cheap.</summary>
    public static Tensor KeepBySorting(Tensor logits, double p)
    {
        using var _ = NewDisposeScope();
        var (sorted, ids) = logits.sort(dim: 1, descending: true, stable: true);
        var mass = logits.softmax(1).gather(1, ids).to_type(ScalarType.Float64);
        var massBefore = mass.cumsum(1) - mass;
        var kept = sorted.Filled(massBefore.IsAtLeast(p), double.NegativeInfinity);
        return logits.scatter(1, ids, kept).MoveToOuterDisposeScope();
    }

    /// <summary>By counting the mass in narrow buckets of logits and sorting only the bucket where it reaches p; the way for a CPU.</summary>
    /// <remarks>A full sort of [64, 49152] takes ten to twenty times as long; torch's topk does too where the distribution is flat and many candidates are needed.</remarks>
    public static Tensor KeepByBuckets(Tensor logits, double p)
    {
        using var _ = NewDisposeScope();
        var source = logits.contiguous();
        var probabilities = source.softmax(1);
        var largest = source.amax([1]).data<float>().ToArray();
        var result = empty_like(source);
        var mass = new double[Math.Clamp(source.shape[1] / 8, FewestBuckets, MostBuckets)];
        var buckets = new ushort[source.shape[1]];
        for (var row = 0; row < largest.Length; row++)
        {
            using var rowScope = NewDisposeScope();
            var rowProbabilities = Floats(probabilities[row]);
            FillBuckets(Floats(source[row]), rowProbabilities, largest[row], buckets, mass);
            KeepRow(Floats(source[row]), rowProbabilities, buckets, mass, p, Floats(result[row]));
        }
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>The bucket of each logit, which never falls as the logit does, and the mass in each bucket.</summary>
    private static void FillBuckets(ReadOnlySpan<float> logits, ReadOnlySpan<float> probabilities, float largest, Span<ushort> buckets, Span<double> mass)
    {
        mass.Clear();
        var perNat = mass.Length / NatsCovered;
        for (var id = 0; id < buckets.Length; id++)
        {
            var distance = largest - logits[id];
            var bucket = distance < NatsCovered ? Math.Min((int)(distance * perNat), mass.Length - 1) : mass.Length - 1;
            buckets[id] = (ushort)bucket;
            mass[bucket] += probabilities[id];
        }
    }

    private static void KeepRow(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> probabilities, ReadOnlySpan<ushort> buckets, ReadOnlySpan<double> mass, double p, Span<float> result)
    {
        var cut = 0;
        double massBefore = 0;
        while (cut < mass.Length - 1 && massBefore + mass[cut] < p) massBefore += mass[cut++];

        var inCut = new List<int>();
        for (var id = 0; id < buckets.Length; id++)
        {
            result[id] = buckets[id] < cut ? logits[id] : float.NegativeInfinity;
            if (buckets[id] == cut) inCut.Add(id);
        }
        foreach (var id in InDescendingOrder(inCut, logits))
        {
            if (massBefore >= p) break;
            result[id] = logits[id];
            massBefore += probabilities[id];
        }
    }

    private static int[] InDescendingOrder(List<int> ids, ReadOnlySpan<float> logits)
    {
        var order = ids.ToArray();
        var keys = new (float NegatedLogit, int Id)[order.Length];
        for (var i = 0; i < order.Length; i++) keys[i] = (-logits[order[i]], order[i]);
        Array.Sort(keys, order);
        return order;
    }

    private static Span<float> Floats(Tensor row) => MemoryMarshal.Cast<byte, float>(row.bytes);
}
