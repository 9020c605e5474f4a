namespace LlmReasoning.Cli;

/// <summary>What the program ends with.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The user's mistake: one line on stderr.</summary>
    public const int UserMistake = 1;

    /// <summary>A failure of the program: one line on stderr, the stack trace in a log.</summary>
    public const int Failure = 2;

    /// <summary>Ctrl-C or SIGTERM, after the state was saved.</summary>
    public const int Interrupted = 130;
}
