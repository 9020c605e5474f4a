using System.Globalization;
using ScottPlot;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>What all figures share: font, colours, axes, legend, whiskers.</summary>
internal static class PlotStyle
{
    // Okabe and Ito's palette: told apart with any colour vision, and in grey.
    private static readonly Color[] Palette =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"),
        Color.FromHex("#E69F00"), Color.FromHex("#56B4E9"), Color.FromHex("#000000"),
    ];

    private static readonly MarkerShape[] Shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.FilledTriangleDown, MarkerShape.Cross, MarkerShape.Eks];

    /// <summary>Of the base, and of a second run of it.</summary>
    public static readonly Color Base = Color.FromHex("#6E6E6E");
    public static readonly Color Control = Color.FromHex("#B4B4B4");
    public static readonly Color Ink = Color.FromHex("#222222");

    /// <summary>Of model i, counted from 0.</summary>
    public static Color ColorOf(int i) => Palette[i % Palette.Length];

    /// <summary>Of model i: colour is not the only difference.</summary>
    public static MarkerShape ShapeOf(int i) => Shapes[i % Shapes.Length];

    /// <summary>White at 0 to blue at 1.</summary>
    public static Color Shade(double share)
    {
        byte Between(byte from, byte to) => (byte)Math.Round(from + (to - from) * share);
        return new Color(Between(255, 0x00), Between(255, 0x5A), Between(255, 0x9E));
    }

    /// <summary>Black on light shades, white on dark ones.</summary>
    public static Color InkOn(double share) => share > 0.55 ? Color.FromHex("#FFFFFF") : Ink;

    /// <summary>An empty plot with title and axis labels.</summary>
    public static Plot New(string title, string x, string y)
    {
        var plot = new Plot();
        plot.Font.Set(PlotFont.Name);
        plot.Title(title, 15);
        plot.XLabel(x, 13);
        plot.YLabel(y, 13);
        foreach (var label in new[] { plot.Axes.Title.Label, plot.Axes.Bottom.Label, plot.Axes.Left.Label })
        {
            label.FontName = PlotFont.Name;
            label.Bold = false;
            label.ForeColor = Ink;
        }
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Axes.Right.MinimumSize = 25;
        plot.Axes.Left.MinimumSize = 70;
        plot.Axes.Bottom.MinimumSize = 50;
        plot.Grid.XAxisStyle.IsVisible = false;
        return plot;
    }

    /// <summary>A legend under the plot, in one row where it fits.</summary>
    public static void Legend(Plot plot, IEnumerable<(string Name, Color Color)>? items = null)
    {
        if (items is not null)
        {
            foreach (var (name, color) in items) { plot.Legend.ManualItems.Add(new LegendItem { LabelText = Figure.Label(name), FillColor = color, LabelFontName = PlotFont.Name }); }
        }
        plot.Legend.FontName = PlotFont.Name;
        plot.Legend.FontSize = 12;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.TightHorizontalWrapping = true;
        plot.Legend.InterItemPadding = new PixelPadding(14, 14, 2, 2);
        plot.ShowLegend(Edge.Bottom);
    }

    /// <summary>Ticks at 0, 1, 2, ... with these labels.</summary>
    public static void Categories(Plot plot, IReadOnlyList<string> labels)
    {
        plot.Axes.Bottom.SetTicks([.. labels.Select((_, i) => (double)i)], [.. labels]);
        plot.Axes.Bottom.MajorTickStyle.Color = Colors.Transparent;
    }

    /// <summary>Round ticks from <paramref name="lo"/> to <paramref name="hi"/>, at most seven.</summary>
    public static void Ticks(IAxis axis, double lo, double hi, string format = "0.##")
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10((hi - lo) / 6)));
        step *= new[] { 1.0, 2, 5, 10 }.First(factor => (hi - lo) / (step * factor) <= 6.01);
        var first = (int)Math.Ceiling(lo / step - 1e-9);
        var last = (int)Math.Floor(hi / step + 1e-9);
        double[] places = [.. Enumerable.Range(first, last - first + 1).Select(i => i * step)];
        axis.SetTicks(places, [.. places.Select(place => place.ToString(format, CultureInfo.InvariantCulture))]);
    }

    /// <summary>A bar of category <paramref name="category"/> for series <paramref name="series"/> of <paramref name="of"/>, side by side.</summary>
    public static double Place(int category, int series, int of) => category + (series - (of - 1) / 2.0) * Width(of);

    public static double Width(int of) => 0.8 / of;

    public static void Bar(Plot plot, double position, double value, double width, Color color)
    {
        plot.Add.Bar(new Bar { Position = position, Value = value, Size = width, FillColor = color, LineWidth = 0 });
    }

    /// <summary>The whisker of an interval.</summary>
    public static void Whisker(Plot plot, double position, double lo, double hi, double width)
    {
        Line(plot, position, lo, position, hi);
        Line(plot, position - width / 2, lo, position + width / 2, lo);
        Line(plot, position - width / 2, hi, position + width / 2, hi);
    }

    /// <summary>Solid: the SVG that SkiaSharp writes knows no dashes.</summary>
    public static void Line(Plot plot, double x1, double y1, double x2, double y2, float width = 1.2f, Color? color = null)
    {
        var line = plot.Add.Line(x1, y1, x2, y2);
        line.LineColor = color ?? Ink;
        line.LineWidth = width;
        line.MarkerSize = 0;
    }

    public static void Text(Plot plot, string text, double x, double y, Alignment alignment, float size = 11, Color? color = null, Color? background = null)
    {
        var label = plot.Add.Text(text, x, y);
        label.LabelFontName = PlotFont.Name;
        label.LabelFontSize = size;
        label.LabelFontColor = color ?? Ink;
        label.LabelAlignment = alignment;
        if (background is { } known) { label.LabelBackgroundColor = known; }
    }
}
