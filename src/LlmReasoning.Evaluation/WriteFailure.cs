namespace LlmReasoning;

/// <summary>What the system says when something cannot be written, as a mistake that names the path and the remedy.</summary>
public static class WriteFailure
{
    private const int DiskFull = 28, QuotaReached = 122;           // ENOSPC, EDQUOT
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    /// <summary>Whether an exception is one that the file system raises.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>Whether the disk, or the user's share of it, is full.</summary>
    public static bool IsFullDisk(Exception exception) => exception is IOException { HResult: DiskFull or QuotaReached or DiskFullOnWindows };

    /// <summary>The mistake.</summary>
    /// <param name="path">What was to be written, or the folder to write to.</param>
    /// <param name="cause">Of the kind that <see cref="Is"/> tells.</param>
    public static UserException Of(string path, Exception cause)
    {
        var (reason, remedy) = cause switch
        {
            PathTooLongException => ("the name is too long", "choose a shorter one"),
            UnauthorizedAccessException => ("permission is denied", "change the permissions, or choose another place"),
            _ when FileInPlaceOfFolder(path) is { } file => ($"{file} is a file", "choose another place"),
            FileNotFoundException or DirectoryNotFoundException => ("nothing can be made there", "choose another place"),
            _ when IsFullDisk(cause) => ("the disk is full", "make room, or choose a place on another disk"),
            _ => (cause.Message.Split(" : '")[0].TrimEnd('.'), "choose another place"),
        };
        return new($"{path}: cannot be written: {reason}; {remedy}", cause);
    }

    private static string? FileInPlaceOfFolder(string path)
    {
        for (var parent = Path.GetDirectoryName(Path.GetFullPath(path)); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (File.Exists(parent)) { return parent; }
        }
        return null;
    }
}
