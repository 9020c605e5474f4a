using System.Text;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>A problem's text without what differs between copies of one problem: case, spacing, dollar signs, quotes, closing marks, the shapes of dashes.</summary>
internal static class NormalizedText
{
    public static string Of(string text)
    {
        var normalized = new StringBuilder(text.Length);
        var isSpaced = false;
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c))
            {
                isSpaced = true;
                continue;
            }
            var plain = c switch
            {
                '$' or '"' or '\'' or '`' or '\u2018' or '\u2019' or '\u201C' or '\u201D' or '\u200B' or '\uFEFF' => '\0',
                '\u2010' or '\u2011' or '\u2012' or '\u2013' or '\u2014' or '\u2212' => '-',
                '\u00D7' => '*',
                _ => char.ToLowerInvariant(c),
            };
            if (plain == '\0') { continue; }
            // A space counts between words alone: "x = 1" and "x=1" are the same, "1 2" and "12" are not.
            if (isSpaced && normalized.Length > 0 && char.IsLetterOrDigit(normalized[^1]) && char.IsLetterOrDigit(plain)) { normalized.Append(' '); }
            normalized.Append(plain);
            isSpaced = false;
        }
        return normalized.ToString().TrimEnd('.', '?', '!', ':', ';', ',');
    }
}
