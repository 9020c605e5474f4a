namespace LlmReasoning.Evaluation;

/// <summary>The 64-bit FNV-1a hash.</summary>
internal static class Fnv1a
{
    public const ulong Offset = 0xCBF29CE484222325;

    public static ulong Append(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 0x100000001B3;
        }
        return hash;
    }
}
