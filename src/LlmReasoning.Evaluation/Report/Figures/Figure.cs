using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ScottPlot;
using SkiaSharp;

namespace LlmReasoning.Evaluation.Report.Figures;

/// <summary>A finished figure, as SVG and as PNG; the same input gives the same bytes on one machine.</summary>
/// <param name="Name">Of its files, such as "passk".</param>
/// <param name="Caption">What it shows, one sentence.</param>
/// <param name="Svg">The drawing as an XML document.</param>
/// <param name="Png">The same in pixels, two to a unit.</param>
public sealed partial record Figure(string Name, string Caption, string Svg, byte[] Png)
{
    private const int MaxNameLength = 32;
    private const int Margin = 6;
    private const int PngScale = 2;

    /// <summary>Of the drawing, in pixels.</summary>
    internal int Width => int.Parse(SvgSize().Match(Svg).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>Draws one plot.</summary>
    internal static Figure Of(string name, string caption, Plot plot, int width = 900, int height = 560) => Of(name, caption, [plot], 1, width, height);

    /// <summary>Draws several plots as panels of one size, row by row; the plots are disposed.</summary>
    /// <param name="name">Of the files; it sets the ids inside the SVG apart from those of other figures on one page.</param>
    /// <param name="caption">What it shows, one sentence.</param>
    /// <param name="panels">At least one.</param>
    /// <param name="columns">Panels in a row.</param>
    /// <param name="width">Of a panel, in pixels.</param>
    /// <param name="height">Of a panel, in pixels.</param>
    internal static Figure Of(string name, string caption, IReadOnlyList<Plot> panels, int columns, int width, int height)
    {
        columns = Math.Min(columns, panels.Count);
        var rows = (panels.Count + columns - 1) / columns;
        var size = new SKSizeI(columns * width, rows * height);
        void DrawOn(SKCanvas canvas)
        {
            canvas.Clear(SKColors.White);
            for (var i = 0; i < panels.Count; i++)
            {
                float left = i % columns * width, top = i / columns * height;
                panels[i].RenderManager.ClearCanvasBeforeEachRender = false;
                panels[i].Render(canvas, new PixelRect(left + Margin, left + width - Margin, top + height - Margin, top + Margin));
            }
        }

        using var svg = new MemoryStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, size.Width, size.Height), svg)) { DrawOn(canvas); }
        using var surface = SKSurface.Create(new SKImageInfo(PngScale * size.Width, PngScale * size.Height));
        surface.Canvas.Scale(PngScale);
        DrawOn(surface.Canvas);
        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        foreach (var panel in panels) { panel.Dispose(); }
        return new Figure(name, caption, WithOwnNumbering(Encoding.UTF8.GetString(svg.ToArray()), name), png.ToArray());
    }

    /// <summary>Writes FOLDER/NAME.svg and FOLDER/NAME.png.</summary>
    public void Write(string folder)
    {
        AtomicFile.WriteText(Path.Combine(folder, $"{Name}.svg"), Svg);
        AtomicFile.Write(Path.Combine(folder, $"{Name}.png"), stream => stream.Write(Png));
    }

    /// <summary>A name from a file, fit for a label: not too long, and nothing that XML cannot hold.</summary>
    internal static string Label(string name)
    {
        var text = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())      // lone surrogates become U+FFFD
        {
            if (text.Length >= MaxNameLength) { return text.Append('\u2026').ToString(); }
            text.Append(Rune.IsControl(rune) || rune.Value is 0xFFFE or 0xFFFF ? "\uFFFD" : rune.ToString());
        }
        return text.ToString();
    }

    /// <summary>SkiaSharp numbers clip paths through the life of the process; numbered per file, equal figures are equal files. A viewBox lets a page scale the drawing.</summary>
    private static string WithOwnNumbering(string svg, string name)
    {
        var numberOf = new Dictionary<string, int>(StringComparer.Ordinal);
        svg = ClipPathName().Replace(svg, clip =>
        {
            numberOf.TryAdd(clip.Value, numberOf.Count);
            return $"{name}-clip-{numberOf[clip.Value]}";
        });
        return SvgSize().Replace(svg, """$0 viewBox="0 0 $1 $2" """.TrimEnd(), 1);
    }

    // As an id, and where it is used: id="cl_1c", url(#cl_1c).
    [GeneratedRegex("""(?<=id="|\(#)cl_[0-9a-f]+(?="|\))""")]
    private static partial Regex ClipPathName();

    [GeneratedRegex("""width="([0-9]+)" height="([0-9]+)"(?=>| viewBox)""")]
    private static partial Regex SvgSize();
}
