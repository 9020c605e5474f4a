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
        var at = CrossingOf(deltas, sign);
        if (double.IsInfinity(at)) { return null; }
        var draws = new double[_draws[0].Length];
        for (var draw = 0; draw < draws.Length; draw++)
        {
            for (var i = 0; i < deltas.Length; i++) { deltas[i] = _draws[At(model, i)][draw] - _draws[At(0, i)][draw]; }
            draws[draw] = CrossingOf(deltas, sign);
        }
        var interval = Bootstrap.PercentileInterval(draws);
        return new Crossing(at, interval.Lo > 1 ? interval.Lo : null, double.IsFinite(interval.Hi) ? interval.Hi : null, sign > 0);
    }

    /// <summary>The first k at which the difference is no longer of the given sign; infinite where it stays so up to n.</summary>
    private double CrossingOf(double[] deltas, int sign)
    {
        if (sign * deltas[0] <= 0) { return 1; }
        for (var i = 1; i < deltas.Length; i++)
        {
            if (sign * deltas[i] > 0) { continue; }
            var (left, right) = (Math.Log2(_ks[i - 1]), Math.Log2(_ks[i]));
            return Math.Pow(2, left + (right - left) * deltas[i - 1] / (deltas[i - 1] - deltas[i]));
        }
        return double.PositiveInfinity;
    }

    private int At(int model, int k) => model * _ks.Count + k;

    private double Difference(int column, int other) => _estimates[column] - _estimates[other];

    private double[] Differences(int column, int other) => [.. _draws[column].Zip(_draws[other], (a, b) => a - b)];
}
