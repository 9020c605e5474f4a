using LlmReasoning.Evaluation.Comparison;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>The figures of a comparison.</summary>
internal static class ComparisonPlots
{
    public static IReadOnlyList<Figure> Of(ComparisonSummary summary) =>
        [PassKPlot.Of(summary), Gains(summary), Histogram(summary), TransitionPlot.Of(summary), CoveragePlot.Of(summary), Efficiency(summary)];

    private static Color ColorOf(ComparisonSummary summary, ComparedModel model, int i) => ReferenceEquals(model, summary.Control) ? PlotStyle.Control : PlotStyle.ColorOf(i);

    /// <summary>Kim et al., figure 1: points gained by bucket of the base.</summary>
    private static Figure Gains(ComparisonSummary summary) => Figure.Of(
        "gains",
        $"Points of success rate gained over {summary.Base.Name}, by its success; whiskers: 95 % over the problems of the bucket.",
        DrawGains(summary, [.. summary.Compared], [.. summary.Compared.Select((model, i) => ColorOf(summary, model, i))], "Change of the success rate by difficulty"));

    /// <summary>The gains of some models as one panel.</summary>
    public static Plot DrawGains(ComparisonSummary summary, ComparedModel[] models, Color[] colors, string title)
    {
        var plot = PlotStyle.New(title, $"correct samples of the base, of {(summary.SplitHalf ? $"{summary.N / 2} (one half)" : summary.N)}", "points gained");
        double lowest = 0, highest = 0;
        for (var i = 0; i < models.Length; i++)
        {
            for (var bucket = 0; bucket < summary.GainBuckets.Count; bucket++)
            {
                if (models[i].Gains[bucket].Gain is not { } gain) { continue; }
                var place = PlotStyle.Place(bucket, i, models.Length);
                PlotStyle.Bar(plot, place, 100 * gain.Value, PlotStyle.Width(models.Length) * 0.95, colors[i]);
                PlotStyle.Whisker(plot, place, 100 * gain.Lo, 100 * gain.Hi, PlotStyle.Width(models.Length) * 0.35);
                (lowest, highest) = (Math.Min(lowest, 100 * gain.Lo), Math.Max(highest, 100 * gain.Hi));
            }
        }
        PlotStyle.Categories(plot, [.. summary.GainBuckets.Select((bucket, i) => $"{bucket}\n{(summary.GainBuckets.Count > 6 ? "n = " : "")}{models[0].Gains[i].Problems}{(summary.GainBuckets.Count > 6 ? "" : " problems")}")]);
        PlotStyle.Line(plot, -0.6, 0, summary.GainBuckets.Count - 0.4, 0);
        var margin = Math.Max(1, 0.08 * (highest - lowest));
        var (bottom, top) = (lowest < 0 ? lowest - margin : 0, highest > 0 ? highest + margin : margin);
        PlotStyle.Ticks(plot.Axes.Left, bottom, top);
        plot.Axes.SetLimits(-0.6, summary.GainBuckets.Count - 0.4, bottom, top);
        PlotStyle.Legend(plot, models.Select((model, i) => (ComparisonText.NameOf(summary, model), colors[i])));
        return plot;
    }

