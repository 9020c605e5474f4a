using LlmReasoning.Evaluation.Report;

namespace LlmReasoning.Cli.Runs;

/// <summary>Many runs as one table: the settings in which they differ and their last metrics, a row a run, and behind the runs that differ in the seed alone their mean and standard deviation.</summary>
internal sealed class RunTable
{
    private readonly string[] _settings;
    private readonly string[] _metrics;

    private RunTable(string[] settings, string[] metrics) => (_settings, _metrics) = (settings, metrics);

    public string[] Header { get; private init; } = [];

    public IReadOnlyList<object?[]> Rows { get; private set; } = [];

    /// <param name="runs">At least one.</param>
    public static RunTable Of(IReadOnlyList<GatheredRun> runs)
    {
        string[] settings = [.. runs.SelectMany(run => run.Settings.Keys).Distinct(StringComparer.Ordinal).Where(key => Differs(runs, key))];
        string[] metrics = [.. runs.SelectMany(run => run.Metrics).Select(metric => metric.Name).Distinct(StringComparer.Ordinal)];
        var table = new RunTable(settings, metrics)
        {
            // learning_rate is a setting and a column of metrics.csv.
            Header = ["row", "kind", "runs", "folder", "seed", .. settings, .. metrics.Select(name => settings.Contains(name) ? $"last_{name}" : name)],
        };
        table.Rows = [.. runs.GroupBy(Key, StringComparer.Ordinal).SelectMany(group => table.RowsOf([.. group]))];
        return table;
    }

    public void Write(Stream stream) => CsvTable.Write(stream, Header, Rows);

    private IEnumerable<object?[]> RowsOf(GatheredRun[] group)
    {
        foreach (var run in group)
        {
            yield return ["run", run.Kind, 1, run.Folder, run.Seed, .. _settings.Select(key => run.Settings.GetValueOrDefault(key)), .. _metrics.Select(name => (object?)ValueOf(run, name))];
        }
        if (group.Length == 1) { yield break; }
        double[][] values = [.. _metrics.Select(name => group.Select(run => ValueOf(run, name)).OfType<double>().ToArray())];
        yield return Spread("mean", group, values, some => some.Length > 0 ? some.Average() : null);
        yield return Spread("sd", group, values, StandardDeviation);
    }

    private object?[] Spread(string row, GatheredRun[] group, double[][] values, Func<double[], double?> statistic) =>
    [
        row, group[0].Kind, group.Length, null, null,
        .. _settings.Select(key => group[0].Settings.TryGetValue(key, out var setting) ? GatheredRun.WithoutSeed(setting) : null),
        .. values.Select(some => (object?)statistic(some)),
    ];

    /// <summary>Of the sample, with n - 1.</summary>
    private static double? StandardDeviation(double[] values)
    {
        if (values.Length < 2) { return null; }
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1));
    }

    private static double? ValueOf(GatheredRun run, string metric) => run.Metrics.FirstOrDefault(one => one.Name == metric).Value;

    private static bool Differs(IReadOnlyList<GatheredRun> runs, string key) => runs
        .Where(run => run.Settings.ContainsKey(key))
        .GroupBy(run => run.Kind, run => GatheredRun.WithoutSeed(run.Settings[key]))
        .Any(settings => settings.Distinct(StringComparer.Ordinal).Count() > 1);

    // All settings: those that do not differ tell nothing apart, and runs of other commands have others.
    private static string Key(GatheredRun run) =>
        string.Join('\n', run.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => $"{setting.Key}: {GatheredRun.WithoutSeed(setting.Value)}"));
}
