using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>pass@k of several models in the same bootstrap draws of problems; model 0 is the base.</summary>
internal sealed class CurveDraws
{
    private readonly IReadOnlyList<int> _ks;
    private readonly double[] _estimates;     // [model * ks + k]
    private readonly double[][] _draws;       // [model * ks + k][draw]

    private CurveDraws(IReadOnlyList<int> ks, double[] estimates, double[][] draws)
    {
        _ks = ks;
        _estimates = estimates;
        _draws = draws;
    }

    public static CurveDraws Of(IReadOnlyList<EvaluatedModel> models, IReadOnlyList<int> ks, long seed, int draws)
    {
        double[][] rows =
        [
            .. Enumerable.Range(0, models[0].Problems.Count).Select(i =>
                (double[])[.. from model in models from k in ks select PassAtK.Estimate(model.N, model.Problems[i].C, k)]),
        ];
        double[] estimates = [.. Enumerable.Range(0, models.Count * ks.Count).Select(column => rows.Average(row => row[column]))];
        return new CurveDraws(ks, estimates, Bootstrap.MeansOfDraws(rows, seed, draws));
    }

    public IReadOnlyList<CurvePoint> Curve(int model) =>
    [
        .. _ks.Select((k, i) =>
        {
            var interval = Bootstrap.PercentileInterval([.. _draws[At(model, i)]]);
            return new CurvePoint(k, _estimates[At(model, i)], interval.Lo, interval.Hi);
        }),
    ];

    public IReadOnlyList<CurveDelta> Deltas(int model) =>
    [
        .. _ks.Select((k, i) =>
        {
            var draws = Differences(At(model, i), At(0, i));
            var above = draws.Count(difference => difference > 0) / (double)draws.Length;
            var interval = Bootstrap.PercentileInterval(draws);
            return new CurveDelta(k, Difference(At(model, i), At(0, i)), interval.Lo, interval.Hi, above);
        }),
    ];

    public Estimate EfficiencyGap(int model)
    {
        var interval = Bootstrap.PercentileInterval(Differences(At(0, _ks.Count - 1), At(model, 0)));
        return new Estimate(Difference(At(0, _ks.Count - 1), At(model, 0)), interval.Lo, interval.Hi);
    }

    public Crossing? Crossing(int model)
    {
        double[] deltas = [.. _ks.Select((_, i) => Difference(At(model, i), At(0, i)))];
        if (deltas[0] == 0) { return null; }
        var sign = Math.Sign(deltas[0]);
        var at = CrossingOf(_ks, deltas, sign);
        if (double.IsInfinity(at)) { return null; }
        var draws = new double[_draws[0].Length];
        for (var draw = 0; draw < draws.Length; draw++)
        {
            for (var i = 0; i < deltas.Length; i++) { deltas[i] = _draws[At(model, i)][draw] - _draws[At(0, i)][draw]; }
            draws[draw] = CrossingOf(_ks, deltas, sign);
        }
        var interval = Bootstrap.PercentileInterval(draws);
        return new Crossing(at, interval.Lo > 1 ? interval.Lo : null, double.IsFinite(interval.Hi) ? interval.Hi : null, sign > 0);
    }

    /// <summary>Where the difference leaves the given sign for the other; 1 where it never had it, infinite where it never takes the other: curves that only meet do not cross.</summary>
    /// <param name="ks">By rising k.</param>
    /// <param name="deltas">The difference at each k.</param>
    /// <param name="sign">1 or -1: the sign it begins with.</param>
    public static double CrossingOf(IReadOnlyList<int> ks, double[] deltas, int sign)
    {
        var beyond = Array.FindIndex(deltas, delta => sign * delta < 0);
        if (beyond < 0) { return double.PositiveInfinity; }
        var before = Array.FindLastIndex(deltas, beyond, delta => sign * delta > 0);
        if (before < 0) { return 1; }
        var (left, right) = (Math.Log2(ks[before]), Math.Log2(ks[before + 1]));
        return Math.Pow(2, left + (right - left) * deltas[before] / (deltas[before] - deltas[before + 1]));
    }

    private int At(int model, int k) => model * _ks.Count + k;

    private double Difference(int column, int other) => _estimates[column] - _estimates[other];

    private double[] Differences(int column, int other) => [.. _draws[column].Zip(_draws[other], (a, b) => a - b)];
}