    /// <summary>Yue et al., figures 5 and 13: problems by success rate, exactly 0 apart.</summary>
    private static Figure Histogram(ComparisonSummary summary)
    {
        var plot = PlotStyle.New("Problems by success rate", "success rate", "problems");
        (ModelCurve Model, string Name, Color Color)[] models =
        [
            (summary.Base, summary.Base.Name, PlotStyle.Base),
            .. summary.Compared.Select((model, i) => ((ModelCurve)model, ComparisonText.NameOf(summary, model), ColorOf(summary, model, i))),
        ];
        var bins = ComparisonTables.HistogramBins;
        var most = 1;
        for (var i = 0; i < models.Length; i++)
        {
            for (var bin = 0; bin < bins.Length; bin++)
            {
                var count = models[i].Model.Histogram[bin];
                most = Math.Max(most, count);
                var place = PlotStyle.Place(bin, i, models.Length);
                PlotStyle.Bar(plot, place, count, PlotStyle.Width(models.Length) * 0.95, models[i].Color);
                if (models.Length <= 3 && count > 0) { PlotStyle.Text(plot, $"{count}", place, count, Alignment.LowerCenter, models.Length <= 2 ? 11 : 9); }
            }
        }
        PlotStyle.Categories(plot, [.. bins.Select(bin => bin.Replace(",", ", ", StringComparison.Ordinal))]);
        var top = most * 1.12;
        plot.Axes.SetLimits(-0.6, bins.Length - 0.4, 0, top);
        PlotStyle.Ticks(plot.Axes.Left, 0, top, "0");
        // The same scale once more, as a share of all problems.
        var share = plot.Axes.Right;
        share.FrameLineStyle.Width = 1;
        share.Label.Text = "% of all problems";
        share.Label.FontName = PlotFont.Name;
        share.Label.FontSize = 13;
        share.Label.Bold = false;
        share.Label.ForeColor = PlotStyle.Ink;
        share.TickLabelStyle.FontName = PlotFont.Name;
        share.MinimumSize = 60;
        share.Min = 0;
        share.Max = 100 * top / summary.Problems;
        PlotStyle.Ticks(share, 0, share.Max);
        PlotStyle.Legend(plot, models.Select(model => (model.Name, model.Color)));
        return Figure.Of("histogram", "Problems by success rate: exactly 0, then steps of a tenth that include their upper end.", plot, 980, 560);
    }

    /// <summary>Yue et al.: what sampling from the base still has over one sample of the trained model.</summary>
    private static Figure Efficiency(ComparisonSummary summary)
    {
        var plot = PlotStyle.New("Sampling-efficiency gap", "", $"points: pass@{summary.N} of the base - pass@1");
        ComparedModel[] models = [.. summary.Compared];
        double lowest = 0, highest = 0;
        for (var i = 0; i < models.Length; i++)
        {
            var gap = models[i].EfficiencyGap;
            PlotStyle.Bar(plot, i, 100 * gap.Value, 0.5, ColorOf(summary, models[i], i));
            PlotStyle.Whisker(plot, i, 100 * gap.Lo, 100 * gap.Hi, 0.12);
            PlotStyle.Text(plot, $" {100 * gap.Value:F1}", i + 0.07, 100 * gap.Value, Alignment.LowerLeft, 12);
            (lowest, highest) = (Math.Min(lowest, 100 * gap.Lo), Math.Max(highest, 100 * gap.Hi));
        }
        PlotStyle.Categories(plot, [.. models.Select(model => Wrapped(Figure.Label(ComparisonText.NameOf(summary, model)), 90 / models.Length))]);
        PlotStyle.Line(plot, -0.6, 0, models.Length - 0.4, 0);
        var (bottom, top) = (lowest < 0 ? lowest - 0.08 * (highest - lowest) : 0, Math.Max(1, highest * 1.1));
        PlotStyle.Ticks(plot.Axes.Left, bottom, top);
        plot.Axes.SetLimits(-0.6, models.Length - 0.4, bottom, top);
        return Figure.Of("efficiency", $"What {summary.N} samples of {summary.Base.Name} solve beyond one sample of the model; whiskers: 95 % over problems.", plot, 900, 480);
    }

    /// <summary>Broken at spaces into lines of about so many characters.</summary>
    private static string Wrapped(string label, int width)
    {
        var lines = new List<string> { "" };
        foreach (var word in label.Split(' '))
        {
            if (lines[^1].Length == 0) { lines[^1] = word; }
            else if (lines[^1].Length + word.Length < width) { lines[^1] += $" {word}"; }
            else { lines.Add(word); }
        }
        return string.Join('\n', lines);
    }
}
