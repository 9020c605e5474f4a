using ScottPlot;
using SkiaSharp;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>The font of all figures, part of the program: the same labels on every machine, and labels at all where no font is installed.</summary>
/// <remarks>Neither ScottPlot nor SkiaSharp brings a font; without one they leave all text out, in silence.</remarks>
internal sealed class PlotFont : IFontResolver
{
    /// <summary>Not the name of an installed font, so that none is taken in its place.</summary>
    public static string Name { get; } = Register();

    private readonly SKTypeface _typeface;

    private PlotFont(SKTypeface typeface) { _typeface = typeface; }

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => fontName == Name ? _typeface : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? _typeface : null;

    private static string Register()
    {
        using var stream = typeof(PlotFont).Assembly.GetManifestResourceStream("DejaVuSans-subset.ttf")!;
        ScottPlot.Fonts.FontResolvers.Insert(0, new PlotFont(SKTypeface.FromStream(stream)));
        return "DejaVu Sans (figures)";
    }
}
