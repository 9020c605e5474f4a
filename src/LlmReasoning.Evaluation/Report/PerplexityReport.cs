using System.Text;
using LlmReasoning.Evaluation.Report.Figures;

namespace LlmReasoning.Evaluation.Report;

/// <summary>One response under one scoring model.</summary>
/// <param name="Scorer">The model that gives the probabilities.</param>
/// <param name="Source">The model that wrote the response.</param>
/// <param name="ProblemId">Of the response.</param>
/// <param name="SampleIdx">Of the response.</param>
/// <param name="PromptTokens">Tokens in front of the response.</param>
/// <param name="Tokens">Tokens scored.</param>
/// <param name="LogProbSum">Of these tokens, natural logarithm.</param>
public sealed record ScoredResponse(string Scorer, string Source, string ProblemId, int SampleIdx, int PromptTokens, int Tokens, double LogProbSum)
{
    /// <summary>Negative mean log-probability of a token, in nats; null where no token was scored.</summary>
    public double? MeanNll => Tokens == 0 ? null : -LogProbSum / Tokens;

    /// <summary>exp of <see cref="MeanNll"/> (Yue et al., 2504.13837, section 4.1).</summary>
    public double? Perplexity => MeanNll is { } mean ? Math.Exp(mean) : null;
}

/// <summary>What <c>eval perplexity</c> writes: a row a response, a table of scorers and sources, and the figure.</summary>
public static class PerplexityReport
{
    private static readonly string[] Header = ["scorer", "source", "problem_id", "sample_idx", "prompt_tokens", "tokens", "logprob_sum", "nll_mean", "ppl"];

    /// <summary>Writes the rows of all responses as CSV.</summary>
    public static void WriteRows(Stream stream, IReadOnlyList<ScoredResponse> responses) => CsvTable.Write(stream, Header, responses.Select(Cells));

    /// <summary>Writes ppl.csv, ppl_summary.csv, summary.md and figures/perplexity; the same responses give the same bytes.</summary>
    /// <param name="responses">At least one.</param>
    /// <param name="outputFolder">Made where it is missing.</param>
    public static void Write(IReadOnlyList<ScoredResponse> responses, string outputFolder)
    {
        AtomicFile.Write(Path.Combine(outputFolder, "ppl.csv"), stream => WriteRows(stream, responses));
        CsvTable.Write(
            Path.Combine(outputFolder, "ppl_summary.csv"),
            ["scorer", "source", "responses", "tokens", "ppl", "median_ppl", "q25_ppl", "q75_ppl"],
            Groups(responses).Select(group => (object?[])
                [group.Scorer, group.Source, group.Responses, group.Tokens, group.Overall, group.Quantile(0.5), group.Quantile(0.25), group.Quantile(0.75)]));
        var text = new StringBuilder("# Perplexity of responses\n\n");
        TextTable.AppendMarkdown(text, Table(responses));
        PerplexityBox[] boxes = [.. Groups(responses).Where(group => group.Sorted.Length > 0).Select(group => new PerplexityBox(group.Scorer, group.Source, group.Sorted))];
        if (boxes.Length > 0)
        {
            var figure = PerplexityPlot.Of(boxes);
            figure.Write(Path.Combine(outputFolder, "figures"));
            text.Append($"![{figure.Name}](figures/{figure.Name}.svg)\n");
        }
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.md"), text.ToString());
    }

    /// <summary>The table of scorers and sources in aligned columns.</summary>
    public static string ToText(IReadOnlyList<ScoredResponse> responses)
    {
        var text = new StringBuilder();
        TextTable.AppendAligned(text, Table(responses));
        return text.ToString();
    }

    private static List<string[]> Table(IReadOnlyList<ScoredResponse> responses) =>
    [
        ["under, responses of", "responses", "tokens", "perplexity", "median", "quartiles"],
        .. Groups(responses).Select(group => (string[])
        [
            $"{group.Scorer}, {group.Source}", $"{group.Responses}", $"{group.Tokens}", Shown(group.Overall), Shown(group.Quantile(0.5)),
            group.Sorted.Length == 0 ? "-" : $"{Shown(group.Quantile(0.25))} to {Shown(group.Quantile(0.75))}",
        ]),
    ];

    private static object?[] Cells(ScoredResponse row) =>
        [row.Scorer, row.Source, row.ProblemId, row.SampleIdx, row.PromptTokens, row.Tokens, row.LogProbSum, row.MeanNll, row.Perplexity];

    private static string Shown(double? perplexity) => perplexity is { } known ? $"{known:G4}" : "-";

    private static IEnumerable<Group> Groups(IReadOnlyList<ScoredResponse> responses) =>
        responses.GroupBy(row => (row.Scorer, row.Source)).Select(group => new Group(
            group.Key.Scorer,
            group.Key.Source,
            group.Count(),
            group.Sum(row => (long)row.Tokens),
            group.Sum(row => row.LogProbSum),
            [.. group.Select(row => row.Perplexity).OfType<double>().Where(double.IsFinite).Order()]));

    /// <param name="Sorted">Perplexities of the responses with tokens.</param>
    private sealed record Group(string Scorer, string Source, int Responses, long Tokens, double LogProbSum, double[] Sorted)
    {
        /// <summary>Of all tokens together.</summary>
        public double? Overall => Tokens == 0 ? null : Math.Exp(-LogProbSum / Tokens);

        public double? Quantile(double share) => Sorted.Length == 0 ? null : PerplexityPlot.Quantile(Sorted, share);
    }
}
