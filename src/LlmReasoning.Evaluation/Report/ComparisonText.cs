using System.Text;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report;

/// <summary>A comparison as text for the console and as Markdown. Percentages with one decimal, differences in points, intervals of 95 %.</summary>
public static class ComparisonText
{
    internal const string AccuracyTitle = "Accuracy and capability";
    internal const string CoverageTitle = "Problems gained and lost";
    internal const string GainsTitle = "Change of the success rate by difficulty";
    internal const string TransitionsTitle = "From bucket to bucket";

    /// <summary>Plain text in aligned columns, lines ended by line feeds.</summary>
    public static string ToText(ComparisonSummary summary)
    {
        var text = new StringBuilder($"{Heading(summary)}\n{Settings(summary)}\n\n");
        foreach (var table in Tables(summary))
        {
            text.Append($"{table.Title}{(table.Model is null ? "" : $": {table.Model}")}\n");
            TextTable.AppendAligned(text, table.Rows);
        }
        foreach (var fact in Facts(summary)) { text.Append($"{fact}\n"); }
        foreach (var warning in summary.Warnings) { text.Append($"note: {warning}\n"); }
        return text.ToString();
    }

    /// <summary>The same as Markdown, with the figures.</summary>
    /// <param name="summary">The comparison.</param>
    /// <param name="figures">Names of files in figures/, without .svg.</param>
    public static string ToMarkdown(ComparisonSummary summary, IReadOnlyList<string> figures)
    {
        var text = new StringBuilder($"# {TextTable.Escaped(Heading(summary))}\n\n{Settings(summary)}\n\n");
        foreach (var warning in summary.Warnings) { text.Append($"> {TextTable.Escaped(warning)}\n"); }
        if (summary.Warnings.Count > 0) { text.Append('\n'); }
        var title = "";
        foreach (var table in Tables(summary))
        {
            if (table.Title != title) { text.Append($"## {TextTable.Escaped(title = table.Title)}\n\n"); }
            if (table.Model is { } model) { text.Append($"{TextTable.Escaped(model)}:\n\n"); }
            TextTable.AppendMarkdown(text, table.Rows);
        }
        foreach (var fact in Facts(summary)) { text.Append($"- {TextTable.Escaped(fact)}\n"); }
        foreach (var figure in figures) { text.Append($"\n![{figure}](figures/{figure}.svg)\n"); }
        return text.ToString();
    }

    internal static string Heading(ComparisonSummary summary) =>
        $"{string.Join(", ", summary.Models.Select(model => model.Name))} against {summary.Base.Name} on {summary.Dataset}";

    internal static string Settings(ComparisonSummary summary) =>
        $"{(summary.Hardest is null ? "" : "the base's hardest ")}{summary.Problems} problems, n = {summary.N} samples each, bootstrap over problems, {summary.BootstrapDraws} draws, seed {summary.Seed}";

    /// <summary>Titles in the order of the text; those with a model have one table for each.</summary>
    internal static IEnumerable<(string Title, string? Model, List<string[]> Rows)> Tables(ComparisonSummary summary)
    {
        yield return (AccuracyTitle, null, Headline(summary));
        yield return (CoverageTitle, null, CoverageTable(summary));
        foreach (var model in summary.Compared) { yield return (GainsTitle, NameOf(summary, model), Gains(summary, model)); }
        foreach (var model in summary.Compared) { yield return (TransitionsTitle, NameOf(summary, model), Transitions(summary, model)); }
    }

    /// <summary>The name of a model, or of the control with a remark.</summary>
    internal static string NameOf(ComparisonSummary summary, ComparedModel model) => ReferenceEquals(model, summary.Control) ? $"{model.Name} (control)" : model.Name;

    internal static IEnumerable<string> Facts(ComparisonSummary summary)
    {
        foreach (var model in summary.Compared)
        {
            if (model.Crossing is { } crossing && !ReferenceEquals(model, summary.Control))
            {
                var (first, second) = crossing.ModelFirst ? (model.Name, summary.Base.Name) : (summary.Base.Name, model.Name);
                yield return $"the curves of {first} and {second} cross at k = {crossing.K:F1} (95 %: {CrossingEnd(crossing.Lo, "1")} to {CrossingEnd(crossing.Hi, $"beyond {summary.N}")}); "
                    + $"{first} is higher below it";
            }
            else if (!ReferenceEquals(model, summary.Control))
            {
                yield return $"the curves of {model.Name} and {summary.Base.Name} do not cross up to k = {summary.N}";
            }
            yield return $"gained by {NameOf(summary, model)}: {Listed(model.Coverage.Gained)}";
            yield return $"lost by {NameOf(summary, model)}: {Listed(model.Coverage.Lost)}";
            if (model.GainedByControl is { } gained && model.LostByControl is { } lost)
            {
                yield return $"of those the second run of the base gains {gained.Count} and loses {lost.Count} as well";
            }
        }
        yield return $"not solved in {summary.N} samples leaves a success rate of up to {100 * summary.UnsolvedRateBound:G3} % possible (95 %)";
    }

