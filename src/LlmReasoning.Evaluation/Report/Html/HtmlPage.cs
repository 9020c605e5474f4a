using System.Security.Cryptography;
using System.Text;
using LlmReasoning.Evaluation.Report.Figures;

namespace LlmReasoning.Evaluation.Report.Html;

/// <summary>Builds one page that needs nothing else: styles, script, figures and data are part of it, and its policy forbids everything from outside.</summary>
internal sealed class HtmlPage
{
    private static readonly string Style = Resource("report.css");
    private static readonly string Script = Resource("report.js");

    private readonly StringBuilder _body = new();
    private readonly List<(string Id, string Title)> _sections = [];
    private readonly string _title;
    private readonly string _subtitle;
    private readonly IReadOnlyList<string> _warnings;

    public HtmlPage(string title, string subtitle, IReadOnlyList<string> warnings)
    {
        _title = title;
        _subtitle = subtitle;
        _warnings = warnings;
    }

    /// <summary>What must be read before all else, one or two sentences; empty = none.</summary>
    public string Lead { get; init; } = "";

    public void Section(string title)
    {
        var id = $"section-{_sections.Count + 1}";
        _sections.Add((id, title));
        _body.Append($"<h2 id=\"{id}\">{Escape(title)}</h2>\n");
    }

    public void Subsection(string title) => _body.Append($"<h3>{Escape(title)}</h3>\n");

    public void Note(string text) => _body.Append($"<p class=\"dim\">{Escape(text)}</p>\n");

    public void List(IEnumerable<string> items)
    {
        _body.Append("<ul>\n");
        foreach (var item in items) { _body.Append($"<li>{Escape(item)}</li>\n"); }
        _body.Append("</ul>\n");
    }

    /// <summary>What a click opens; a printed page shows it.</summary>
    public void Folded(string title, Action content)
    {
        _body.Append($"<details class=\"folded\"><summary>{Escape(title)}</summary>\n");
        content();
        _body.Append("</details>\n");
    }

    /// <summary>Claims by group, each with its verdict before its numbers.</summary>
    public void Claims(IReadOnlyList<ClaimCard> claims)
    {
        foreach (var group in claims.GroupBy(claim => claim.Group))
        {
            _body.Append($"<section class=\"claims\"><h3>{Escape(group.Key)}</h3>\n");
            foreach (var claim in group)
            {
                _body.Append($"<article class=\"claim {claim.Tone}\">\n<div class=\"said\"><p class=\"statement\">{Escape(claim.Statement)}</p>");
                _body.Append($"<p class=\"dim\">{Escape(claim.Metric)}</p></div>\n");
                _body.Append($"<p class=\"number\"><strong>{Escape(claim.Number)}</strong><span class=\"dim\">{Escape(claim.Interval)}</span></p>\n");
                _body.Append($"<p class=\"verdict\"><span class=\"badge\">{Escape(claim.Verdict)}</span><span class=\"dim\">{Escape(claim.Reason)}</span></p>\n<dl>");
                foreach (var (name, value) in new[] { ("seeds", claim.BySeed), ("control", claim.Control), ("paper", claim.Paper) })
                {
                    if (value.Length > 0) { _body.Append($"<div><dt>{name}</dt><dd>{Escape(value)}</dd></div>"); }
                }
                _body.Append("</dl>\n</article>\n");
            }
            _body.Append("</section>\n");
        }
    }

    /// <summary>A table that a click on a heading sorts; the first row holds the headings. Columns without a number are set to the left.</summary>
    public void Table(IReadOnlyList<string[]> rows)
    {
        var classes = rows[0].Select((_, column) => rows.Skip(1).Any(row => IsNumber(row[column])) ? "" : " class=\"words\"").ToArray();
        _body.Append("<div class=\"scroll\"><table>\n<thead><tr>");
        for (var column = 0; column < classes.Length; column++) { _body.Append($"<th scope=\"col\"{classes[column]}><button type=\"button\">{Escape(rows[0][column])}</button></th>"); }
        _body.Append("</tr></thead>\n<tbody>\n");
        foreach (var row in rows.Skip(1))
        {
            _body.Append("<tr>");
            for (var column = 0; column < classes.Length; column++) { _body.Append($"<td{classes[column]}>{Escape(row[column])}</td>"); }
            _body.Append("</tr>\n");
        }
        _body.Append("</tbody></table></div>\n");
    }

    private static bool IsNumber(string cell) => cell.TrimStart('+', '-', '<', '(', ' ') is { Length: > 0 } text && char.IsAsciiDigit(text[0]);

    public void Drawing(Figure figure)
    {
        // Without the XML declaration, which HTML does not know.
        var svg = figure.Svg[figure.Svg.IndexOf("<svg", StringComparison.Ordinal)..];
        svg = $"<svg role=\"img\" aria-label=\"{Escape(figure.Caption)}\" style=\"max-width:{figure.Width}px;min-width:{figure.Width * 3 / 4}px\"{svg["<svg".Length..]}";
        _body.Append($"<figure><div class=\"scroll\">{svg.TrimEnd()}</div><figcaption>{Escape(figure.Caption)}</figcaption></figure>\n");
    }

    public void Browser(ProblemBrowser browser, string note = "")
    {
        Section("Problems and samples");
        if (note.Length > 0) { Note(note); }
        foreach (var remark in browser.Notes) { Note(remark); }
        _body.Append("<div id=\"browser\"><p>JavaScript is needed to look through the problems.</p></div>\n");
        _body.Append($"<script type=\"application/json\" id=\"problems-data\">{browser.Json}</script>\n");
    }

    public override string ToString()
    {
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Script)));
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; img-src data:\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
        page.Append($"<link rel=\"icon\" href=\"data:,\">\n<title>{Escape(_title)}</title>\n<style>\n{Style}</style>\n</head>\n<body>\n");
        page.Append($"<header><h1>{Escape(_title)}</h1>\n<p class=\"dim\">{Escape(_subtitle)}</p></header>\n");
        if (Lead.Length > 0) { page.Append($"<p class=\"lead\">{Escape(Lead)}</p>\n"); }
        if (_warnings.Count > 0)
        {
            page.Append("<div class=\"warnings\" role=\"note\"><strong>To know before reading the numbers</strong>\n<ul>\n");
            foreach (var warning in _warnings) { page.Append($"<li>{Escape(warning)}</li>\n"); }
            page.Append("</ul></div>\n");
        }
        page.Append("<nav>");
        foreach (var (id, title) in _sections) { page.Append($"<a href=\"#{id}\">{Escape(title)}</a>\n"); }
        page.Append($"</nav>\n<main>\n{_body}</main>\n<script>{Script}</script>\n</body>\n</html>\n");
        return page.ToString();
    }

    /// <summary>Text that cannot become markup, neither in an element nor in a quoted attribute.</summary>
    public static string Escape(string text) => Valid(text)
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("\"", "&quot;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal);

    /// <summary>Lone surrogates, control characters that HTML forbids and those that reverse the order of what is read become U+FFFD.</summary>
    public static string Valid(string text)
    {
        var valid = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) { valid.Append(IsShown(rune) ? rune.ToString() : "\uFFFD"); }
        return valid.ToString();
    }

    private static bool IsShown(Rune rune) => rune.Value switch
    {
        '\n' or '\t' => true,
        >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 => false,
        _ => !Rune.IsControl(rune),
    };

    private static string Resource(string name)
    {
        using var stream = typeof(HtmlPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
