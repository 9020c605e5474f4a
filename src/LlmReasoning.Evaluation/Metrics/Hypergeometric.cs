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
    public static double AtLeast(int n, int m, int k, int least) => Expectation(n, m, k, drawn => drawn >= least ? 1 : 0);

    /// <summary>Expectation of the marked samples drawn beyond <paramref name="threshold"/>: the sum of P(at least i) over i above it.</summary>
    public static double MeanExcess(int n, int m, int k, int threshold) => Expectation(n, m, k, drawn => Math.Max(0, drawn - threshold));

    /// <remarks>Terms relative to the most probable one, divided by their sum: no factorials, no logarithms, all terms positive.</remarks>
    private static double Expectation(int n, int m, int k, Func<int, double> value)
    {
        var lowest = Math.Max(0, k - (n - m));
        var highest = Math.Min(m, k);
        var mode = Math.Clamp((int)((k + 1L) * (m + 1L) / (n + 2L)), lowest, highest);
        double total = 1, sum = value(mode);
        var term = 1.0;
        for (var j = mode; j < highest; j++)
        {
            term *= (double)(m - j) * (k - j) / ((double)(j + 1) * (n - m - k + j + 1));
            total += term;
            sum += term * value(j + 1);
        }
        term = 1.0;
        for (var j = mode; j > lowest; j--)
        {
            term *= (double)j * (n - m - k + j) / ((double)(m - j + 1) * (k - j + 1));
            total += term;
            sum += term * value(j - 1);
        }
        return sum / total;
    }
}
