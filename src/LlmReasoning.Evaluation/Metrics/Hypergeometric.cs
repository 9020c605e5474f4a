namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Drawing k of n samples without replacement, m of the n being marked.</summary>
internal static class Hypergeometric
{
    /// <summary>Probability that no marked sample is drawn: C(n-m, k) / C(n, k).</summary>
    /// <remarks>
    /// A product over the smaller of m and k (both forms are equal by symmetry): every factor lies in [0, 1], so nothing overflows
    /// and the relative error stays near the number of factors times machine precision.
    /// </remarks>
    public static double None(int n, int m, int k)
    {
        if (n - m < k) { return 0; }
        var (shorter, longer) = m < k ? (m, k) : (k, m);
        var product = 1.0;
        for (var j = 0; j < shorter; j++)
        {
            product *= (double)(n - longer - j) / (n - j);
        }
        return product;
    }

    /// <summary>Probability that at least <paramref name="least"/> marked samples are drawn.</summary>
    /// <remarks>Terms relative to the most probable one, divided by their sum: no factorials, no logarithms, all terms positive.</remarks>
    public static double AtLeast(int n, int m, int k, int least)
    {
        var lowest = Math.Max(0, k - (n - m));
        var highest = Math.Min(m, k);
        var mode = Math.Clamp((int)((k + 1L) * (m + 1L) / (n + 2L)), lowest, highest);
        double total = 0, tail = 0;
        void Add(int drawn, double term)
        {
            total += term;
            if (drawn >= least) { tail += term; }
        }

        Add(mode, 1);
        var term = 1.0;
        for (var j = mode; j < highest; j++)
        {
            term *= (double)(m - j) * (k - j) / ((double)(j + 1) * (n - m - k + j + 1));
            Add(j + 1, term);
        }
        term = 1.0;
        for (var j = mode; j > lowest; j--)
        {
            term *= (double)j * (n - m - k + j) / ((double)(m - j + 1) * (k - j + 1));
            Add(j - 1, term);
        }
        return tail / total;
    }
}
