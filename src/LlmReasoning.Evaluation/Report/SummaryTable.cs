using System.Text;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report;

/// <summary>The summary as text for the console and as Markdown. Percentages with one decimal, intervals of 95 %.</summary>
public static class SummaryTable
{
    /// <summary>Plain text in aligned columns, lines ended by line feeds.</summary>
    public static string ToText(PassKSummary summary)
    {
        var text = new StringBuilder();
        text.Append($"{Heading(summary)}\n{Settings(summary)}\n\n");
        foreach (var table in Tables(summary)) { TextTable.AppendAligned(text, table); }
        foreach (var note in Notes(summary)) { text.Append($"{note}\n"); }
        return text.ToString();
    }

    /// <summary>The same as Markdown, with the figure.</summary>
    public static string ToMarkdown(PassKSummary summary)
    {
        var text = new StringBuilder();
        text.Append($"# {Heading(summary)}\n\n{Settings(summary)}\n\n");
        foreach (var warning in summary.Warnings) { text.Append($"> {warning}\n"); }
        if (summary.Warnings.Count > 0) { text.Append('\n'); }
        foreach (var table in Tables(summary)) { TextTable.AppendMarkdown(text, table); }
        foreach (var fact in Facts(summary)) { text.Append($"- {fact}\n"); }
        text.Append("\n![pass@k](figures/passk.svg)\n");
        return text.ToString();
    }

    internal static string Percent(double share) => $"{100 * share:F1} %";

    /// <summary>"256", or "3 to 4".</summary>
    internal static string Samples(PassKSummary summary) => summary.NMin == summary.N ? $"{summary.N}" : $"{summary.NMin} to {summary.N}";

    internal static string Heading(PassKSummary summary) => $"{summary.Sampling.ModelId} on {summary.Dataset}";

    internal static string Settings(PassKSummary summary)
    {
        var sampling = summary.Sampling;
        return $"{summary.Problems} problems, n = {Samples(summary)} samples each, template {sampling.TemplateId}, temperature {sampling.Temperature}, top_p {sampling.TopP}, "
            + $"top_k {(sampling.TopK == 0 ? "off" : sampling.TopK)}, max_new_tokens {sampling.MaxNewTokens}, seed {sampling.Seed}, scorer {summary.Scorer}";
    }

    internal static IEnumerable<List<string[]>> Tables(PassKSummary summary)
    {
        yield return
        [
            ["metric", "estimate", "95 % interval"],
            .. summary.Curve.Select(point => new[] { $"pass@{point.K}", Percent(point.Estimate), Between(point) }),
            .. summary.Majority.Skip(summary.Majority.Count - 1).Select(point => new[] { $"maj@{point.K}", Percent(point.Estimate), Between(point) }),
        ];
        var k = summary.Curve[^1].K;
        foreach (var by in summary.Buckets.GroupBy(row => row.By))
        {
            var name = by.Key switch
            {
                "success" => $"correct of {summary.N}",
                "base" => $"base correct of {summary.BaseN}",
                var level => level,
            };
            yield return
            [
                [name, "problems", "pass@1", "95 % interval", $"pass@{k}", "95 % interval"],
                .. by.Select(row => new[] { row.Bucket, $"{row.Problems}", Estimate(row.Accuracy), Between(row.Accuracy), Estimate(row.PassAtK), Between(row.PassAtK) }),
            ];
        }
    }

    private static IEnumerable<string> Notes(PassKSummary summary) => [.. Facts(summary), .. summary.Warnings.Select(warning => $"note: {warning}")];

    internal static IEnumerable<string> Facts(PassKSummary summary)
    {
        yield return $"undecided {summary.Undecided}, failed {summary.Failed}, truncated {Percent(summary.TruncatedShare)}, boxed {Percent(summary.BoxedShare)}, "
            + $"answered {Percent(summary.AnsweredShare)}, duplicates {Percent(summary.DuplicateShare)}, {summary.MeanCompletionTokens:F1} tokens a completion";
        yield return $"answers of a problem: {summary.MeanDistinctAnswers:F1} distinct, entropy {summary.MeanAnswerEntropy:F2} nats (no answer is a class of its own)";
        if (summary.Unsolved > 0)
        {
            yield return $"unsolved in {Samples(summary)} samples: {summary.Unsolved} of {summary.Problems} problems; "
                + $"a success rate above {100 * summary.UnsolvedRateBound:G3} % is ruled out for each (95 %)";
        }
        yield return $"intervals: bootstrap over problems, {summary.BootstrapDraws} draws, seed {summary.BootstrapSeed}";
    }

    private static string Estimate(CurvePoint? point) => point is { } known ? Percent(known.Estimate) : "-";

    private static string Between(CurvePoint? point) => point is { } known ? $"{100 * known.Lo:F1} to {100 * known.Hi:F1}" : "-";
}
