using Spectre.Console;
using Spectre.Console.Rendering;

namespace LlmReasoning.Cli;

/// <summary>The bar of a <see cref="Progress"/> on a terminal. Only here is Spectre.Console loaded.</summary>
internal sealed class ProgressBar : IDisposable
{
    private static int _drawn;
    private readonly TaskCompletionSource _finished = new();
    private readonly IAnsiConsole _terminal = AnsiConsole.Create(new AnsiConsoleSettings
    {
        // Said, not detected: Spectre looks at stdout, which may be redirected while stderr is a terminal. Colours it does detect (NO_COLOR).
        Ansi = AnsiSupport.Yes,
        Interactive = InteractionSupport.Yes,
        Out = new AnsiConsoleOutput(Console.Error),
    });
    private readonly Task _display;
    private ProgressTask? _task;

    private ProgressBar(string what, long total, Func<string> status, Func<IReadOnlyList<string>> details)
    {
        var progress = _terminal.Progress().AutoClear(true).Columns(
            new TaskDescriptionColumn(),
            new ProgressBarColumn { Width = 20 },
            new StatusColumn(status));
        progress.UseRenderHook((bar, _) => new Rows([bar, .. details().Select(line => new Text(OneRow("  " + line)))]));
        progress.RefreshRate = TimeSpan.FromMilliseconds(250);
        Stderr.WriteAboveBar = line => _terminal.WriteLine(line);
        _display = progress.StartAsync(context =>
        {
            _task = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, total));
            return _finished.Task;
        });
    }

    /// <summary>Draws a bar, or returns null where there is one already.</summary>
    /// <remarks><paramref name="status"/> gives the text behind the bar, <paramref name="details"/> the lines below it; both are asked at every redraw.</remarks>
    public static ProgressBar? TryStart(string what, long total, Func<string> status, Func<IReadOnlyList<string>> details) =>
        Interlocked.Exchange(ref _drawn, 1) == 0 ? new ProgressBar(what, total, status, details) : null;

    /// <summary>Fills the bar up to <paramref name="done"/>.</summary>
    public void Set(long done)
    {
        if (_task is not null) { _task.Value = done; }
    }

    /// <summary>Clears the bar from the terminal.</summary>
    public void Dispose()
    {
        _finished.TrySetResult();
        _display.GetAwaiter().GetResult();
        Stderr.WriteAboveBar = null;
        Volatile.Write(ref _drawn, 0);
    }

    // Spectre would break it into several, and the bar's redraw counts rows.
    private string OneRow(string line) => line.Length < _terminal.Profile.Width ? line : line[..Math.Max(0, _terminal.Profile.Width - 2)] + '\u2026';

    private sealed class StatusColumn(Func<string> status) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(status()) { Overflow = Overflow.Ellipsis };
    }
}
