namespace LlmReasoning.Evaluation.Metrics;

/// <summary>McNemar's exact test: are as many problems gained as lost?</summary>
public static class McNemar
{
    /// <summary>Two-sided p-value of <paramref name="gained"/> against <paramref name="lost"/> under a fair coin; 1 where both are 0.</summary>
    /// <remarks>McNemar (1947), the exact form: min(1, 2 P(X &lt;= smaller)), X binomial with gained + lost trials.</remarks>
    public static double PValue(int gained, int lost)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gained);
        ArgumentOutOfRangeException.ThrowIfNegative(lost);
        var trials = gained + lost;
        var smaller = Math.Min(gained, lost);

        // Terms relative to the middle one: no factorials, and what underflows is too small to count.
        double total = 0, tail = 0;
        var term = 1.0;
        for (var j = trials / 2; j >= 0; j--)
        {
            total += IsMiddle(j, trials) ? term : 2 * term;
            if (j <= smaller) { tail += term; }
            term *= (double)j / (trials - j + 1);
        }
        return Math.Min(1, 2 * tail / total);
    }

    // Of an even number of trials the middle term has no mirror image.
    private static bool IsMiddle(int j, int trials) => 2 * j == trials;
}
