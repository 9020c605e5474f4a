using System.Globalization;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>pass@k: share of problems solved against k on a logarithmic axis, one line and 95 % band a model. The last point, k = n, is open: there the estimate is the bare share solved.</summary>
internal static class PassKPlot
{
    public static Figure Of(PassKSummary summary)
    {
        var plot = New($"{Figure.Label(summary.ModelName)} on {Figure.Label(summary.Dataset)} ({summary.Problems} problems, n = {summary.N})", summary.Curve[^1].K);
        Add(plot, [new Line(summary.ModelName, summary.Curve, PlotStyle.ColorOf(0), PlotStyle.ShapeOf(0))], summary.N);
        return Finished(plot, "Share of problems solved within k samples, with 95 % intervals over problems; the open point k = n is the bare share.");
    }

    public static Figure Of(ComparisonSummary summary)
    {
        var plot = New($"pass@k on {Figure.Label(summary.Dataset)} ({summary.Problems} problems, n = {summary.N})", summary.N);
        List<Line> lines = [new(summary.Base.Name, summary.Base.Curve, PlotStyle.Base, MarkerShape.FilledCircle)];
        if (summary.Control is { } control) { lines.Add(new Line($"{control.Name} (control)", control.Curve, PlotStyle.Control, MarkerShape.FilledCircle)); }
        lines.AddRange(summary.Models.Select((model, i) => new Line(model.Name, model.Curve, PlotStyle.ColorOf(i), PlotStyle.ShapeOf(i))));
        Add(plot, lines, summary.N);
        for (var i = 0; i < summary.Models.Count; i++) { AddCrossing(plot, summary, i); }
        return Finished(plot, "Share of problems solved within k samples, with 95 % intervals over problems; the open point k = n is the bare share. Upright lines: where a curve crosses the base's.");
    }

    /// <summary>The curves of several models as one panel.</summary>
    /// <param name="title">Above it.</param>
    /// <param name="n">The last k.</param>
    /// <param name="models">With their looks.</param>
    /// <param name="hasBands">Whether intervals are shown.</param>
    public static Plot Draw(string title, int n, IReadOnlyList<(ModelCurve Model, Color Color, MarkerShape Shape)> models, bool hasBands)
    {
        var plot = New(title, n, hasBands);
        Add(plot, [.. models.Select(model => new Line(model.Model.Name, model.Model.Curve, model.Color, model.Shape))], n, hasBands);
        PlotStyle.Legend(plot);
        return plot;
    }

    private static Plot New(string title, int n, bool hasBands = true)
    {
        var plot = PlotStyle.New(title, hasBands ? "k, samples allowed (band: 95 % over problems)" : "k, samples allowed", "share of problems solved, pass@k");
        int[] ks = [.. PassAtK.Ks(n, [])];
        plot.Axes.Bottom.SetTicks([.. ks.Select(k => Math.Log2(k))], [.. ks.Select(k => k.ToString(CultureInfo.InvariantCulture))]);
        PlotStyle.Ticks(plot.Axes.Left, 0, 1);
        plot.Axes.SetLimits(-0.15, Math.Max(Math.Log2(n), 0.5) + 0.15, 0, 1.02);
        return plot;
    }

    private static void Add(Plot plot, List<Line> lines, int n, bool hasBands = true)
    {
        // All bands lie under all lines, and are the paler the more there are.
        foreach (var (_, curve, color, _) in hasBands ? lines : []) { AddBand(plot, curve, color.WithAlpha(lines.Count <= 3 ? 0.16 : 0.32 / lines.Count)); }
        foreach (var (name, curve, color, shape) in lines)
        {
            var line = plot.Add.Scatter(curve.Select(point => Math.Log2(point.K)).ToArray(), curve.Select(point => point.Estimate).ToArray(), color);
            line.LineWidth = 2;
            line.MarkerSize = 6;
            line.MarkerShape = shape;
            line.LegendText = Figure.Label(name);
            if (curve[^1].K != n || curve.Count == 1) { continue; }
            plot.Add.Marker(Math.Log2(n), curve[^1].Estimate, MarkerShape.FilledCircle, 10, color);
            plot.Add.Marker(Math.Log2(n), curve[^1].Estimate, MarkerShape.FilledCircle, 6, Colors.White);
        }
    }

    private static void AddBand(Plot plot, IReadOnlyList<CurvePoint> curve, Color color)
    {
        if (curve.Count == 1)
        {
            PlotStyle.Whisker(plot, Math.Log2(curve[0].K), curve[0].Lo, curve[0].Hi, 0.04);
            return;
        }
        var band = plot.Add.FillY([.. curve.Select(point => Math.Log2(point.K))], [.. curve.Select(point => point.Lo)], [.. curve.Select(point => point.Hi)]);
        band.FillColor = color;
        band.LineWidth = 0;
        band.MarkerSize = 0;
    }

    private static void AddCrossing(Plot plot, ComparisonSummary summary, int model)
    {
        if (summary.Models[model].Crossing is not { } crossing) { return; }
        var x = Math.Log2(crossing.K);
        PlotStyle.Line(plot, x, 0, x, 1, 1, PlotStyle.ColorOf(model).WithAlpha(0.6));
        var (lo, hi) = (crossing.Lo is { } low ? $"{low:F1}" : "1", crossing.Hi is { } high ? $"{high:F1}" : $"> {summary.N}");
        var isRight = x > Math.Log2(summary.N) * 0.6;
        PlotStyle.Text(plot, isRight ? $"k* = {crossing.K:F1} ({lo} to {hi}) " : $" k* = {crossing.K:F1} ({lo} to {hi})", x, 0.02 + 0.05 * (model % 6),
            isRight ? Alignment.LowerRight : Alignment.LowerLeft, 12, PlotStyle.ColorOf(model), Colors.White.WithAlpha(0.8));
    }

    private static Figure Finished(Plot plot, string caption)
    {
        PlotStyle.Legend(plot);
        return Figure.Of("passk", caption, plot, 900, 600);
    }

    private sealed record Line(string Name, IReadOnlyList<CurvePoint> Curve, Color Color, MarkerShape Shape);
}
