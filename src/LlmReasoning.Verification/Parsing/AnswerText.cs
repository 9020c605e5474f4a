using System.Buffers;
using System.Text;

namespace LlmReasoning.Verification.Parsing;

/// <summary>Answers as text.</summary>
internal static class AnswerText
{
    private static readonly SearchValues<char> Ignored = SearchValues.Create(" \t\n\r\v\f\u00a0\u2009\u202f\u3000$\\");
    private static readonly string[] Articles = ["the", "a", "an"];

    /// <summary>
    /// Words for comparison: lower case, without spaces, articles, braces, dollar signs and punctuation that ends or separates;
    /// signs that carry meaning stay.
    /// </summary>
    public static string Fold(string text)
    {
        var result = new StringBuilder(text.Length);
        var position = 0;
        while (position < text.Length)
        {
            var c = text[position];
            if (c == '\\')
            {
                position++;
                var start = position;
                while (position < text.Length && char.IsAsciiLetter(text[position])) { position++; }
                var command = text[start..position];
                if (command.Length > 0 && !Vocabulary.TextCommands.Contains(command) && !Vocabulary.Silent.Contains(command)) { result.Append(command); }
                if (position == start && position < text.Length && text[position] is ',' or ';' or '!' or ':' or ' ' or '(' or ')' or '[' or ']') { position++; }
            }
            else if (char.IsLetterOrDigit(c))
            {
                var start = position;
                while (position < text.Length && char.IsLetterOrDigit(text[position])) { position++; }
                var word = text[start..position].ToLowerInvariant();
                if (Array.IndexOf(Articles, word) < 0 || word.Length == text.Trim().Length || !char.IsWhiteSpace(position < text.Length ? text[position] : 'x')) { result.Append(word); }
            }
            else
            {
                if (!char.IsWhiteSpace(c) && c is not ('$' or '{' or '}' or '"' or '\'' or '`' or '.' or ',' or '~' or '!' or '?')) { result.Append(c); }
                position++;
            }
        }

        var folded = result.ToString();
        return Vocabulary.Synonyms.GetValueOrDefault(folded, folded);
    }

    /// <summary>The same formula with other spacing, sizing and dollar signs gives the same text; nothing else is changed.</summary>
    public static string Normalize(string text)
    {
        if (!text.AsSpan().ContainsAny(Ignored)) { return text.TrimEnd('.'); }
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c) || c == '$')
            {
                // "1, 234" is a list and "1,234" a number; "1 2" are two numbers
                if (result.Length > 0 && (char.IsDigit(result[^1]) || result[^1] == ',') && i + 1 < text.Length && char.IsDigit(text[i + 1])) { result.Append(' '); }
                continue;
            }

            if (c == '\\' && i + 1 < text.Length && text[i + 1] == '\\')
            {
                result.Append("\\\\");
                i++;
                continue;
            }

            if (c == '\\' && i + 1 < text.Length && text[i + 1] is ',' or '!' or ';' or ':' or ' ' or '(' or ')' or '[' or ']')
            {
                i++;
                continue;
            }

            result.Append(c);
        }

        return result.ToString().TrimEnd('.');
    }
}
