namespace LlmReasoning.Cli;

/// <summary>The one way to stderr: lines go above a progress bar that is being drawn.</summary>
internal static class Stderr
{
    /// <summary>Whether a bar can be drawn: a terminal that can move its cursor.</summary>
    public static bool IsTerminal { get; } = !Console.IsErrorRedirected
        && (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable("TERM") is not ("dumb" or "" or null));

    /// <summary>Writes a line above the bar; set while one is drawn.</summary>
    public static Action<string>? WriteAboveBar { get; set; }

    /// <summary>Writes <paramref name="message"/> as one line.</summary>
    public static void WriteLine(string message)
    {
        var line = OneLine(message);
        if (WriteAboveBar is { } writeAboveBar) { writeAboveBar(line); }
        else { Write(line + Environment.NewLine); }
    }

    /// <summary>Shows the cursor again, which a bar hides. For an end without a way back through Main.</summary>
    public static void RestoreTerminal()
    {
        if (WriteAboveBar is not null) { Write("\e[?25h\n"); }
    }

    // Work does not end because nobody listens: stderr may be closed, or a file on a full disk.
    private static void Write(string text)
    {
        try
        {
            Console.Error.Write(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>A text that cannot move a terminal's cursor: line breaks and tabs become spaces, other control characters question marks.</summary>
    public static string OneLine(string message) =>
        string.Create(message.Length, message, (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = text[i] is '\n' or '\r' or '\t' ? ' ' : char.IsControl(text[i]) ? '?' : text[i];
            }
        });
}
