using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Report.Figures;

namespace LlmReasoning.Evaluation.Report;

/// <summary>Everything a comparison writes: tables, ids, summary, figures and the report.</summary>
public static class ComparisonReport
{
    /// <summary>Writes every file; the same inputs give the same bytes.</summary>
    /// <param name="summary">What <see cref="ModelComparison.Of"/> found.</param>
    /// <param name="outputFolder">Made where it is missing.</param>
    public static void Write(ComparisonSummary summary, string outputFolder)
    {
        ComparisonTables.Write(outputFolder, summary);
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.json"), SummaryJson.Of(summary));
        var figures = ComparisonPlots.Of(summary);
        foreach (var figure in figures) { figure.Write(Path.Combine(outputFolder, "figures")); }
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.md"), ComparisonText.ToMarkdown(summary, [.. figures.Select(figure => figure.Name)]));
    }
}
