namespace LlmReasoning.Cli.Study;

/// <summary>A file's content as stage.json remembers it.</summary>
/// <param name="Sha256">In lower case hexadecimal.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Modified">UTC ticks; with the length it saves reading the file again.</param>
internal sealed record FileContent(string Sha256, long Bytes, long Modified);

/// <summary>Contents of files, each read at most once.</summary>
internal sealed class FileHashes
{
    private readonly Dictionary<string, FileContent> _known = new(StringComparer.Ordinal);

    /// <summary>The content of a file that exists.</summary>
    /// <param name="path">The file.</param>
    /// <param name="before">What it was; taken again where length and time are the same.</param>
    public FileContent Of(string path, FileContent? before = null)
    {
        var file = new FileInfo(path);
        var (bytes, modified) = (file.Length, file.LastWriteTimeUtc.Ticks);
        if (before is not null && before.Bytes == bytes && before.Modified == modified) { return before; }
        if (_known.TryGetValue(path, out var known) && known.Bytes == bytes && known.Modified == modified) { return known; }
        return _known[path] = new(RegularFile.Sha256(path), bytes, modified);
    }
}
