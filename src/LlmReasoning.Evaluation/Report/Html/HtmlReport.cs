using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report.Figures;

namespace LlmReasoning.Evaluation.Report.Html;

/// <summary>report.html: one file with tables, figures, warnings, problems and samples, to be read without a network.</summary>
internal static class HtmlReport
{
    /// <summary>The report of one evaluation.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="summary">The numbers.</param>
    /// <param name="figures">In the order of the page.</param>
    /// <param name="problems">The problems.</param>
    /// <param name="results">Theirs, in the same order.</param>
    /// <param name="buckets">By success count.</param>
    /// <param name="samples">Those to show.</param>
    public static void WriteEvaluation(
        string path, PassKSummary summary, IReadOnlyList<Figure> figures, IReadOnlyList<Problem> problems, IReadOnlyList<ProblemResult> results, SuccessBuckets buckets, SampleChoice samples)
    {
        var page = new HtmlPage(SummaryTable.Heading(summary), SummaryTable.Settings(summary), summary.Warnings);
        page.Section("Results");
        foreach (var table in SummaryTable.Tables(summary)) { page.Table(table); }
        page.List(SummaryTable.Facts(summary));
        page.Section("Figures");
        foreach (var figure in figures) { page.Drawing(figure); }
        page.Browser(ProblemBrowser.Of(problems, [new BrowsedModel(summary.ModelName, [.. results.Select(result => (result.N, result.C))], samples)], buckets));
        AtomicFile.WriteText(path, page.ToString());
    }

    /// <summary>The report of a comparison.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="summary">The numbers.</param>
    /// <param name="figures">In the order of the page.</param>
    /// <param name="browser">Problems and samples; null where they are not known.</param>
    public static void WriteComparison(string path, ComparisonSummary summary, IReadOnlyList<Figure> figures, ProblemBrowser? browser)
    {
        var page = new HtmlPage(ComparisonText.Heading(summary), ComparisonText.Settings(summary), summary.Warnings);
        Figure[] Named(params string[] names) => [.. figures.Where(figure => names.Contains(figure.Name))];
        foreach (var section in ComparisonText.Tables(summary).GroupBy(table => table.Title))
        {
            page.Section(section.Key);
            Figure[] drawings = section.Key switch
            {
                ComparisonText.AccuracyTitle => Named("passk", "efficiency", "histogram"),
                ComparisonText.CoverageTitle => Named("coverage"),
                ComparisonText.GainsTitle => Named("gains"),
                _ => Named("transitions"),
            };
            foreach (var (_, model, rows) in section)
            {
                if (model is not null) { page.Subsection(model); }
                page.Table(rows);
            }
            if (section.Key == ComparisonText.CoverageTitle) { page.List(ComparisonText.Facts(summary)); }
            foreach (var figure in drawings) { page.Drawing(figure); }
        }
        if (browser is not null) { page.Browser(browser); }
        AtomicFile.WriteText(path, page.ToString());
    }
}
