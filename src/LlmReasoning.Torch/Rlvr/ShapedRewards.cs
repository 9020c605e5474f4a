namespace LlmReasoning.Torch.Rlvr;

/// <summary>Rewards of a completion's form. The defaults are TRL's.</summary>
public static class ShapedRewards
{
    /// <summary>DAPO's soft overlong punishment (arXiv 2503.14476, equation 13): 0 up to L - c tokens, then falling in a line, -1 beyond L.</summary>
    /// <param name="length">Tokens of the completion.</param>
    /// <param name="maxLength">L.</param>
    /// <param name="cache">c, at most L.</param>
    public static double SoftOverlong(int length, int maxLength, int cache)
    {
        if (length <= maxLength - cache) { return 0; }
        return length <= maxLength ? (double)(maxLength - cache - length) / cache : -1;
    }

    /// <summary>The share of n-grams of token ids that repeat an earlier one, times a penalty; 0 for fewer than n tokens (arXiv 2502.03373).</summary>
    /// <param name="ids">The completion.</param>
    /// <param name="n">At least 1.</param>
    /// <param name="maxPenalty">At most 0.</param>
    public static double Repetition(IReadOnlyList<int> ids, int n, double maxPenalty = -1)
    {
        var total = ids.Count - n + 1;
        if (total <= 0) { return 0; }
        var distinct = Enumerable.Range(0, total).Select(start => string.Join(' ', ids.Skip(start).Take(n))).Distinct().Count();
        return (1 - (double)distinct / total) * maxPenalty;
    }

    /// <summary>The cosine length reward (arXiv 2502.03373): from 1 to 0.5 as a right answer grows to L tokens, from -1 to -0.5 for a wrong one.</summary>
    /// <param name="length">Tokens of the completion.</param>
    /// <param name="maxLength">L; longer completions count as L.</param>
    public static double Cosine(bool isCorrect, int length, int maxLength)
    {
        var (longest, shortest) = isCorrect ? (0.5, 1.0) : (-0.5, -1.0);
        var progress = Math.Min((double)length / maxLength, 1);
        return longest + (shortest - longest) / 2 * (1 + Math.Cos(Math.PI * progress));
    }

    /// <summary>
    /// The length reward of Kimi k1.5 (arXiv 2501.12599, section 2.3.3): 0.5 for the shortest of a group down to -0.5 for the longest; a wrong answer gets
    /// at most 0; 0 where all are of one length.
    /// </summary>
    public static double RelativeLength(bool isCorrect, int length, int shortest, int longest)
    {
        if (longest == shortest) { return 0; }
        var reward = 0.5 - ((double)(length - shortest) / (longest - shortest));
        return isCorrect ? reward : Math.Min(0, reward);
    }

    /// <summary>Whether the text begins with its only &lt;think&gt; and closes it.</summary>
    public static bool HasThinkTags(string text)
    {
        const string open = "<think>";
        return text.StartsWith(open, StringComparison.Ordinal)
            && text.LastIndexOf(open, StringComparison.Ordinal) == 0
            && text.Contains("</think>", StringComparison.Ordinal);
    }
}
