namespace LlmReasoning.Evaluation.Problems;

/// <summary>The answer in the last \boxed{} of a data set's worked solution (MATH keeps its answers there).</summary>
internal static class LastBox
{
    /// <summary>The content of the last closed \boxed{} or \fbox{}, or what follows a bare "\boxed " up to a dollar sign or blank; null where there is none.</summary>
    public static string? Of(string solution)
    {
        for (var end = solution.Length; end > 0;)
        {
            var start = Math.Max(solution.LastIndexOf("\\boxed", end - 1, StringComparison.Ordinal), solution.LastIndexOf("\\fbox", end - 1, StringComparison.Ordinal));
            if (start < 0) { return null; }
            var content = solution.AsSpan(solution[start + 1] == 'b' ? start + 6 : start + 5).TrimStart();
            if (Content(content) is { } box) { return box; }
            end = start;
        }
        return null;
    }

    private static string? Content(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) { return null; }
        if (text[0] != '{')
        {
            var stop = text.IndexOfAny(" $\n");
            return stop < 0 ? text.ToString() : text[..stop].ToString();
        }
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\': i++; break;                         // \{ and \} are characters, not groups
                case '{': depth++; break;
                case '}' when --depth == 0: return text[1..i].ToString();
            }
        }
        return null;
    }
}
