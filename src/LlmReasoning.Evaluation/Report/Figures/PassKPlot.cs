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
        Add(plot, summary.ModelName, summary.Curve, summary.N, PlotStyle.ColorOf(0), PlotStyle.ShapeOf(0));
        return Finished(plot, "Share of problems solved within k samples, with 95 % intervals over problems; the open point k = n is the bare share.");
    }

    public static Figure Of(ComparisonSummary summary)
    {
        var plot = New($"pass@k on {Figure.Label(summary.Dataset)} ({summary.Problems} problems, n = {summary.N})", summary.N);
        Add(plot, summary.Base.Name, summary.Base.Curve, summary.N, PlotStyle.Base, MarkerShape.FilledCircle);
        for (var i = 0; i < summary.Models.Count; i++) { Add(plot, summary.Models[i].Name, summary.Models[i].Curve, summary.N, PlotStyle.ColorOf(i), PlotStyle.ShapeOf(i)); }
        if (summary.Control is { } control) { Add(plot, $"{control.Name} (control)", control.Curve, summary.N, PlotStyle.Control, MarkerShape.FilledCircle); }
        for (var i = 0; i < summary.Models.Count; i++) { AddCrossing(plot, summary, i); }
        return Finished(plot, "Share of problems solved within k samples, with 95 % intervals over problems; the open point k = n is the bare share. Upright lines: where a curve crosses the base's.");
    }

    private static Plot New(string title, int n)
    {
        var plot = PlotStyle.New(title, "k, samples allowed (band: 95 % over problems)", "share of problems solved, pass@k");
        int[] ks = [.. PassAtK.Ks(n, [])];
        plot.Axes.Bottom.SetTicks([.. ks.Select(k => Math.Log2(k))], [.. ks.Select(k => k.ToString(CultureInfo.InvariantCulture))]);
        PlotStyle.Ticks(plot.Axes.Left, 0, 1);
        plot.Axes.SetLimits(-0.15, Math.Max(Math.Log2(n), 0.5) + 0.15, 0, 1.02);
        return plot;
    }

    private static void Add(Plot plot, string name, IReadOnlyList<CurvePoint> curve, int n, Color color, MarkerShape shape)
    {
        double[] xs = [.. curve.Select(point => Math.Log2(point.K))];
        if (curve.Count > 1)
        {
            var band = plot.Add.FillY(xs, [.. curve.Select(point => point.Lo)], [.. curve.Select(point => point.Hi)]);
            band.FillColor = color.WithAlpha(0.16);
            band.LineWidth = 0;
            band.MarkerSize = 0;
        }
        else
        {
            PlotStyle.Whisker(plot, xs[0], curve[0].Lo, curve[0].Hi, 0.04);
        }
        var line = plot.Add.Scatter(xs, curve.Select(point => point.Estimate).ToArray(), color);
        line.LineWidth = 2;
        line.MarkerSize = 6;
        line.MarkerShape = shape;
        line.LegendText = Figure.Label(name);
        if (curve[^1].K != n || curve.Count == 1) { return; }
        plot.Add.Marker(xs[^1], curve[^1].Estimate, MarkerShape.FilledCircle, 10, color);
        plot.Add.Marker(xs[^1], curve[^1].Estimate, MarkerShape.FilledCircle, 6, Colors.White);
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
}
