namespace LlmReasoning;

/// <summary>Writes a file whole or not at all: beside it, flushed to the disk, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Refuses what can never be written, for a command that would find out after hours of work.</summary>
    /// <exception cref="UserException">The name is empty, or that of a folder; the file's folder cannot be written to.</exception>
    public static void RequireWritable(string path)
    {
        RequireFileName(path);
        if (!IsDevice(path)) { OutputFolder.Create(Path.GetDirectoryName(Path.GetFullPath(path))!); }
    }

    /// <summary>Calls <paramref name="write"/> on a new file beside <paramref name="path"/> and renames it when that returns. A link stays one: what it leads to is replaced.</summary>
    /// <exception cref="UserException">As <see cref="RequireWritable"/>; the disk is full.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        RequireFileName(path);
        try
        {
            WriteBeside(path, write);
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            throw WriteFailure.Of(path, e);
        }
    }

    /// <summary>Writes <paramref name="text"/> as UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static void RequireFileName(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) { throw new UserException("the name of the file to write is empty; name a file"); }
        if (Directory.Exists(path)) { throw new UserException($"{path}: is a folder; name a file to write"); }
    }

    private static bool IsDevice(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) is "/dev" or "/dev/fd" or "/proc/self/fd";

    private static void WriteBeside(string path, Action<Stream> write)
    {
        if (IsDevice(path))
        {
            // Renaming would put a file in the place of /dev/null or /dev/stdout.
            using var device = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            write(device);
            return;
        }
        if (new FileInfo(path).LinkTarget is not null) { path = File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName; }
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var beside = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }
}
