using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The folder of one training run: its metrics by step.</summary>
/// <param name="Arm">Of the study.</param>
/// <param name="Seed">Of the study.</param>
/// <param name="Columns">Of metrics.csv, one value a row; NaN where a cell is empty.</param>
/// <param name="Seconds">Of all steps together, from timings.jsonl; null where there is none.</param>
internal sealed record TrainedRun(string Arm, long Seed, IReadOnlyDictionary<string, IReadOnlyList<double>> Columns, double? Seconds)
{
    private static readonly string[] Tokens = ["completions/tokens", "trained_tokens"];

    /// <summary>Whether it has such a column.</summary>
    public bool Has(string column) => Columns.ContainsKey(column);

    /// <summary>A column by step; values that are not known are left out.</summary>
    public IReadOnlyList<(double Step, double Value)> Points(string column) =>
        Columns.TryGetValue("step", out var steps) && Columns.TryGetValue(column, out var values) ? [.. steps.Zip(values).Where(point => double.IsFinite(point.Second))] : [];

    /// <summary>Tokens sampled, or trained on.</summary>
    public double? TokenCount => Tokens.FirstOrDefault(Has) is { } column ? Columns[column].Where(double.IsFinite).Sum() : null;

    /// <summary>Reads metrics.csv and timings.jsonl; null where there is no metrics.csv.</summary>
    /// <exception cref="UserException">It is not CSV.</exception>
    public static TrainedRun? Read(string folder, string arm, long seed)
    {
        var path = Path.Combine(folder, "metrics.csv");
        if (!File.Exists(path)) { return null; }
        var columns = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        var rows = 0;
        foreach (var row in CsvRows.Read(path).Where(row => row.Fault is null))
        {
            foreach (var field in row.Fields.EnumerateObject())
            {
                if (!columns.TryGetValue(field.Name, out var values)) { columns.Add(field.Name, values = []); }
                while (values.Count < rows) { values.Add(double.NaN); }
                values.Add(Number(field.Value));
            }
            rows++;
            foreach (var values in columns.Values.Where(values => values.Count < rows)) { values.Add(double.NaN); }
        }
        if (rows == 0) { return null; }
        var timings = StepTimings.Read(Path.Combine(folder, StepTimings.FileName));
        return new TrainedRun(
            arm,
            seed,
            columns.ToDictionary(column => column.Key, column => (IReadOnlyList<double>)column.Value, StringComparer.Ordinal),
            timings.Count == 0 ? null : timings.Sum(timing => timing.Seconds));
    }

    private static double Number(JsonElement value) => double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
