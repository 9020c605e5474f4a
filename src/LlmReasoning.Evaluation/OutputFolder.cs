namespace LlmReasoning;

/// <summary>The folder that a command writes to, looked at before the work that fills it.</summary>
public static class OutputFolder
{
    /// <summary>The file that is held by <see cref="Lock"/>; it stays, and means nothing by itself.</summary>
    public const string LockFile = ".lock";

    /// <summary>Makes the folder where it is missing, and tries whether files can be written to it.</summary>
    /// <exception cref="UserException">It is a file, cannot be made, or cannot be written to.</exception>
    public static void Create(string folder)
    {
        if (string.IsNullOrWhiteSpace(folder)) { throw new UserException("the name of the folder to write to is empty; name a folder"); }
        if (File.Exists(folder)) { throw new UserException($"{folder}: is a file; name a folder to write to"); }
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".probe.{Environment.ProcessId}.tmp");
            new FileStream(probe, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            throw WriteFailure.Of(folder, e);
        }
    }

    /// <summary>Makes the folder as <see cref="Create"/> does, and keeps other processes out until it is disposed of or this process ends, however it ends.</summary>
    /// <exception cref="UserException">Another process holds it; as <see cref="Create"/>.</exception>
    public static IDisposable Lock(string folder)
    {
        Create(folder);
        var path = Path.Combine(folder, LockFile);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new UserException($"{folder}: another process is writing to this folder; wait for its end, or choose another --output", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw WriteFailure.Of(path, e);
        }
    }
}
