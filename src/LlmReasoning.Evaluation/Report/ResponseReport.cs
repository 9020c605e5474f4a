using System.Text;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Report.Figures;
using LlmReasoning.Evaluation.Responses;

namespace LlmReasoning.Evaluation.Report;

/// <summary>What a study of responses writes: length.csv, keywords.csv, entropy.csv, summary.json, summary.md and figures.</summary>
public static class ResponseReport
{
    private static readonly string[] Key = ["model", "group", "bucket"];

    /// <summary>Writes every file; the same inputs give the same bytes.</summary>
    /// <param name="summary">What <see cref="ResponseStudy.Of"/> found.</param>
    /// <param name="outputFolder">Made where it is missing.</param>
    public static void Write(ResponseSummary summary, string outputFolder)
    {
        string At(string name) => Path.Combine(outputFolder, name);
        CsvTable.Write(At("length.csv"), [.. Key, "problems", "samples", "mean_tokens", "median_tokens", "mean_chars", "median_chars", "cap_rate"],
            summary.Lengths.Select(row => (object?[])
                [.. Cells(row.Of), row.Problems, row.Samples, row.MeanTokens, row.MedianTokens, row.MeanChars, row.MedianChars, row.TruncatedShare]));
        CsvTable.Write(At("keywords.csv"), [.. Key, "keyword", "match", "samples", "occurrences", "mean_per_sample", "share_with"],
            summary.Keywords.Select(row => (object?[])
                [.. Cells(row.Of), row.Keyword, summary.Match.ToString().ToLowerInvariant(), row.Samples, row.Occurrences, row.MeanPerSample, row.ShareWith]));
        CsvTable.Write(At("entropy.csv"), [.. Key, "problems", "answer_entropy_nats", "lo", "hi", "distinct_answers", "distinct_texts", "no_answer_rate"],
            summary.Entropies.Select(row => (object?[])
                [.. Cells(row.Of), row.Problems, row.Entropy?.Value, row.Entropy?.Lo, row.Entropy?.Hi, row.DistinctAnswers, row.DistinctTexts, row.NoAnswerShare]));
        AtomicFile.WriteText(At("summary.json"), SummaryJson.Of(summary));
        var figures = ResponsePlots.Of(summary);
        foreach (var figure in figures) { figure.Write(At("figures")); }
        AtomicFile.WriteText(At("summary.md"), ToMarkdown(summary, figures));
    }

    /// <summary>Plain text in aligned columns, lines ended by line feeds.</summary>
    public static string ToText(ResponseSummary summary)
    {
        var text = new StringBuilder($"{Heading(summary)}\n{Settings(summary)}\n\n");
        foreach (var table in Tables(summary)) { TextTable.AppendAligned(text, table); }
        foreach (var warning in summary.Warnings) { text.Append($"note: {warning}\n"); }
        return text.ToString();
    }

    private static string ToMarkdown(ResponseSummary summary, IReadOnlyList<Figure> figures)
    {
        var text = new StringBuilder($"# {TextTable.Escaped(Heading(summary))}\n\n{Settings(summary)}\n\n");
        foreach (var warning in summary.Warnings) { text.Append($"> {TextTable.Escaped(warning)}\n"); }
        if (summary.Warnings.Count > 0) { text.Append('\n'); }
        foreach (var table in Tables(summary)) { TextTable.AppendMarkdown(text, table); }
        foreach (var figure in figures) { text.Append($"![{figure.Name}](figures/{figure.Name}.svg)\n\n"); }
        return text.ToString();
    }

    private static object?[] Cells(ResponseGroup of) => [of.Model, of.Group, of.Bucket];

    private static string Heading(ResponseSummary summary) => $"Responses of {string.Join(", ", summary.Models)} on {summary.Dataset}";

    private static string Settings(ResponseSummary summary) =>
        $"buckets by the success of {summary.BucketsOf ?? "the model itself"}, keywords matched as {(summary.Match == KeywordMatch.Word ? "words" : "substrings")}, "
        + $"entropy in nats with no answer as a class of its own, bootstrap over problems, {summary.BootstrapDraws} draws, seed {summary.BootstrapSeed}";

    private static IEnumerable<List<string[]>> Tables(ResponseSummary summary)
    {
        var keywords = summary.Keywords.Where(row => row.Keyword == "*").ToDictionary(row => row.Of);
        yield return
        [
            ["model, responses, bucket", "samples", "mean tokens", "median", "mean characters", "keywords a response", "with a keyword"],
            .. summary.Lengths.Select(row => (string[])
            [
                Name(row.Of), $"{row.Samples}", Number(row.MeanTokens), Number(row.MedianTokens), Number(row.MeanChars),
                keywords[row.Of].MeanPerSample is { } mean ? $"{mean:F3}" : "-", Percent(keywords[row.Of].ShareWith),
            ]),
        ];
        yield return
        [
            ["model, responses, bucket", "problems", "answer entropy", "95 % interval", "distinct answers", "distinct texts", "no answer"],
            .. summary.Entropies.Select(row => (string[])
            [
                Name(row.Of), $"{row.Problems}", row.Entropy is { } entropy ? $"{entropy.Value:F3}" : "-", Between(row.Entropy),
                Number(row.DistinctAnswers), Number(row.DistinctTexts), Percent(row.NoAnswerShare),
            ]),
        ];
    }

    private static string Name(ResponseGroup of) => $"{of.Model}, {of.Group}, {of.Bucket}";

    private static string Number(double? value) => value is { } known ? $"{known:F1}" : "-";

    private static string Percent(double? share) => share is { } known ? SummaryTable.Percent(known) : "-";

    private static string Between(Estimate? estimate) => estimate is { } known ? $"{known.Lo:F3} to {known.Hi:F3}" : "-";
}
