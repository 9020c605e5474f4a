using System.Text.Encodings.Web;
using System.Text.Json;
using LlmReasoning.Evaluation.Comparison;

namespace LlmReasoning.Evaluation.Report;

/// <summary>The files of a comparison: every table as CSV, the ids as JSON.</summary>
internal static class ComparisonTables
{
    // Success rates: exactly 0, (0, .1], ... (.9, 1].
    public static readonly string[] HistogramBins =
        ["0", "(0,0.1]", "(0.1,0.2]", "(0.2,0.3]", "(0.3,0.4]", "(0.4,0.5]", "(0.5,0.6]", "(0.6,0.7]", "(0.7,0.8]", "(0.8,0.9]", "(0.9,1]"];

    private static readonly string[] CurveColumns =
        ["model", "role", "dataset", "k", "n", "problems", "estimate", "lo", "hi", "delta", "delta_lo", "delta_hi", "share_above", "method"];

    private static readonly string[] BucketColumns =
    [
        "base", "model", "role", "bucket", "problems", "base_rate", "model_rate", "gain", "gain_lo", "gain_hi",
        "control_rate", "gain_over_control", "gain_over_control_lo", "gain_over_control_hi", "split",
    ];

    private static readonly string[] ProblemColumns =
        ["problem_id", "level", "subject", "base", "model", "role", "bucket", "n", "base_c", "model_c", "base_rate", "model_rate", "solved_by"];

    private static readonly string[] CoverageColumns =
    [
        "base", "model", "role", "n", "problems", "both", "base_only", "model_only", "neither", "srr", "ndr", "sds", "nscr", "p_value", "zero_rate_bound",
        "model_only_also_by_control", "base_only_also_by_control",
    ];

    private static readonly string[] EfficiencyColumns =
        ["base", "model", "role", "k", "base_pass_at_k", "model_pass_at_1", "gap", "gap_lo", "gap_hi", "crossing_k", "crossing_lo", "crossing_hi", "first"];

    public static void Write(string folder, ComparisonSummary summary)
    {
        string At(string name) => Path.Combine(folder, name);
        var compared = summary.Compared.Select(model => (Model: model, Role: ReferenceEquals(model, summary.Control) ? "control" : "model")).ToArray();
        CsvTable.Write(At("passk.csv"), CurveColumns, [.. CurveRows(summary, summary.Base, "base"), .. compared.SelectMany(one => CurveRows(summary, one.Model, one.Role))]);
        CsvTable.Write(At("buckets.csv"), BucketColumns, compared.SelectMany(one => BucketRows(summary, one.Model, one.Role)));
        CsvTable.Write(At("problems.csv"), ProblemColumns, compared.SelectMany((one, i) => ProblemRows(summary, one.Model, one.Role, i + 1)));
        CsvTable.Write(At("coverage.csv"), CoverageColumns, compared.Select(one => CoverageRow(summary, one.Model, one.Role)));
        CsvTable.Write(At("efficiency.csv"), EfficiencyColumns, compared.Select(one => EfficiencyRow(summary, one.Model, one.Role)));
        CsvTable.Write(At("histogram.csv"), ["model", "role", "rate", "problems", "share"],
            [.. HistogramRows(summary, summary.Base, "base"), .. compared.SelectMany(one => HistogramRows(summary, one.Model, one.Role))]);
        string[] transitionColumns = ["base", "model", "role", "base_bucket", "problems", .. summary.Buckets];
        CsvTable.Write(At("transition_counts.csv"), transitionColumns, compared.SelectMany(one => TransitionRows(summary, one.Model, one.Role, (count, _) => count)));
        CsvTable.Write(At("transition_pct.csv"), transitionColumns,
            compared.SelectMany(one => TransitionRows(summary, one.Model, one.Role, (count, total) => total == 0 ? null : 100.0 * count / total)));
        AtomicFile.Write(At("solvable.json"), stream => WriteSolvable(stream, summary));
    }

    private static IEnumerable<object?[]> CurveRows(ComparisonSummary summary, ModelCurve model, string role)
    {
        var deltas = (model as ComparedModel)?.Deltas;
        var method = $"paired bootstrap over problems, {summary.BootstrapDraws} draws, seed {summary.Seed}, 95 % percentile";
        return model.Curve.Select((point, i) => (object?[])
        [
            model.Name, role, summary.Dataset, point.K, summary.N, summary.Problems, point.Estimate, point.Lo, point.Hi,
            deltas?[i].Delta, deltas?[i].Lo, deltas?[i].Hi, deltas?[i].ShareAbove, method,
        ]);
    }

