using System.Buffers.Text;

namespace LlmReasoning.Evaluation.Samples;

/// <summary>Escapes such as \ud800 without their partner: Python writes them where a model's bytes were no text, .NET refuses them.</summary>
internal static class LoneSurrogates
{
    /// <summary>The line with each of them as \ufffd, null where it has none.</summary>
    public static byte[]? Replace(ReadOnlySpan<byte> line)
    {
        byte[]? replaced = null;
        for (var i = 0; i + 1 < line.Length;)
        {
            if (line[i] != '\\')
            {
                i++;
                continue;
            }
            var unit = Unit(line[i..]);
            if (unit is < 0xD800 or > 0xDFFF)
            {
                i += 2;                                         // the escaped character may be a backslash itself
                continue;
            }
            if (unit < 0xDC00 && Unit(line[(i + 6)..]) is >= 0xDC00 and <= 0xDFFF)
            {
                i += 12;
                continue;
            }
            replaced ??= line.ToArray();
            "\\ufffd"u8.CopyTo(replaced.AsSpan(i));
            i += 6;
        }
        return replaced;
    }

    /// <summary>The UTF-16 unit of an escape \uXXXX at the start, -1 where there is none.</summary>
    private static int Unit(ReadOnlySpan<byte> text) =>
        text.Length >= 6 && text.StartsWith("\\u"u8) && Utf8Parser.TryParse(text.Slice(2, 4), out int unit, out var digits, 'x') && digits == 4 ? unit : -1;
}
