using System.Buffers;
using System.Globalization;
using System.Text;

namespace LlmReasoning.Evaluation;

/// <summary>Builds one line of a jsonl file in UTF-8: <c>{"key": value, "key": value}</c> and a line feed, as Python's json module spaces it.</summary>
/// <remarks>
/// Text stays readable: only quotes, backslashes and control characters are escaped. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
/// Numbers are invariant, floats the shortest text that reads back to the same value.
/// </remarks>
internal sealed class JsonLine
{
    // Beside what JSON demands: what some programs take for the end of a line.
    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (char)i), '"', '\\', '\u007f', '\u0085', '\u2028', '\u2029']);

    private byte[] _bytes = new byte[4096];
    private int _length;

    /// <summary>Starts a new line; what was built before is gone.</summary>
    public void Begin()
    {
        _length = 0;
        Raw("{"u8);
    }

    public void Text(ReadOnlySpan<byte> key, string value)
    {
        Key(key);
        Quoted(value);
    }

    public void Texts(ReadOnlySpan<byte> key, IReadOnlyList<string> values)
    {
        Key(key);
        for (var i = 0; i < values.Count; i++)
        {
            Raw(i == 0 ? "["u8 : ", "u8);
            Quoted(values[i]);
        }
        Raw(values.Count == 0 ? "[]"u8 : "]"u8);
    }

    public void Number(ReadOnlySpan<byte> key, long value)
    {
        Key(key);
        Formatted(value);
    }

    public void Number(ReadOnlySpan<byte> key, double value)
    {
        Key(key);
        Formatted(Finite(value));
    }

    public void Numbers(ReadOnlySpan<byte> key, IReadOnlyList<int> values)
    {
        Key(key);
        for (var i = 0; i < values.Count; i++)
        {
            Raw(i == 0 ? "["u8 : ", "u8);
            Formatted(values[i]);
        }
        Raw(values.Count == 0 ? "[]"u8 : "]"u8);
    }

    public void Numbers(ReadOnlySpan<byte> key, IReadOnlyList<float> values)
    {
        Key(key);
        for (var i = 0; i < values.Count; i++)
        {
            Raw(i == 0 ? "["u8 : ", "u8);
            Finite(values[i]);
            Formatted(values[i]);
        }
        Raw(values.Count == 0 ? "[]"u8 : "]"u8);
    }

    /// <summary>Closes the line; valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        Raw("}\n"u8);
        return _bytes.AsSpan(0, _length);
    }

    private static double Finite(double value) =>
        double.IsFinite(value) ? value : throw new ArgumentException($"{value} has no JSON form; a log-probability or setting is not finite");

    private void Quoted(string value)
    {
        Raw("\""u8);
        var rest = value.AsSpan();
        while (true)
        {
            var plain = rest.IndexOfAny(Escaped);
            Utf8(plain < 0 ? rest : rest[..plain]);
            if (plain < 0) { break; }
            Escape(rest[plain]);
            rest = rest[(plain + 1)..];
        }
        Raw("\""u8);
    }

    private void Escape(char c)
    {
        switch (c)
        {
            case '"': Raw("\\\""u8); break;
            case '\\': Raw("\\\\"u8); break;
            case '\n': Raw("\\n"u8); break;
            case '\r': Raw("\\r"u8); break;
            case '\t': Raw("\\t"u8); break;
            default: Utf8($"\\u{(int)c:x4}"); break;
        }
    }

    private void Key(ReadOnlySpan<byte> key)
    {
        if (_length > 1) { Raw(", "u8); }
        Raw("\""u8);
        Raw(key);
        Raw("\": "u8);
    }

    private void Formatted<T>(T value) where T : IUtf8SpanFormattable
    {
        Reserve(32);
        value.TryFormat(_bytes.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Utf8(ReadOnlySpan<char> text)
    {
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
    }

    private void Reserve(int count)
    {
        if (_length + count > _bytes.Length) { Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count)); }
    }
}
