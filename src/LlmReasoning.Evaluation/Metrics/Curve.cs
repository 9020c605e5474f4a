namespace LlmReasoning.Evaluation.Metrics;

/// <summary>pass@k of a set of problems at one k.</summary>
/// <param name="K">Samples allowed.</param>
/// <param name="Estimate">Mean over problems, 0..1.</param>
/// <param name="Lo">Lower end of the 95 % interval.</param>
/// <param name="Hi">Upper end.</param>
public readonly record struct CurvePoint(int K, double Estimate, double Lo, double Hi);

/// <summary>pass@k curves.</summary>
public static class Curve
{
    /// <summary>The mean of pass@k over problems for every k, with bootstrap intervals over problems.</summary>
    /// <param name="results">At least one; every problem's own n is used.</param>
    /// <param name="ks">None above the smallest n.</param>
    /// <param name="seed">Of the bootstrap.</param>
    /// <param name="draws">Of the bootstrap.</param>
    public static IReadOnlyList<CurvePoint> Of(IReadOnlyCollection<ProblemResult> results, IReadOnlyList<int> ks, long seed, int draws = Bootstrap.DefaultDraws) =>
        OfRows([.. results.Select(result => ks.Select(k => PassAtK.Estimate(result.N, result.C, k)).ToArray())], ks, seed, draws);

    /// <summary>The means of other estimates that have a k, with intervals from the same draws of problems.</summary>
    /// <param name="rows">One row a problem, one column a k.</param>
    internal static IReadOnlyList<CurvePoint> OfRows(IReadOnlyList<double[]> rows, IReadOnlyList<int> ks, long seed, int draws)
    {
        var intervals = Bootstrap.Means(rows, seed, draws);
        return [.. ks.Select((k, i) => new CurvePoint(k, rows.Average(row => row[i]), intervals[i].Lo, intervals[i].Hi))];
    }
}