    private static IEnumerable<object?[]> BucketRows(ComparisonSummary summary, ComparedModel model, string role) => model.Gains.Select(gain => (object?[])
    [
        summary.Base.Name, model.Name, role, gain.Bucket, gain.Problems, gain.BaseRate, gain.ModelRate, gain.Gain?.Value, gain.Gain?.Lo, gain.Gain?.Hi,
        gain.ControlRate, gain.GainOverControl?.Value, gain.GainOverControl?.Lo, gain.GainOverControl?.Hi, summary.SplitHalf ? "half" : "none",
    ]);

    private static IEnumerable<object?[]> ProblemRows(ComparisonSummary summary, ComparedModel model, string role, int at) => summary.PerProblem.Select(problem =>
    {
        var (before, after) = (problem.Correct[0], problem.Correct[at]);
        var solvedBy = (before > 0, after > 0) switch { (true, true) => "both", (true, false) => "base", (false, true) => "model", _ => "neither" };
        return (object?[])
        [
            problem.Id, problem.Level, problem.Topic, summary.Base.Name, model.Name, role, summary.Buckets[problem.Bucket], summary.N, before, after,
            (double)before / summary.N, (double)after / summary.N, solvedBy,
        ];
    });

    private static object?[] CoverageRow(ComparisonSummary summary, ComparedModel model, string role)
    {
        var coverage = model.Coverage;
        return
        [
            summary.Base.Name, model.Name, role, summary.N, summary.Problems, coverage.Both.Count, coverage.Lost.Count, coverage.Gained.Count, coverage.Neither.Count,
            coverage.Srr, coverage.Ndr, coverage.Sds, coverage.Nscr, coverage.PValue, summary.UnsolvedRateBound, model.GainedByControl?.Count, model.LostByControl?.Count,
        ];
    }

    private static object?[] EfficiencyRow(ComparisonSummary summary, ComparedModel model, string role) =>
    [
        summary.Base.Name, model.Name, role, summary.Base.Curve[^1].K, summary.Base.Curve[^1].Estimate, model.Curve[0].Estimate,
        model.EfficiencyGap.Value, model.EfficiencyGap.Lo, model.EfficiencyGap.Hi,
        model.Crossing?.K, model.Crossing?.Lo, model.Crossing?.Hi, model.Crossing is { } crossing ? crossing.ModelFirst ? "model" : "base" : null,
    ];

    private static IEnumerable<object?[]> HistogramRows(ComparisonSummary summary, ModelCurve model, string role) =>
        HistogramBins.Zip(model.Histogram, (bin, count) => (object?[])[model.Name, role, bin, count, (double)count / summary.Problems]);

    private static IEnumerable<object?[]> TransitionRows(ComparisonSummary summary, ComparedModel model, string role, Func<int, int, object?> cell) =>
        summary.Buckets.Zip(model.Transitions, (bucket, row) =>
        {
            var total = row.Sum();
            return (object?[])[summary.Base.Name, model.Name, role, bucket, total, .. row.Select(count => cell(count, total))];
        });

    private static void WriteSolvable(Stream stream, ComparisonSummary summary)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("base", summary.Base.Name);
        json.WriteNumber("n", summary.N);
        json.WriteStartArray("models");
        foreach (var model in summary.Compared)
        {
            json.WriteStartObject();
            json.WriteString("model", model.Name);
            WriteIds(json, "both", model.Coverage.Both);
            WriteIds(json, "gained", model.Coverage.Gained);
            WriteIds(json, "lost", model.Coverage.Lost);
            WriteIds(json, "neither", model.Coverage.Neither);
            if (model.GainedByControl is { } gained) { WriteIds(json, "gained_also_by_control", gained); }
            if (model.LostByControl is { } lost) { WriteIds(json, "lost_also_by_control", lost); }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteIds(Utf8JsonWriter json, string name, IReadOnlyList<string> ids)
    {
        json.WriteStartArray(name);
        foreach (var id in ids) { json.WriteStringValue(id); }
        json.WriteEndArray();
    }
}
