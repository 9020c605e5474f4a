namespace LlmReasoning;

/// <summary>The folder that a command writes to, looked at before the work that fills it.</summary>
public static class OutputFolder
{
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
}
