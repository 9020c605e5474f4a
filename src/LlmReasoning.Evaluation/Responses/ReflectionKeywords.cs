using System.Text;

namespace LlmReasoning.Evaluation.Responses;

/// <summary>Words and phrases that are taken for signs of reflection, counted in responses.</summary>
public sealed class ReflectionKeywords
{
    private const int MaxKeywords = 1000;

    private readonly string[] _normalized;

    private ReflectionKeywords(IReadOnlyList<string> keywords, KeywordMatch match)
    {
        Keywords = keywords;
        _normalized = [.. keywords.Select(Normalize)];
        Match = match;
    }

    /// <summary>The list that lies beside the program, to be looked at and edited.</summary>
    public static string DefaultPath => Path.Combine(AppContext.BaseDirectory, "reflection-keywords.txt");

    public KeywordMatch Match { get; }

    /// <summary>As the file gives them.</summary>
    public IReadOnlyList<string> Keywords { get; }

    /// <summary>Reads a list: one keyword a line, blank lines and lines that begin with # left out.</summary>
    /// <exception cref="UserException">No such file, no keyword, one twice, too many.</exception>
    public static ReflectionKeywords Read(string path, KeywordMatch match = KeywordMatch.Word)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var keywords = new List<string>();
        using var reader = new LineReader(path);
        while (reader.Read(out var bytes))
        {
            var keyword = Encoding.UTF8.GetString(bytes).Trim();
            if (keyword.Length == 0 || keyword.StartsWith('#')) { continue; }
            if (!lines.TryAdd(Normalize(keyword), reader.LineNumber))
            {
                throw new UserException($"{path}: line {reader.LineNumber}: \"{keyword}\" is in line {lines[Normalize(keyword)]} already; keep one of them");
            }
            keywords.Add(keyword);
            if (keywords.Count > MaxKeywords) { throw new UserException($"{path}: line {reader.LineNumber}: more than {MaxKeywords} keywords; shorten the list"); }
        }
        return keywords.Count > 0 ? new ReflectionKeywords(keywords, match) : throw new UserException($"{path}: holds no keyword; one a line is expected");
    }

    /// <summary>How often each keyword occurs in a response; occurrences of one keyword do not overlap, those of two may.</summary>
    public int[] Count(string response)
    {
        var text = Normalize(response);
        var counts = new int[_normalized.Length];
        for (var i = 0; i < counts.Length; i++) { counts[i] = Count(text, _normalized[i]); }
        return counts;
    }

    private int Count(string text, string keyword)
    {
        var count = 0;
        for (var from = 0; text.IndexOf(keyword, from, StringComparison.Ordinal) is >= 0 and var at;)
        {
            var end = at + keyword.Length;
            var counts = Match == KeywordMatch.Substring || !Joins(text, at - 1, at) && !Joins(text, end - 1, end);
            count += counts ? 1 : 0;
            from = counts ? end : at + 1;
        }
        return count;
    }

    /// <summary>Whether the characters at both places are of one word.</summary>
    private static bool Joins(string text, int left, int right) =>
        left >= 0 && right < text.Length && char.IsLetterOrDigit(text[left]) && char.IsLetterOrDigit(text[right]);

    /// <summary>Lower case, every run of white space one space, every apostrophe the same.</summary>
    private static string Normalize(string text)
    {
        var normalized = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c)) { normalized.Append(c is '\u2019' or '\u2018' or '\u02BC' ? '\'' : char.ToLowerInvariant(c)); }
            else if (normalized.Length == 0 || normalized[^1] != ' ') { normalized.Append(' '); }
        }
        return normalized.ToString();
    }
}
