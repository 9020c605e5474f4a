using System.IO.Compression;
using ZstdSharp;

namespace LlmReasoning.Evaluation;

/// <summary>Files that may be compressed: gzip where the name ends in .gz, Zstandard where it ends in .zst, else as they are.</summary>
internal static class CompressedStream
{
    private const int ZstdLevel = 3;

    // Without it GZipStream takes a file that was cut off for a shorter one.
    static CompressedStream() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>The name without .gz or .zst.</summary>
    public static string WithoutExtension(string path) => IsGzip(path) || IsZstd(path) ? Path.ChangeExtension(path, null) : path;

    public static bool IsCompressed(string path) => IsGzip(path) || IsZstd(path);

    /// <exception cref="UserException">The file is missing or cannot be opened.</exception>
    public static Stream OpenRead(string path)
    {
        if (!File.Exists(path)) { throw new UserException(Directory.Exists(path) ? $"{path}: is a folder; name a file" : $"{path}: file not found"); }
        RegularFile.Require(path);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message})", e);
        }
        return IsGzip(path) ? new GZipStream(file, CompressionMode.Decompress)
            : IsZstd(path) ? new DecompressionStream(file, leaveOpen: false)
            : file;
    }

    /// <summary>Writes a file whole or not at all, compressed as its name says.</summary>
    public static void Write(string path, Action<Stream> write) => AtomicFile.Write(path, file =>
    {
        if (!IsCompressed(path))
        {
            write(file);
            return;
        }
        using Stream stream = IsGzip(path)
            ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true)
            : new CompressionStream(file, ZstdLevel, leaveOpen: true);
        write(stream);
    });

    /// <summary>Copies a file, each side compressed as its name says.</summary>
    /// <exception cref="UserException">The source is missing or damaged; nothing is written then.</exception>
    public static void Copy(string from, string to) => Write(to, stream =>
    {
        using var source = OpenRead(from);
        try
        {
            source.CopyTo(stream);
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw Damaged(from, e);
        }
    });

    /// <summary>Whether two files hold the same bytes once decompressed; false where one is damaged.</summary>
    public static bool SameContent(string one, string other)
    {
        using Stream a = OpenRead(one), b = OpenRead(other);
        var (bytesOfA, bytesOfB) = (new byte[1 << 16], new byte[1 << 16]);
        try
        {
            while (true)
            {
                var read = a.ReadAtLeast(bytesOfA, bytesOfA.Length, throwOnEndOfStream: false);
                if (b.ReadAtLeast(bytesOfB, bytesOfB.Length, throwOnEndOfStream: false) != read || !bytesOfA.AsSpan(0, read).SequenceEqual(bytesOfB.AsSpan(0, read))) { return false; }
                if (read < bytesOfA.Length) { return true; }
            }
        }
        catch (Exception e) when (IsDamage(e))
        {
            return false;
        }
    }

    /// <summary>Whether reading failed because the compressed data is cut off or changed.</summary>
    public static bool IsDamage(Exception exception) => exception is InvalidDataException or EndOfStreamException or ZstdException;

    public static UserException Damaged(string path, Exception cause) =>
        new($"{path}: the compressed data is damaged or cut off ({cause.Message.TrimEnd('.')}); make the file anew", cause);

    private static bool IsGzip(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private static bool IsZstd(string path) => path.EndsWith(".zst", StringComparison.OrdinalIgnoreCase);
}
