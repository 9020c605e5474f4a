namespace LlmReasoning.Evaluation.Metrics;

/// <summary>A confidence interval.</summary>
public readonly record struct Interval(double Lo, double Hi)
{
    private const double Z95 = 1.959963984540054;

    /// <summary>Wilson's 95 % interval of one problem's success rate. Wilson (1927), equation 4 of Brown, Cai, DasGupta (2001).</summary>
    public static Interval Wilson(int n, int c)
    {
        var p = (double)c / n;
        var z2 = Z95 * Z95 / n;
        var centre = (p + z2 / 2) / (1 + z2);
        var half = Math.Sqrt(p * (1 - p) * z2 + z2 * z2 / 4) / (1 + z2);
        return new Interval(c == 0 ? 0 : centre - half, c == n ? 1 : centre + half);
    }

    /// <summary>What 0 successes of n leave possible: the one-sided 95 % upper bound 1 - 0.05^(1/n) of the success rate.</summary>
    public static double UpperBoundOfZero(int n) => -double.ExpM1(Math.Log(0.05) / n);
}
