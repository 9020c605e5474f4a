using System.Runtime.InteropServices;
using System.Text;

namespace LlmReasoning.Cli;

/// <summary>Keeps what threads free for other threads to take.</summary>
/// <remarks>
/// glibc gives threads arenas of their own, and what was freed in one serves no other: 25 steps of the embedded model took 630 MiB, with two arenas 490; with a single one its threads wait for
/// each other (docs/performance.md). The runtime's threads have made a dozen before Main, so that mallopt comes too late; the C library reads the variable when it is loaded. Numbers do not depend on it.
/// </remarks>
internal static partial class FewArenas
{
    private const string Variable = "MALLOC_ARENA_MAX";

    /// <summary>Starts this process again, with the same arguments and id, unless the variable is set. To be called before anything is read, written or watched.</summary>
    public static void Ensure()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is not null || !NativeLibrary.TryLoad("libc.so.6", out _)) { return; }
        string?[] arguments;
        try { arguments = [.. Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')]; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return; }
        arguments[^1] = null;                       // the last ends in \0 too
        RemoveDiagnosticsSocket();
        NativeTorch.SetEnvironment(Variable, "2", overwrite: 0);
        _ = Replace("/proc/self/exe", arguments);   // comes back only where it fails: then the run takes more memory
    }

    // The runtime removes its socket for debuggers when it ends. Left behind, it would stay in the folder for temporary files,
    // and the runtime that comes next, whose socket has the same name (process id and time of start), could not make its own.
    private static void RemoveDiagnosticsSocket()
    {
        const int startTime = 19;                   // behind the name in parentheses; see proc(5)
        try
        {
            var status = File.ReadAllText("/proc/self/stat");
            var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            File.Delete(Path.Combine(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-{fields[startTime]}-socket"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is a matter of tidiness.
        }
    }

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Replace(string path, string?[] arguments);
}
