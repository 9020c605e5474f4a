using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>95 % percentile intervals of numbers that come from several seeds of the same problems: problems like these, seeds like these.</summary>
/// <remarks>
/// A draw takes problems with replacement and seeds with replacement; all arms and all numbers share the draws, so differences are paired. With one seed
/// this is <see cref="Bootstrap"/>, draw by draw. Two or three seeds say little about seeds: their share of the width is then too small rather than too large.
/// </remarks>
/// <param name="seed">Of the draws.</param>
/// <param name="draws">1 or more.</param>
internal sealed class SeedBootstrap(long seed, int draws)
{
    public long Seed => seed;

    public int Draws => draws;

    /// <summary>Column means and their intervals.</summary>
    /// <param name="rows">[seed][problem][column], all of the same size.</param>
    public Estimate[] Means(IReadOnlyList<double[][]> rows)
    {
        var means = Mean(rows);
        var drawn = MeansOfDraws(rows);
        return [.. means.Select((mean, column) => Of(mean, [.. drawn.Select(draw => draw[column])]))];
    }

    /// <summary>A number made of column means, and its interval over the draws in which it is defined (not NaN; infinities count); null where it is not defined itself.</summary>
    public Estimate? Number(IReadOnlyList<double[][]> rows, Func<double[], double> number) => Numbers(rows, [number])[0];

    /// <summary>Several of them from the same column means.</summary>
    public Estimate?[] Numbers(IReadOnlyList<double[][]> rows, IReadOnlyList<Func<double[], double>> numbers)
    {
        var means = Mean(rows);
        var drawn = MeansOfDraws(rows);
        return [.. numbers.Select(number => number(means) is var value && double.IsNaN(value) ? (Estimate?)null : Of(value, [.. drawn.Select(number)]))];
    }

    /// <summary>Column means over seeds and problems.</summary>
    public static double[] Mean(IReadOnlyList<double[][]> rows) => Mean(rows, [.. Enumerable.Range(0, rows.Count)], [.. Enumerable.Range(0, rows[0].Length)]);

    private static Estimate Of(double value, double[] drawn)
    {
        var interval = Bootstrap.PercentileInterval([.. drawn.Where(draw => !double.IsNaN(draw))]);
        return new Estimate(value, interval.Lo, interval.Hi);
    }

    /// <summary>[draw][column].</summary>
    private double[][] MeansOfDraws(IReadOnlyList<double[][]> rows)
    {
        var means = new double[draws][];
        Parallel.For(0, draws, draw => means[draw] = Mean(rows, Drawn("bootstrap seeds", draw, rows.Count), Drawn("bootstrap", draw, rows[0].Length)));
        return means;
    }

    private int[] Drawn(string key, int draw, int count)
    {
        if (count == 1) { return [0]; }
        var random = new SplitMix64(seed, key, draw);
        var drawn = new int[count];
        for (var i = 0; i < count; i++) { drawn[i] = random.Below(count); }
        return drawn;
    }

    private static double[] Mean(IReadOnlyList<double[][]> rows, int[] seeds, int[] problems)
    {
        var sums = new double[rows[0][0].Length];
        foreach (var s in seeds)
        {
            var ofSeed = rows[s];
            foreach (var problem in problems)
            {
                var row = ofSeed[problem];
                for (var column = 0; column < sums.Length; column++) { sums[column] += row[column]; }
            }
        }
        for (var column = 0; column < sums.Length; column++) { sums[column] /= (double)seeds.Length * problems.Length; }
        return sums;
    }
}
