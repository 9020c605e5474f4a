using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace LlmReasoning.Cli;

/// <summary>Serilog, configured here and nowhere else: warnings (with --verbose, information) to stderr, all of it to a run's log.txt.</summary>
internal static class Logging
{
    private const string FileTemplate = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} {Level:u3} {Message:lj}{NewLine}{Exception}";
    private static LogEventLevel _stderrLevel = LogEventLevel.Warning;
    private static Logger? _file;
    private static string? _path;

    /// <summary>Logs to stderr. Called by Main before a command runs.</summary>
    public static void Start(bool verbose)
    {
        _stderrLevel = verbose ? LogEventLevel.Information : LogEventLevel.Warning;
        Log.Logger = new LoggerConfiguration().MinimumLevel.Is(_stderrLevel).WriteTo.Sink(new StderrSink()).CreateLogger();
    }

    /// <summary>Logs to <paramref name="folder"/>/log.txt too, appending, and makes the folder where it is missing. Called by the command that owns the folder; a study calls it for each of its stages, and the log before is closed.</summary>
    /// <exception cref="UserException">As <see cref="OutputFolder.Create"/>.</exception>
    public static void ToFile(string folder)
    {
        OutputFolder.Create(folder);
        Close();
        _path = Path.Combine(folder, "log.txt");
        // Opened here once, because Serilog's sink reports a file that cannot be written to nobody.
        File.Open(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite).Dispose();
        _file = new LoggerConfiguration().WriteTo.File(_path, outputTemplate: FileTemplate, fileSizeLimitBytes: null, shared: false).CreateLogger();
        Log.Logger = new LoggerConfiguration()
            .WriteTo.Sink(new StderrSink(), _stderrLevel)
            .WriteTo.Logger(_file)
            .CreateLogger();
        _file.Information("llm-reasoning {Version:l} {Arguments:l}", ProgramVersion.Text, string.Join(' ', Environment.GetCommandLineArgs().Skip(1)));
    }

    /// <summary>An error for the log file alone, where there is one: Main has its own line on stderr.</summary>
    public static void WriteToFile(string message) => _file?.Error("{Message:l}", message);

    /// <summary>Writes a stack trace to the run's log.txt, or to a file of its own where no run folder is open.</summary>
    /// <returns>The file, for the message to the user.</returns>
    public static string WriteFailure(Exception failure)
    {
        if (_path is not null)
        {
            _file?.Error(failure, "failure");
            return _path;
        }
        var path = Path.Combine(Path.GetTempPath(), $"llm-reasoning-{DateTime.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}.log");
        File.WriteAllText(path, $"llm-reasoning {ProgramVersion.Text} {string.Join(' ', Environment.GetCommandLineArgs().Skip(1))}\n{failure}\n");
        return path;
    }

    /// <summary>Flushes and closes the file. On a full disk the log lacks its end, and the command's result stands.</summary>
    public static void Close()
    {
        try
        {
            _file?.Dispose();
        }
        catch (IOException e)
        {
            Stderr.WriteLine($"llm-reasoning: warning: {_path}: the log is not complete ({e.Message})");
        }
        (_file, _path) = (null, null);
    }

    private sealed class StderrSink : ILogEventSink
    {
        private static readonly MessageTemplateTextFormatter Formatter = new("{Message:lj}");

        public void Emit(LogEvent logEvent)
        {
            var line = new StringWriter();
            line.Write(logEvent.Level == LogEventLevel.Information ? "llm-reasoning: " : $"llm-reasoning: {logEvent.Level.ToString().ToLowerInvariant()}: ");
            Formatter.Format(logEvent, line);
            if (logEvent.Exception is { } exception) { line.Write($": {exception.Message}"); }
            Stderr.WriteLine(line.ToString());
        }
    }
}
