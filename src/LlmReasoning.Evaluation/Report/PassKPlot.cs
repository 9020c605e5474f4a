using System.Globalization;
using System.Text.RegularExpressions;
using LlmReasoning.Evaluation.Metrics;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report;

/// <summary>One line of a pass@k figure.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">By rising k.</param>
public sealed record PassKSeries(string Name, IReadOnlyList<CurvePoint> Points);

/// <summary>The pass@k figure: share of problems solved against k on a logarithmic axis, one line and 95 % band a model.</summary>
public static partial class PassKPlot
{
    private const int Width = 900, Height = 600;
    private const string Format = "0.##";

    // Okabe and Ito's palette: told apart with any colour vision, and in grey.
    private static readonly Color[] Colors =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"),
        Color.FromHex("#E69F00"), Color.FromHex("#56B4E9"), Color.FromHex("#000000"),
    ];

    /// <summary>Writes PATH.svg and PATH.png; the same input gives the same bytes on one machine.</summary>
    /// <param name="pathWithoutExtension">Where to.</param>
    /// <param name="title">Above the figure.</param>
    /// <param name="series">At least one line.</param>
    public static void Write(string pathWithoutExtension, string title, IReadOnlyList<PassKSeries> series)
    {
        using var plot = Draw(title, series);
        AtomicFile.WriteText($"{pathWithoutExtension}.svg", WithOwnNumbering(plot.GetSvgXml(Width, Height)));
        AtomicFile.Write($"{pathWithoutExtension}.png", stream => stream.Write(plot.GetImageBytes(Width, Height, ImageFormat.Png)));
    }

    private static Plot Draw(string title, IReadOnlyList<PassKSeries> series)
    {
        var plot = new Plot();
        plot.Font.Set(PlotFont.Name);
        for (var i = 0; i < series.Count; i++)
        {
            var color = Colors[i % Colors.Length];
            var points = series[i].Points;
            double[] xs = [.. points.Select(point => Math.Log2(point.K))];
            var band = plot.Add.FillY(xs, [.. points.Select(point => point.Lo)], [.. points.Select(point => point.Hi)]);
            band.FillColor = color.WithAlpha(0.2);
            band.LineWidth = 0;
            band.MarkerSize = 0;
            var line = plot.Add.Scatter(xs, points.Select(point => point.Estimate).ToArray(), color);
            line.LineWidth = 2;
            line.MarkerSize = 6;
            line.LegendText = series[i].Name;
        }

        var largest = series.Max(one => one.Points[^1].K);
        int[] ks = [.. PassAtK.Ks(largest, [])];
        plot.Axes.Bottom.SetTicks([.. ks.Select(k => Math.Log2(k))], [.. ks.Select(k => k.ToString(CultureInfo.InvariantCulture))]);
        double[] shares = [0, 0.2, 0.4, 0.6, 0.8, 1];
        plot.Axes.Left.SetTicks(shares, [.. shares.Select(share => share.ToString(Format, CultureInfo.InvariantCulture))]);
        plot.Axes.SetLimits(-0.15, Math.Log2(largest) + 0.15, 0, 1.02);
        plot.Title(title);
        plot.XLabel("k, samples allowed (band: 95 % over problems)");
        plot.YLabel("share of problems solved, pass@k");
        foreach (var label in new[] { plot.Axes.Title.Label, plot.Axes.Bottom.Label, plot.Axes.Left.Label })
        {
            label.FontName = PlotFont.Name;
            label.Bold = false;
        }
        plot.Legend.FontName = PlotFont.Name;
        plot.ShowLegend(Alignment.LowerRight);
        return plot;
    }

    /// <summary>SkiaSharp numbers clip paths through the life of the process; numbered per file, equal figures are equal files.</summary>
    private static string WithOwnNumbering(string svg)
    {
        var numberOf = new Dictionary<string, int>(StringComparer.Ordinal);
        return ClipPathName().Replace(svg, name =>
        {
            numberOf.TryAdd(name.Value, numberOf.Count);
            return $"clip-{numberOf[name.Value]}";
        });
    }

    // As an id, and where it is used: id="cl_1c", url(#cl_1c).
    [GeneratedRegex("""(?<=id="|\(#)cl_[0-9a-f]+(?="|\))""")]
    private static partial Regex ClipPathName();
}
