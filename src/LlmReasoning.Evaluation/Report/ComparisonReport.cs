using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report.Figures;
using LlmReasoning.Evaluation.Report.Html;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Report;

/// <summary>Everything a comparison writes: tables, ids, summary, figures and report.html.</summary>
public static class ComparisonReport
{
    /// <summary>Writes every file; the same inputs give the same bytes. Nothing is written before everything is computed.</summary>
    /// <param name="summary">What <see cref="ModelComparison.Of"/> found.</param>
    /// <param name="outputFolder">Made where it is missing.</param>
    /// <param name="problems">Null = report.html shows no problems and samples.</param>
    /// <param name="evaluated">What was compared: base, models, control. The samples.jsonl of their folders, where there is one, is graded anew for the page.</param>
    /// <param name="buckets">Of the base's success, as in the comparison.</param>
    /// <exception cref="UserException">A compared problem that <paramref name="problems"/> lacks, faulty samples.</exception>
    public static void Write(
        ComparisonSummary summary, string outputFolder, IReadOnlyList<Problem>? problems = null, IReadOnlyList<EvaluatedModel>? evaluated = null, string buckets = "kim6")
    {
        var browser = problems is null || evaluated is null ? null : Browser(summary, problems, evaluated, SuccessBuckets.Parse(buckets, summary.N));
        var figures = ComparisonPlots.Of(summary);
        ComparisonTables.Write(outputFolder, summary);
        foreach (var figure in figures) { figure.Write(Path.Combine(outputFolder, "figures")); }
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.json"), SummaryJson.Of(summary));
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.md"), ComparisonText.ToMarkdown(summary, [.. figures.Select(figure => figure.Name)]));
        HtmlReport.WriteComparison(Path.Combine(outputFolder, "report.html"), summary, figures, browser);
    }

    private static ProblemBrowser Browser(ComparisonSummary summary, IReadOnlyList<Problem> problems, IReadOnlyList<EvaluatedModel> evaluated, SuccessBuckets buckets)
    {
        var byId = problems.ToDictionary(problem => problem.Id, StringComparer.Ordinal);
        if (summary.PerProblem.FirstOrDefault(problem => !byId.ContainsKey(problem.Id)) is { } missing)
        {
            throw new UserException($"problem \"{missing.Id}\" was evaluated, but is not among the problems given; name the file that the samples were drawn for");
        }
        Problem[] compared = [.. summary.PerProblem.Select(problem => byId[problem.Id])];
        var names = new[] { summary.Base.Name }.Concat(summary.Compared.Select(model => ComparisonText.NameOf(summary, model)));
        return ProblemBrowser.Of(
            compared,
            [.. names.Select((name, i) => new BrowsedModel(name, [.. summary.PerProblem.Select(problem => (summary.N, problem.Correct[i]))], Choice(compared, evaluated[i], evaluated.Count)))],
            buckets);
    }

    private static SampleChoice Choice(Problem[] problems, EvaluatedModel model, int models)
    {
        var choice = ProblemBrowser.NewChoice(problems.Length, models);
        if (SampleFile.InFolder(model.Folder) is not { } path) { return choice; }
        var ids = problems.Select(problem => problem.Id).ToHashSet(StringComparer.Ordinal);
        var policy = Enum.TryParse<ExtractionPolicy>(model.Settings?.Scorer, ignoreCase: true, out var named) ? named : ExtractionPolicy.Lenient;
        Grader.Grade(problems, SampleFile.Read(path).Where(sample => ids.Contains(sample.ProblemId)), policy, allowUnequalN: true, judged: choice.Add);
        return choice;
    }
}
