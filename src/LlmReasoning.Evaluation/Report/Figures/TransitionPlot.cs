using LlmReasoning.Evaluation.Comparison;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>Kim et al., figure 2: where the problems of each bucket of the base went, easiest on top; one panel a model.</summary>
internal static class TransitionPlot
{
    public static Figure Of(ComparisonSummary summary) => Figure.Of(
        "transitions",
        $"Problems by bucket of {summary.Base.Name} (rows) and of the model (columns): percent of the row and count. Outlined in black: the diagonal; in orange: solved by the model in no sample.",
        [.. summary.Compared.Select(model => Draw(summary, model))],
        2,
        Math.Max(640, 160 + 76 * summary.Buckets.Count),
        Math.Max(480, 150 + 52 * summary.Buckets.Count));

    private static Plot Draw(ComparisonSummary summary, ComparedModel model)
    {
        var name = ComparisonText.NameOf(summary, model);
        var plot = PlotStyle.New($"{Figure.Label(summary.Base.Name)} to {Figure.Label(name)}", $"correct of {summary.N}, {Figure.Label(name)}", $"correct of {summary.N}, {Figure.Label(summary.Base.Name)}");
        plot.Grid.IsVisible = false;
        var count = summary.Buckets.Count;
        for (var row = 0; row < count; row++)
        {
            var total = model.Transitions[row].Sum();
            for (var column = 0; column < count; column++)
            {
                var cell = model.Transitions[row][column];
                var share = total == 0 ? 0 : (double)cell / total;
                var rectangle = plot.Add.Rectangle(column - 0.5, column + 0.5, row - 0.5, row + 0.5);
                rectangle.FillColor = PlotStyle.Shade(share);
                rectangle.LineColor = Color.FromHex("#D0D0D0");
                rectangle.LineWidth = 1;
                if (cell > 0) { PlotStyle.Text(plot, $"{100 * share:F1} % ({cell})", column, row, Alignment.MiddleCenter, 11, PlotStyle.InkOn(share)); }
            }
        }
        Outline(plot, -0.5, 0.5, -0.5, count - 0.5, 3, PlotStyle.ColorOf(1));
        for (var i = 0; i < count; i++) { Outline(plot, i - 0.47, i + 0.47, i - 0.47, i + 0.47, 1.8f, PlotStyle.Ink); }
        PlotStyle.Categories(plot, summary.Buckets);
        plot.Axes.Left.SetTicks([.. summary.Buckets.Select((_, i) => (double)i)], [.. summary.Buckets.Select((bucket, i) => $"{bucket}  (n = {model.Transitions[i].Sum()})")]);
        plot.Axes.Left.MajorTickStyle.Color = Colors.Transparent;
        plot.Axes.Left.FrameLineStyle.Width = 0;
        plot.Axes.Bottom.FrameLineStyle.Width = 0;
        plot.Axes.SetLimits(-0.55, count - 0.45, -0.55, count - 0.45);
        return plot;
    }

    private static void Outline(Plot plot, double left, double right, double bottom, double top, float width, Color color)
    {
        var rectangle = plot.Add.Rectangle(left, right, bottom, top);
        rectangle.FillColor = Colors.Transparent;
        rectangle.LineColor = color;
        rectangle.LineWidth = width;
    }
}
