using LlmReasoning.Evaluation.Responses;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>The figures of responses: Kim et al., figures 3 and 10 to 14.</summary>
internal static class ResponsePlots
{
    private const string All = "all";

    private static readonly (string Group, float Width, MarkerShape Shape)[] Groups =
        [(All, 3, MarkerShape.FilledCircle), ("correct", 1.2f, MarkerShape.FilledTriangleUp), ("wrong", 1.2f, MarkerShape.OpenCircle)];

    public static IReadOnlyList<Figure> Of(ResponseSummary summary) => Entropy(summary) is { } entropy ? [Lengths(summary), entropy] : [Lengths(summary)];

    /// <summary>Kim et al., figures 3 and 11 to 14; there must be rows of lengths.</summary>
    public static Figure Lengths(ResponseSummary summary)
    {
        var keywords = summary.Keywords.Where(row => row.Keyword == "*").ToDictionary(row => row.Of, row => row.MeanPerSample);
        var lengths = summary.Lengths.ToDictionary(row => row.Of, row => row.MeanTokens);
        string[] buckets = [.. summary.Lengths.Select(row => row.Of.Bucket).Where(bucket => bucket != All).Distinct()];
        List<Plot> panels = [Bars(summary, lengths, "Length of responses", "mean tokens"), Bars(summary, keywords, "Reflection keywords", "mean a response")];
        if (buckets.Length > 0)
        {
            panels.Add(Lines(summary, lengths, buckets, "Length by difficulty", "mean tokens"));
            panels.Add(Lines(summary, keywords, buckets, "Reflection keywords by difficulty", "mean a response"));
        }
        return Figure.Of(
            "length-keywords", "Mean length and number of reflection keywords of responses; by difficulty: all thick, correct with triangles, wrong with rings.", panels, 2, 560, 440);
    }

    private static Plot Bars(ResponseSummary summary, Dictionary<ResponseGroup, double?> values, string title, string y)
    {
        var plot = PlotStyle.New(title, "responses", y);
        string[] groups = [.. summary.Lengths.Select(row => row.Of.Group).Distinct()];
        var top = 0.0;
        for (var i = 0; i < summary.Models.Count; i++)
        {
            for (var group = 0; group < groups.Length; group++)
            {
                if (values[new ResponseGroup(summary.Models[i], groups[group], All)] is not { } value) { continue; }
                var place = PlotStyle.Place(group, i, summary.Models.Count);
                PlotStyle.Bar(plot, place, value, PlotStyle.Width(summary.Models.Count) * 0.95, ColorOf(summary, i));
                PlotStyle.Text(plot, value >= 100 ? $"{value:F0}" : value >= 10 ? $"{value:F1}" : $"{value:F2}", place, value, Alignment.LowerCenter);
                top = Math.Max(top, value);
            }
        }
        PlotStyle.Categories(plot, groups);
        FromZero(plot, top, groups.Length);
        PlotStyle.Legend(plot, summary.Models.Select((model, i) => (model, ColorOf(summary, i))));
        return plot;
    }

    private static Plot Lines(ResponseSummary summary, Dictionary<ResponseGroup, double?> values, string[] buckets, string title, string y)
    {
        var plot = PlotStyle.New(title, $"correct samples of {Figure.Label(summary.BucketsOf ?? "the model")}", y);
        var top = 0.0;
        for (var i = 0; i < summary.Models.Count; i++)
        {
            foreach (var (group, width, shape) in Groups)
            {
                (int Bucket, double Value)[] points =
                [
                    .. buckets.Select((bucket, at) => (at, Value: values.GetValueOrDefault(new ResponseGroup(summary.Models[i], group, bucket))))
                        .Where(point => point.Value is not null).Select(point => (point.at, point.Value!.Value)),
                ];
                if (points.Length == 0) { continue; }
                var line = plot.Add.Scatter(points.Select(point => (double)point.Bucket).ToArray(), points.Select(point => point.Value).ToArray(), ColorOf(summary, i));
                line.LineWidth = width;
                line.MarkerShape = shape;
                line.MarkerSize = 7;
                top = Math.Max(top, points.Max(point => point.Value));
            }
        }
        PlotStyle.Categories(plot, buckets);
        FromZero(plot, top, buckets.Length);
        foreach (var (group, width, shape) in Groups)
        {
            plot.Legend.ManualItems.Add(new LegendItem
            {
                LabelText = group,
                LabelFontName = PlotFont.Name,
                LineColor = PlotStyle.Ink,
                LineWidth = width,
                MarkerShape = shape,
                MarkerColor = PlotStyle.Ink,
                MarkerSize = 7,
            });
        }
        PlotStyle.Legend(plot, summary.Models.Select((model, i) => (model, ColorOf(summary, i))));
        return plot;
    }

    /// <summary>Kim et al., figure 10.</summary>
    public static Figure? Entropy(ResponseSummary summary)
    {
        EntropyRow[] rows = [.. summary.Entropies.Where(row => row.Of.Group == All)];
        string[] buckets = [.. rows.Select(row => row.Of.Bucket).Distinct()];
        var plot = PlotStyle.New($"Entropy of answers on {Figure.Label(summary.Dataset)}", $"correct samples of {Figure.Label(summary.BucketsOf ?? "the model")}", "nats, mean over problems");
        var top = 0.0;
        foreach (var row in rows)
        {
            if (row.Entropy is not { } entropy) { continue; }
            var model = summary.Models.ToList().IndexOf(row.Of.Model);
            var place = PlotStyle.Place(Array.IndexOf(buckets, row.Of.Bucket), model, summary.Models.Count);
            PlotStyle.Bar(plot, place, entropy.Value, PlotStyle.Width(summary.Models.Count) * 0.95, ColorOf(summary, model));
            PlotStyle.Whisker(plot, place, entropy.Lo, entropy.Hi, PlotStyle.Width(summary.Models.Count) * 0.35);
            top = Math.Max(top, entropy.Hi);
        }
        PlotStyle.Categories(plot, [.. buckets.Select(bucket => bucket == All ? "all problems" : bucket)]);
        FromZero(plot, top, buckets.Length);
        PlotStyle.Legend(plot, summary.Models.Select((model, i) => (model, ColorOf(summary, i))));
        return Figure.Of("entropy", "Shannon entropy of the answers to a problem, no answer counted as an answer; whiskers: 95 % over problems.", plot);
    }

    // With two models the first is the base.
    private static Color ColorOf(ResponseSummary summary, int model) => summary.Models.Count == 1 ? PlotStyle.ColorOf(0) : model == 0 ? PlotStyle.Base : PlotStyle.ColorOf(model - 1);

    private static void FromZero(Plot plot, double top, int categories)
    {
        top = top > 0 ? top * 1.12 : 1;
        PlotStyle.Ticks(plot.Axes.Left, 0, top);
        plot.Axes.SetLimits(-0.6, categories - 0.4, 0, top);
    }
}
