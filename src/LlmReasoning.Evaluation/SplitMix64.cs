using System.Globalization;
using System.Text;

namespace LlmReasoning.Evaluation;

/// <summary>SplitMix64 random numbers, keyed by what is drawn: the same parts give the same numbers in every process and language.</summary>
/// <remarks>Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014). The state starts as FNV-1a over the parts.</remarks>
public sealed class SplitMix64
{
    private ulong _state;

    /// <param name="parts">Texts and whole numbers; each is hashed as its decimal or UTF-8 text followed by a slash.</param>
    public SplitMix64(params ReadOnlySpan<object> parts)
    {
        _state = Fnv1a.Offset;
        foreach (var part in parts)
        {
            var text = Convert.ToString(part, CultureInfo.InvariantCulture)!;
            _state = Fnv1a.Append(Fnv1a.Append(_state, Encoding.UTF8.GetBytes(text)), "/"u8);
        }
    }

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0..n-1, for n up to 2^31.</summary>
    public int Below(int n) => (int)(((Next() >> 32) * (ulong)n) >> 32);

    /// <summary>Both ends included.</summary>
    public int Between(int lowest, int highest) => lowest + Below(highest - lowest + 1);

    /// <summary>[0, 1) in steps of 2^-53.</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1L << 53));

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>An item with probability proportional to its weight.</summary>
    public T Weighted<T>(params ReadOnlySpan<(T Item, double Weight)> items)
    {
        var sum = 0.0;
        foreach (var (_, weight) in items) { sum += weight; }
        var left = Uniform() * sum;
        foreach (var (item, weight) in items)
        {
            left -= weight;
            if (left < 0) { return item; }
        }
        return items[^1].Item;
    }
}
