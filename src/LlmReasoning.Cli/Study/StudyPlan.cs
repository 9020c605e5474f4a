using System.Globalization;
using System.Text;

namespace LlmReasoning.Cli.Study;

/// <summary>What a study would do, as a table and as shell commands.</summary>
internal static class StudyPlan
{
    private static readonly string[] s_header = ["stage", "samples", "tokens", "minutes", "disk", "reads", "state"];

    /// <summary>A row a stage, and the sums of what is left.</summary>
    public static string Table(StudyDesign design, Speed speed)
    {
        var states = new StageStates(new());
        var text = new StringBuilder();
        List<string[]> rows = [s_header];
        var open = new List<Stage>();
        var (samples, tokens, disk) = (0L, 0.0, 0.0);
        foreach (var stage in design.Stages)
        {
            var state = states.Of(stage);
            var (cost, seconds) = (stage.Cost, speed.SecondsOf(stage));
            var stageTokens = cost.SampledTokens + cost.TrainedTokens;
            rows.Add([stage.Name, cost.Samples == 0 ? "" : Number(cost.Samples), stageTokens == 0 ? "" : Number(stageTokens), Minutes(seconds), Bytes(cost.Bytes), Reads(stage), $"{state}"]);
            if (state.Status == StageStatus.Done) { continue; }
            open.Add(stage);
            (samples, tokens, disk) = (samples + cost.Samples, tokens + stageTokens, disk + cost.Bytes);
        }
        rows.Add([$"{open.Count} of {design.Stages.Count} stages left", Number(samples), Number(tokens), Minutes(new TimeLeft(speed).Of(open)), Bytes(disk), "", ""]);
        Append(text, rows);
        text.Append(CultureInfo.InvariantCulture, $"\n{design.Name}: {design.Parameters / 1e6:0.##}M parameters, {design.TestProblems.Count} test and {design.TrainProblems.Count} train problems, each stage in its folder below {design.Folder}\n");
        text.Append(CultureInfo.InvariantCulture, $"minutes at {Number(speed.SampledTokensPerSecond)} sampled and {Number(speed.TrainedTokensPerSecond)} trained tokens/s{(speed.IsEstimate ? $", the rates of another machine times the {Environment.ProcessorCount} processors here; --calibrate measures them" : ", as measured here")}\n");
        return text.ToString();
    }

    /// <summary>A line a stage; those of one level in any order, a level when the ones before it are through. The last level is the study itself, which takes the stages over.</summary>
    /// <param name="design">The study.</param>
    /// <param name="run">The arguments of <c>study run</c>.</param>
    /// <param name="level">Only this one, without comments; null = all.</param>
    /// <exception cref="UserException">There is no such level.</exception>
    public static string Commands(StudyDesign design, IReadOnlyList<string> run, int? level)
    {
        var lines = design.Stages.GroupBy(stage => stage.Level, stage => CommandOf(stage.Arguments)).OrderBy(stages => stages.Key).Select(stages => stages.ToList()).ToList();
        lines.Add([CommandOf(run)]);
        if (level is { } asked) { return Lines(asked >= 1 && asked <= lines.Count ? lines[asked - 1] : throw new UserException($"--level is {asked}; the study has levels 1 to {lines.Count}")); }
        return string.Concat(lines.Select((some, i) => $"# level {i + 1} of {lines.Count}\n{Lines(some)}"));
    }

    private static string Lines(List<string> commands) => string.Concat(commands.Select(command => $"{command}\n"));

    private static string CommandOf(IReadOnlyList<string> arguments) => $"llm-reasoning {string.Join(' ', arguments.Select(Quoted))}";

    // A shell's word: as it is where nothing in it means anything to the shell, else in single quotes.
    private static string Quoted(string argument)
    {
        if (argument.EndsWith(Stage.LastCheckpoint, StringComparison.Ordinal))
        {
            return $"\"$(ls -d {Quoted(argument[..^"step-*".Length])}step-* | tail -n 1)\"";
        }
        var isPlain = argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '=' or ',' or ':' or '+');
        return isPlain ? argument : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static string Reads(Stage stage) => string.Join(' ', stage.Inputs.Select(input => input.ShortName));

    private static string Minutes(double seconds) => (seconds / 60).ToString(seconds < 600 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Number(double number) => number switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e9:0.0}G"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e6:0.0}M"),
        >= 1e4 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e3:0}k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{number:0}"),
    };

    private static string Bytes(double bytes) => bytes switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0} kB"),
    };

    private static void Append(StringBuilder text, List<string[]> rows)
    {
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (var row in rows)
        {
            var cells = row.Select((cell, column) => s_header[column] is "stage" or "reads" or "state" ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }
    }
}
