using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>One line of a training figure.</summary>
/// <param name="Name">For the legend, such as "test pass@256".</param>
/// <param name="Points">By rising step; values that are not finite are left out.</param>
public sealed record TrainingSeries(string Name, IReadOnlyList<(double Step, double Value)> Points)
{
    /// <summary>Null = by its place in the panel.</summary>
    internal Color? Color { get; init; }
}

/// <summary>Yue et al., figure 1 right: pass@1 and pass@n against the training step, and what else was measured.</summary>
public static class TrainingPlot
{
    /// <param name="panels">The title and the lines of each panel; shares, such as pass@k, run from 0 to 1.</param>
    /// <param name="name">Of the figure's files.</param>
    /// <param name="columns">Panels in a row.</param>
    public static Figure Of(IReadOnlyList<(string Title, bool IsShare, IReadOnlyList<TrainingSeries> Series)> panels, string name = "curves", int columns = 3) => Figure.Of(
        name,
        "Measured along the training steps.",
        [.. panels.Select(panel => Draw(panel.Title, panel.IsShare, panel.Series))],
        columns,
        panels.Count == 1 ? 900 : 560,
        400);

    private static Plot Draw(string title, bool isShare, IReadOnlyList<TrainingSeries> series)
    {
        var plot = PlotStyle.New(title, "step", "");
        double last = 1, lowest = isShare ? 0 : double.MaxValue, highest = isShare ? 1 : double.MinValue;
        for (var i = 0; i < series.Count; i++)
        {
            (double Step, double Value)[] points = [.. series[i].Points.Where(point => double.IsFinite(point.Value) && double.IsFinite(point.Step))];
            if (points.Length == 0) { continue; }
            var line = plot.Add.Scatter(points.Select(point => point.Step).ToArray(), points.Select(point => point.Value).ToArray(), series[i].Color ?? PlotStyle.ColorOf(i));
            line.LineWidth = 2;
            line.MarkerShape = PlotStyle.ShapeOf(i);
            line.MarkerSize = points.Length > 60 ? 0 : 6;
            if (series.Count > 1) { line.LegendText = Figure.Label(series[i].Name); }      // any text would bring a legend into the plot
            last = Math.Max(last, points[^1].Step);
            if (!isShare) { (lowest, highest) = (Math.Min(lowest, points.Min(point => point.Value)), Math.Max(highest, points.Max(point => point.Value))); }
        }
        if (lowest > highest) { (lowest, highest) = (0, 1); }
        var size = Math.Max(Math.Abs(lowest), Math.Abs(highest));
        var margin = isShare ? 0.02 : highest > lowest ? Math.Max(0.05 * (highest - lowest), 1e-6 * size) : size > 0 ? 0.05 * size : 0.05;
        var bottom = isShare ? 0 : lowest - margin;
        PlotStyle.Ticks(plot.Axes.Left, bottom, highest + margin, size is > 0 and (< 1e-3 or >= 1e6) ? "0.##E+0" : "0.####");
        if (last > 6) { PlotStyle.Ticks(plot.Axes.Bottom, 0, last, "0"); }
        else { PlotStyle.Categories(plot, [.. Enumerable.Range(0, (int)last + 1).Select(step => $"{step}")]); }
        plot.Axes.SetLimits(-0.02 * last, 1.02 * last, bottom, highest + margin);
        if (series.Count > 1) { PlotStyle.Legend(plot); }
        return plot;
    }
}