    internal static string Points(Estimate? estimate) => estimate is { } known ? $"{100 * known.Value:+0.0;-0.0;0.0}" : "-";

    internal static string PointsBetween(Estimate? estimate) => estimate is { } known ? $"{100 * known.Lo:+0.0;-0.0;0.0} to {100 * known.Hi:+0.0;-0.0;0.0}" : "-";

    internal static string PValue(double p) => p < 0.001 ? "< 0.001" : $"{p:F3}";

    private static string CrossingEnd(double? k, string open) => k is { } known ? $"{known:F1}" : open;

    private static string Listed(IReadOnlyList<string> ids)
    {
        const int shown = 20;
        if (ids.Count == 0) { return "none"; }
        return $"{ids.Count}: {string.Join(", ", ids.Take(shown))}{(ids.Count > shown ? ", ... (solvable.json has all)" : "")}";
    }

    private static List<string[]> Headline(ComparisonSummary summary)
    {
        string[] Row(ModelCurve model)
        {
            var (first, last) = (model.Curve[0], model.Curve[^1]);
            string[] curve = [Percent(first.Estimate), Between(first), Percent(last.Estimate), Between(last)];
            if (model is not ComparedModel compared) { return [model.Name == "base" ? "base" : $"{model.Name} (base)", .. curve, "", "", "", "", ""]; }
            var (low, high) = (compared.Deltas[0], compared.Deltas[^1]);
            return
            [
                NameOf(summary, compared), .. curve,
                Points(Of(low)), PointsBetween(Of(low)), Points(Of(high)), PointsBetween(Of(high)), Points(compared.EfficiencyGap),
            ];
        }

        return
        [
            ["model", "pass@1", "95 % interval", $"pass@{summary.N}", "95 % interval", "pass@1 gain", "95 % interval", $"pass@{summary.N} gain", "95 % interval",
                $"base pass@{summary.N} - pass@1"],
            Row(summary.Base),
            .. summary.Compared.Select(Row),
        ];
    }

    private static Estimate Of(CurveDelta delta) => new(delta.Delta, delta.Lo, delta.Hi);

    private static List<string[]> Gains(ComparisonSummary summary, ComparedModel model)
    {
        var hasControl = model.Gains.Any(gain => gain.GainOverControl is not null);
        string[] control = hasControl ? ["control", "gain over control", "95 % interval"] : [];
        return
        [
            [$"correct of {(summary.SplitHalf ? $"{summary.N / 2} (half)" : summary.N)}", "problems", "base", "model", "gain", "95 % interval", .. control],
            .. model.Gains.Select(gain => (string[])
            [
                gain.Bucket, $"{gain.Problems}", Percent(gain.BaseRate), Percent(gain.ModelRate), Points(gain.Gain), PointsBetween(gain.Gain),
                .. hasControl ? [Percent(gain.ControlRate), Points(gain.GainOverControl), PointsBetween(gain.GainOverControl)] : Array.Empty<string>(),
            ]),
        ];
    }

    private static List<string[]> CoverageTable(ComparisonSummary summary) =>
    [
        ["model", "both", "gained", "lost", "neither", "p (McNemar)", "SRR", "NDR", "SDS", "NSCR"],
        .. summary.Compared.Select(model => model.Coverage is var coverage ? (string[])
        [
            NameOf(summary, model), $"{coverage.Both.Count}", $"{coverage.Gained.Count}", $"{coverage.Lost.Count}", $"{coverage.Neither.Count}", PValue(coverage.PValue),
            Rate(coverage.Srr), Rate(coverage.Ndr), Rate(coverage.Sds), Rate(coverage.Nscr),
        ] : []),
    ];

    private static List<string[]> Transitions(ComparisonSummary summary, ComparedModel model) =>
    [
        ["base", "problems", .. summary.Buckets],
        .. summary.Buckets.Zip(model.Transitions, (bucket, row) =>
        {
            var total = row.Sum();
            return (string[])[bucket, $"{total}", .. row.Select(count => count == 0 ? "0" : $"{count} ({100.0 * count / total:F1} %)")];
        }),
    ];

    private static string Rate(double? rate) => rate is { } known ? $"{known:F3}" : "-";

    private static string Percent(double? share) => share is { } known ? SummaryTable.Percent(known) : "-";

    private static string Between(CurvePoint point) => $"{100 * point.Lo:F1} to {100 * point.Hi:F1}";
}
