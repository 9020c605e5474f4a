using System.Globalization;

namespace LlmReasoning.Cli;

/// <summary>How far a long command is, on stderr: a bar on a terminal, elsewhere a line at the start, every ten seconds and at the end, with the details below it once a minute.</summary>
/// <remarks>Thread-safe. Of several at one time the first draws the bar and the others write lines.</remarks>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DetailsInterval = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly string _what;
    private readonly string _unit;
    private readonly long _total;
    private readonly long _initial;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Action<string> _writeLine;
    private readonly ProgressBar? _bar;
    private TimeSpan _lastLine;
    private TimeSpan? _lastDetails;
    private long _done;
    private string _extra = "";
    private IReadOnlyList<string> _details = [];
    private bool _disposed;

    internal Progress(string what, long total, string unit, long alreadyDone, Action<string> writeLine, TimeProvider time, bool drawBar)
    {
        _what = what;
        _total = total;
        _unit = unit;
        _initial = _done = alreadyDone;
        _writeLine = writeLine;
        _time = time;
        _start = time.GetTimestamp();
        _bar = drawBar ? ProgressBar.TryStart(what, total, () => Status, () => _details) : null;
        if (_bar is null) { _writeLine($"{_what}: {Status}"); }
    }

    /// <summary>Starts the display.</summary>
    /// <param name="what">The work, such as "sampling".</param>
    /// <param name="total">In <paramref name="unit"/>s; what was done by an earlier, interrupted command included.</param>
    /// <param name="unit">In the plural, such as "samples".</param>
    /// <param name="alreadyDone">Done by an earlier command; not part of the rate.</param>
    public static Progress Start(string what, long total, string unit, long alreadyDone = 0) =>
        new(what, total, unit, alreadyDone, Stderr.WriteLine, TimeProvider.System, Stderr.IsTerminal);

    /// <summary>Says that <paramref name="done"/> units are done in all; a smaller number than before is ignored, so that threads may report out of order.</summary>
    /// <param name="done">Units done since the beginning, those done by an earlier command included.</param>
    /// <param name="extra">A few words shown behind the rate, such as "pass@1 29.4 %".</param>
    /// <param name="details">Lines shown below that.</param>
    public void Report(long done, string extra = "", IReadOnlyList<string>? details = null)
    {
        lock (_gate)
        {
            if (done < _done) { return; }
            _done = done;
            _extra = Stderr.OneLine(extra);
            _details = [.. (details ?? []).Select(Stderr.OneLine)];
            _bar?.Set(done);
            if (_bar is not null || Elapsed - _lastLine < LineInterval) { return; }
            _lastLine = Elapsed;
            _writeLine($"{_what}: {Status}");
            if (_lastDetails is null || Elapsed - _lastDetails >= DetailsInterval) { WriteDetails(); }
        }
    }

    /// <summary>Ends the display with the total time and rate; says so where the work was left unfinished.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) { return; }
            _disposed = true;
            _bar?.Dispose();
            var stopped = _done < _total ? "stopped at " : "";
            _writeLine($"{_what}: {stopped}{Count} in {Duration(Elapsed)}{Rate}{Extra}");
            WriteDetails();
        }
    }

    private void WriteDetails()
    {
        _lastDetails = Elapsed;
        foreach (var line in _details) { _writeLine($"  {line}"); }
    }

    private TimeSpan Elapsed => _time.GetElapsedTime(_start);

    private double UnitsPerSecond => Elapsed > TimeSpan.Zero ? (_done - _initial) / Elapsed.TotalSeconds : 0;

    private string Count => $"{_done}/{_total} {_unit}";

    private string Rate => UnitsPerSecond > 0 ? $", {RateNumber(UnitsPerSecond)}" : "";

    private string Extra => _extra.Length > 0 ? $", {_extra}" : "";

    private string Left => UnitsPerSecond > 0 && _done < _total ? $", {Duration(TimeSpan.FromSeconds((_total - _done) / UnitsPerSecond))} left" : "";

    private string Status => $"{Count}{Rate}{Left}{Extra}";

    private string RateNumber(double perSecond) => perSecond switch
    {
        >= 100 => string.Create(CultureInfo.InvariantCulture, $"{perSecond:0} {_unit}/s"),
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.0} {_unit}/s"),
        >= 1 / 60.0 => string.Create(CultureInfo.InvariantCulture, $"{perSecond * 60:0.0} {_unit}/min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{perSecond * 3600:0.0} {_unit}/h"),
    };

    /// <summary>Two units at most: 9.3 s, 1 min 37 s, 2 h 05 min, 3 d 4 h.</summary>
    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalSeconds: < 59.5 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
        { TotalHours: < 1 } => $"{time.Minutes} min {time.Seconds:00} s",
        { TotalDays: < 1 } => $"{time.Hours} h {time.Minutes:00} min",
        _ => $"{(long)time.TotalDays} d {time.Hours} h",
    };
}
