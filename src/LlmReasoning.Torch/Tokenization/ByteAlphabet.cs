namespace LlmReasoning.Torch.Tokenization;

/// <summary>GPT-2's spelling of bytes as printable characters: a byte-level vocabulary is written in it.</summary>
internal static class ByteAlphabet
{
    private const int Unused = -1;

    private static readonly char[] Characters = new char[256];
    private static readonly int[] Bytes = new int[512];

    static ByteAlphabet()
    {
        Array.Fill(Bytes, Unused);
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            var character = isPrintable ? value : next++;
            Characters[value] = (char)character;
            Bytes[character] = value;
        }
    }

    public static char Spell(byte value) => Characters[value];

    /// <summary>The bytes that <paramref name="token"/> spells, or null where a character of it is no byte's.</summary>
    public static byte[]? Read(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            var value = token[i] < Bytes.Length ? Bytes[token[i]] : Unused;
            if (value == Unused)
            {
                return null;
            }
            bytes[i] = (byte)value;
        }
        return bytes;
    }
}
