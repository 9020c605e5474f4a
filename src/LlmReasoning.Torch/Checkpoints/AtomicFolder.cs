namespace LlmReasoning.Torch.Checkpoints;

/// <summary>Writes a folder whole or not at all: beside it, then renamed.</summary>
public static class AtomicFolder
{
    /// <summary>Calls <paramref name="write"/> with a new folder beside <paramref name="folder"/> and renames it when that returns.</summary>
    /// <exception cref="UserException">The folder exists already and is not empty; what is in it is left alone. Or it cannot be written.</exception>
    public static void Write(string folder, Action<string> write)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(full)) throw new UserException($"{folder}: a file of this name exists; choose another folder");
        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any())
        {
            throw new UserException($"{folder}: the folder exists and is not empty; choose another, or remove it");
        }
        var parent = Path.GetDirectoryName(full) ?? throw new UserException($"{folder}: the root of a file system cannot be written; choose a folder below it");
        OutputFolder.Create(parent);
        var beside = Path.Combine(parent, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        try
        {
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);    // of a process that was killed and had the same id
            Directory.CreateDirectory(beside);
            write(beside);
            if (Directory.Exists(full)) Directory.Delete(full);
            Directory.Move(beside, full);
        }
        finally
        {
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        }
    }
}
