using System.Runtime.InteropServices;

namespace LlmReasoning.Cli;

/// <summary>Ctrl-C and SIGTERM: the first one asks, through <see cref="Token"/>, to save and stop; the second ends the process at once.</summary>
internal static partial class Interruption
{
    private static readonly CancellationTokenSource Source = new();
    private static readonly List<PosixSignalRegistration> Registrations = [];
    private static int _signals;

    /// <summary>Cancelled by the first signal. A long command passes it down and lets the OperationCanceledException through: exit code 130.</summary>
    public static CancellationToken Token => Source.Token;

    /// <summary>Takes the signals over from the runtime. Called once, first in Main.</summary>
    public static void Watch()
    {
        Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
    }

    private static void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            Stderr.RestoreTerminal();
            Exit();
        }
        Stderr.WriteLine("llm-reasoning: interrupted, stopping; once more to end at once");
        Source.Cancel();
    }

    // Environment.Exit would run the exit handlers of native libraries while their threads are still at work.
    private static void Exit()
    {
        if (OperatingSystem.IsWindows()) { Environment.Exit(ExitCode.Interrupted); }
        ExitNow(ExitCode.Interrupted);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int status);
}
