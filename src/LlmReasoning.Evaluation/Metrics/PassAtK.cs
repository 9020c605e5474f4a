namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Estimates for one problem from n samples of which c are correct: what k samples, drawn from the n without replacement, would give.</summary>
/// <remarks>All members throw <see cref="ArgumentOutOfRangeException"/> unless 0 &lt;= c &lt;= n and 1 &lt;= k &lt;= n: there is no unbiased estimate for k &gt; n.</remarks>
public static class PassAtK
{
    /// <summary>pass@k = 1 - C(n-c, k) / C(n, k): at least one of k is correct. Unbiased (Chen et al. 2021, arXiv 2107.03374, section 2.1).</summary>
    public static double Estimate(int n, int c, int k)
    {
        Require(n, c, k);
        return 1 - Hypergeometric.None(n, c, k);
    }

    /// <summary>What <see cref="Estimate"/> estimates: 1 - (1 - p)^k, for a problem whose success rate p is known.</summary>
    public static double OfRate(double p, int k) => p >= 1 ? 1 : -double.ExpM1(k * double.LogP1(-p));

    /// <summary>pass^k = C(c, k) / C(n, k): all of k are correct.</summary>
    public static double AllCorrect(int n, int c, int k)
    {
        Require(n, c, k);
        return Hypergeometric.None(n, n - c, k);
    }

    /// <summary>majbin@k: strictly more than half of k are correct. Not maj@k, which votes over answers.</summary>
    public static double StrictMajority(int n, int c, int k)
    {
        Require(n, c, k);
        return Hypergeometric.AtLeast(n, c, k, k / 2 + 1);
    }

    /// <summary>G-Pass@k_tau: at least max(1, ceil(tau k)) of k are correct (arXiv 2412.13147, equation 2).</summary>
    /// <param name="n">Samples.</param>
    /// <param name="c">Correct ones.</param>
    /// <param name="k">Samples drawn.</param>
    /// <param name="tau">0..1.</param>
    public static double AtLeastShare(int n, int c, int k, double tau)
    {
        Require(n, c, k);
        return Hypergeometric.AtLeast(n, c, k, Math.Max(1, (int)Math.Ceiling(tau * k - 1e-9)));
    }

    /// <summary>mG-Pass@k: (2 / k) times the sum of P(at least i of k are correct) over i from ceil(k / 2) + 1 to k (arXiv 2412.13147, equation 5). 0 for k = 1.</summary>
    public static double MeanAtLeastShare(int n, int c, int k)
    {
        Require(n, c, k);
        return 2.0 / k * Hypergeometric.MeanExcess(n, c, k, (k + 1) / 2);
    }

    /// <summary>The k a table shows: the powers of two up to n, and what was <paramref name="asked"/> for; ascending, each once.</summary>
    public static IReadOnlyList<int> Ks(int n, IEnumerable<int> asked)
    {
        var ks = new SortedSet<int>(asked);
        for (var k = 1L; k <= n; k *= 2)
        {
            ks.Add((int)k);
        }
        return [.. ks];
    }

    private static void Require(int n, int c, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, n);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
    }
}
