namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Percentile bootstrap over problems: 95 % intervals for "problems like these".</summary>
/// <remarks>
/// The spread between problems already holds the sampling noise within them, so samples are not drawn again. Draw d takes the same problems
/// for every quantity and every set of as many problems: differences between quantities or models are paired by construction.
/// </remarks>
public static class Bootstrap
{
    public const int DefaultDraws = 10_000;

    /// <summary>All draws of a quantity are held in memory.</summary>
    private const int MostDraws = 1_000_000;

    /// <summary>Refuses a number of draws that no user means.</summary>
    /// <exception cref="UserException">It is below 1, or above a million.</exception>
    public static void RequireDraws(int draws) =>
        UserException.Require(draws is >= 1 and <= MostDraws, "bootstrap_draws", draws, $"it must be from 1 to {MostDraws}; {DefaultDraws} are the default");

    /// <summary>Intervals of the column means.</summary>
    /// <param name="rows">One row a problem, one column a quantity; at least one row, all of the same length.</param>
    /// <param name="seed">Draw d is keyed by (seed, d), whatever the number of threads.</param>
    /// <param name="draws">1 or more.</param>
    public static Interval[] Means(IReadOnlyList<double[]> rows, long seed, int draws = DefaultDraws) =>
        [.. MeansOfDraws(rows, seed, draws).Select(PercentileInterval)];

    /// <summary>The column means themselves: [column][draw], for what is computed from several of them. Parameters as for <see cref="Means"/>.</summary>
    internal static double[][] MeansOfDraws(IReadOnlyList<double[]> rows, long seed, int draws)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        var columns = rows[0].Length;
        var means = new double[columns][];
        for (var column = 0; column < columns; column++) { means[column] = new double[draws]; }

        Parallel.For(0, draws, draw =>
        {
            var random = new SplitMix64(seed, "bootstrap", draw);
            var sums = new double[columns];
            for (var i = 0; i < rows.Count; i++)
            {
                var row = rows[random.Below(rows.Count)];
                for (var column = 0; column < sums.Length; column++) { sums[column] += row[column]; }
            }
            for (var column = 0; column < columns; column++) { means[column][draw] = sums[column] / rows.Count; }
        });
        return means;
    }

    /// <summary>From the 2.5 % to the 97.5 % quantile, linear between order statistics, as NumPy's default. Infinities are allowed. Sorts <paramref name="values"/>.</summary>
    internal static Interval PercentileInterval(double[] values)
    {
        Array.Sort(values);
        return new Interval(Quantile(values, 0.025), Quantile(values, 0.975));
    }

    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] == sorted[above] ? sorted[below] : sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
