using System.Text;

namespace LlmReasoning.Torch.Generation;

/// <summary>Random numbers that are a function of what is sampled, not of the order of calls: batch size, neighbours and threads cannot change them.</summary>
public static class CounterRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;    // 2^64 / golden ratio, SplitMix64's increment

    /// <summary>A number in [0, 1), a multiple of 2^-53, for one token of one sample.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="problemKey"><see cref="Key"/> of the problem's id.</param>
    /// <param name="sampleIndex">Which of the problem's samples.</param>
    /// <param name="position">Which of the completion's tokens, from 0.</param>
    public static double Uniform(long seed, ulong problemKey, long sampleIndex, long position)
    {
        var bits = Mix((ulong)seed);
        bits = Mix(bits ^ problemKey);
        bits = Mix(bits ^ (ulong)sampleIndex);
        bits = Mix(bits ^ (ulong)position);
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The 64-bit FNV-1a hash of the id's UTF-8 bytes: the same in every process and on every machine.</summary>
    public static ulong Key(string problemId)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var value in Encoding.UTF8.GetBytes(problemId)) hash = (hash ^ value) * 0x100000001B3;
        return hash;
    }

    /// <summary>One step of SplitMix64 (Steele, Lea and Flood 2014): a bijection whose output bits each depend on every input bit.</summary>
    private static ulong Mix(ulong value)
    {
        value += Gamma;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
