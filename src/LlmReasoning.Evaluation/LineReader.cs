namespace LlmReasoning.Evaluation;

/// <summary>Reads a text file, compressed or not, as UTF-8 lines with their positions in the text, holding one buffer and no more than one line.</summary>
public sealed class LineReader : IDisposable
{
    /// <summary>A longer line is refused: what has no line breaks is not a jsonl file, and would fill the memory.</summary>
    public const int MaxLineBytes = 256 << 20;

    private readonly Stream _stream;
    private readonly string _path;
    private byte[] _buffer = new byte[1 << 20];
    private int _start;
    private int _end;

    /// <exception cref="UserException">The file is missing or cannot be opened.</exception>
    public LineReader(string path)
    {
        _path = path;
        _stream = CompressedStream.OpenRead(path);
    }

    /// <summary>Of the current line, 1-based.</summary>
    public int LineNumber { get; private set; }

    /// <summary>Byte position of the current line's first byte.</summary>
    public long Offset { get; private set; }

    /// <summary>Byte position after the current line and its line break.</summary>
    public long NextOffset { get; private set; }

    /// <summary>False where the file ends before a line break.</summary>
    public bool IsTerminated { get; private set; }

    /// <summary>The next line that is not blank, without its line break; valid until the next call.</summary>
    public bool Read(out ReadOnlySpan<byte> line)
    {
        while (ReadLine(out line))
        {
            if (line.ContainsAnyExcept(" \t"u8)) { return true; }
        }
        return false;
    }

    public void Dispose() => _stream.Dispose();

    private bool ReadLine(out ReadOnlySpan<byte> line)
    {
        Offset = NextOffset;
        LineNumber++;
        var searched = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                return Take(searched + length, terminated: true, out line);
            }
            searched = _end - _start;
            if (!Fill())
            {
                return Take(searched, terminated: false, out line) && line.Length > 0;
            }
        }
    }

    private bool Take(int length, bool terminated, out ReadOnlySpan<byte> line)
    {
        line = _buffer.AsSpan(_start, length);
        IsTerminated = terminated;
        var taken = terminated ? length + 1 : length;
        _start += taken;
        NextOffset = Offset + taken;
        if (line.EndsWith("\r"u8)) { line = line[..^1]; }
        if (Offset == 0 && line.StartsWith("\uFEFF"u8)) { line = line[3..]; }
        return true;
    }

    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            if (_end >= MaxLineBytes) { throw new UserException($"{_path}: line {LineNumber} is longer than {MaxLineBytes >> 20} MB; is it a jsonl file?"); }
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        var read = ReadStream();
        _end += read;
        return read > 0;
    }

    private int ReadStream()
    {
        try
        {
            return _stream.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (Exception e) when (CompressedStream.IsDamage(e))
        {
            throw CompressedStream.Damaged(_path, e);
        }
    }
}
