using LlmReasoning.Evaluation.Comparison;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>Yue et al.: solved by base and by model as a table of two by two; one panel a model.</summary>
internal static class CoveragePlot
{
    public static Figure Of(ComparisonSummary summary) => Figure.Of(
        "coverage",
        $"Problems solved in {summary.N} samples by {summary.Base.Name} (rows) and by the model (columns).",
        [.. summary.Compared.Select(model => Draw(summary, model))],
        2,
        520,
        380);

    private static Plot Draw(ComparisonSummary summary, ComparedModel model)
    {
        var coverage = model.Coverage;
        var name = ComparisonText.NameOf(summary, model);
        var plot = PlotStyle.New($"{Figure.Label(summary.Base.Name)} and {Figure.Label(name)}", Figure.Label(name), Figure.Label(summary.Base.Name));
        plot.Grid.IsVisible = false;
        Cell(plot, 0, 1, "both", coverage.Both.Count, summary.Problems);
        Cell(plot, 1, 1, "lost", coverage.Lost.Count, summary.Problems);
        Cell(plot, 0, 0, "gained", coverage.Gained.Count, summary.Problems);
        Cell(plot, 1, 0, "neither", coverage.Neither.Count, summary.Problems);
        PlotStyle.Categories(plot, ["solved", "not solved"]);
        plot.Axes.Left.SetTicks([1, 0], ["solved", "not\nsolved"]);
        plot.Axes.Left.MajorTickStyle.Color = Colors.Transparent;
        plot.Axes.Left.FrameLineStyle.Width = 0;
        plot.Axes.Bottom.FrameLineStyle.Width = 0;
        plot.Axes.SetLimits(-0.55, 1.55, -0.55, 1.55);
        return plot;
    }

    private static void Cell(Plot plot, int column, int row, string name, int count, int problems)
    {
        var share = (double)count / problems;
        var rectangle = plot.Add.Rectangle(column - 0.5, column + 0.5, row - 0.5, row + 0.5);
        rectangle.FillColor = PlotStyle.Shade(share);
        rectangle.LineColor = PlotStyle.Ink;
        rectangle.LineWidth = 1;
        PlotStyle.Text(plot, $"{count}", column, row + 0.08, Alignment.MiddleCenter, 24, PlotStyle.InkOn(share));
        PlotStyle.Text(plot, $"{name}, {100 * share:F1} %", column, row - 0.25, Alignment.MiddleCenter, 13, PlotStyle.InkOn(share));
    }
}
