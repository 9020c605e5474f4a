using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>Perplexities of the responses of one source under one model.</summary>
/// <param name="Scorer">The model that gives the probabilities.</param>
/// <param name="Source">The model that wrote the responses.</param>
/// <param name="Values">One a response, above 0 and finite; at least one.</param>
public sealed record PerplexityBox(string Scorer, string Source, IReadOnlyList<double> Values);

/// <summary>Yue et al., section 4.1: box plots of perplexity on a logarithmic axis, one a source, grouped by scorer.</summary>
public static class PerplexityPlot
{
    /// <param name="boxes">At least one.</param>
    public static Figure Of(IReadOnlyList<PerplexityBox> boxes)
    {
        var plot = PlotStyle.New("Perplexity of responses", "responses of", "perplexity");
        string[] scorers = [.. boxes.Select(box => box.Scorer).Distinct()];
        double lowest = double.MaxValue, highest = double.MinValue;
        for (var i = 0; i < boxes.Count; i++)
        {
            double[] sorted = [.. boxes[i].Values.Select(Math.Log10).Order()];
            var color = PlotStyle.ColorOf(Array.IndexOf(scorers, boxes[i].Scorer));
            var (lo, q1, median, q3, hi) = (Quantile(sorted, 0.05), Quantile(sorted, 0.25), Quantile(sorted, 0.5), Quantile(sorted, 0.75), Quantile(sorted, 0.95));
            PlotStyle.Line(plot, i, lo, i, q1);
            PlotStyle.Line(plot, i, q3, i, hi);
            PlotStyle.Line(plot, i - 0.12, lo, i + 0.12, lo);
            PlotStyle.Line(plot, i - 0.12, hi, i + 0.12, hi);
            var rectangle = plot.Add.Rectangle(i - 0.28, i + 0.28, q1, q3);
            rectangle.FillColor = color.WithAlpha(0.35);
            rectangle.LineColor = color;
            rectangle.LineWidth = 1.5f;
            PlotStyle.Line(plot, i - 0.28, median, i + 0.28, median, 2.5f);
            PlotStyle.Text(plot, $" {Math.Pow(10, median):G3}", i + 0.29, median, Alignment.MiddleLeft, 12);
            (lowest, highest) = (Math.Min(lowest, lo), Math.Max(highest, hi));
        }
        PlotStyle.Categories(plot, [.. boxes.Select(box => Figure.Label(box.Source))]);
        var margin = Math.Max(0.02, 0.08 * (highest - lowest));
        double[] ticks = [.. from power in Enumerable.Range(-3, 12) from digit in new[] { 1.0, 2, 5 } select digit * Math.Pow(10, power)];
        ticks = [.. ticks.Where(tick => Math.Log10(tick) >= lowest - margin && Math.Log10(tick) <= highest + margin)];
        if (ticks.Length < 2) { ticks = [Math.Pow(10, lowest), Math.Pow(10, highest)]; }
        plot.Axes.Left.SetTicks([.. ticks.Select(Math.Log10)], [.. ticks.Select(tick => $"{tick:G3}")]);
        plot.Axes.SetLimits(-0.6, boxes.Count - 0.3, lowest - margin, highest + margin);
        PlotStyle.Legend(plot, scorers.Select((scorer, i) => ($"under {scorer}", PlotStyle.ColorOf(i))));
        return Figure.Of("perplexity", "Perplexity of single responses: median, quartiles (box), 5 % and 95 % (whiskers).", plot);
    }

    /// <summary>Linear between the values (type 7).</summary>
    internal static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
