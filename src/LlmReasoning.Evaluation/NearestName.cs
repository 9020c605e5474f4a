namespace LlmReasoning;

/// <summary>Guesses which known name was meant by a misspelt one, for error messages.</summary>
public static class NearestName
{
    /// <summary>The nearest of <paramref name="known"/>, or null where none is near (more than 2 edits, or more than a third of the length).</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > 100) { return null; }
        var nearest = known.Select(candidate => (candidate, distance: EditDistance(name, candidate))).MinBy(pair => pair.distance);
        return nearest.candidate is not null && nearest.distance <= Math.Max(2, name.Length / 3) && nearest.distance < name.Length ? nearest.candidate : null;
    }

    /// <summary>Levenshtein's distance: insertions, deletions and replacements cost 1.</summary>
    public static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
