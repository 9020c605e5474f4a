using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The comparison of all arms with the base over all seeds: counts are summed, rates are means, and the intervals are those of <see cref="SeedBootstrap"/>.</summary>
internal static class PooledComparison
{
    /// <param name="runs">The study.</param>
    /// <param name="buckets">As <see cref="SuccessBuckets.Parse"/> reads them.</param>
    /// <param name="bootstrap">For the intervals.</param>
    /// <param name="hasCurves">False = the intervals of the curves are not needed, and are not intervals.</param>
    /// <exception cref="UserException">A control that repeats the base, or nothing to compare.</exception>
    public static ComparisonSummary Of(StudyRuns runs, string buckets, SeedBootstrap bootstrap, bool hasCurves = true)
    {
        string[] arms = [.. runs.Arms.Where(arm => arm != Arm.Base)];
        if (arms.Length == 0) { throw new UserException($"{runs.Folder}: only the base is evaluated; there is nothing to compare with it, go on with study run"); }
        // Its own bootstrap would take the seeds of a problem for different problems; one draw, as none of its intervals stays.
        var pooled = ModelComparison.Of(
            runs.Pooled(Arm.Base),
            [.. arms.Select(runs.Pooled)],
            runs.HasControl ? runs.Pooled(Arm.Control) : null,
            new ComparisonOptions { Buckets = buckets, K = [runs.N], BootstrapDraws = 1 });
        int[] ks = [.. pooled.Base.Curve.Select(point => point.K)];
        var inBuckets = SuccessBuckets.Parse(buckets, runs.N);
        var before = runs.Test(Arm.Base);

        double[] PassAt(string arm, int s, int i) => [.. ks.Select(k => PassAtK.Estimate(runs.N, runs.Test(arm)[s].Counts.Problems[i].C, k))];
        IReadOnlyList<CurvePoint> Curve(string arm) => [.. bootstrap.Means(runs.Rows((s, i) => PassAt(arm, s, i))).Select((point, k) => new CurvePoint(ks[k], point.Value, point.Lo, point.Hi))];

        ComparedModel WithIntervals(ComparedModel model, string arm)
        {
            model = model with { Gains = Gains(model, arm) };
            if (!hasCurves) { return model; }
            var differences = runs.Rows((s, i) => [.. PassAt(arm, s, i).Zip(PassAt(Arm.Base, s, i), (own, others) => own - others)]);
            var deltas = bootstrap.Means(differences);
            return model with
            {
                Curve = Curve(arm),
                Deltas = [.. deltas.Select((delta, k) => new CurveDelta(ks[k], delta.Value, delta.Lo, delta.Hi, double.NaN))],
                EfficiencyGap = bootstrap.Means(runs.Rows((s, i) => [PassAt(Arm.Base, s, i)[^1] - PassAt(arm, s, i)[0]]))[0],
                Crossing = model.Crossing is null ? null : Crossing(differences),
            };
        }

        BucketGain[] Gains(ComparedModel model, string arm)
        {
            const int columns = 3;      // of a bucket: problems, gain over the base, gain over the control
            var rows = runs.Rows((s, i) =>
            {
                var row = new double[columns * inBuckets.Ranges.Count];
                int Correct(string of) => runs.Test(of)[s].Counts.Problems[i].C;
                var bucket = inBuckets.IndexOf(before[s].Counts.Problems[i].C);
                row[columns * bucket] = 1;
                row[columns * bucket + 1] = (double)(Correct(arm) - Correct(Arm.Base)) / runs.N;
                row[columns * bucket + 2] = runs.HasControl ? (double)(Correct(arm) - Correct(Arm.Control)) / runs.N : double.NaN;
                return row;
            });
            var numbers = bootstrap.Numbers(rows,
            [
                .. from bucket in Enumerable.Range(0, inBuckets.Ranges.Count)
                   from column in new[] { 1, 2 }
                   select (Func<double[], double>)(means => means[columns * bucket + column] / means[columns * bucket]),
            ]);
            return [.. model.Gains.Select((gain, bucket) => gain with { Gain = numbers[2 * bucket], GainOverControl = gain.ControlRate is null ? null : numbers[2 * bucket + 1] })];
        }

        Crossing? Crossing(double[][][] differences)
        {
            var sign = Math.Sign(SeedBootstrap.Mean(differences)[0]);
            return bootstrap.Number(differences, means => CurveDraws.CrossingOf(ks, means, sign)) is { } at && double.IsFinite(at.Value)
                ? new Crossing(at.Value, at.Lo > 1 ? at.Lo : null, double.IsFinite(at.Hi) ? at.Hi : null, sign > 0)
                : null;
        }

        return pooled with
        {
            Base = hasCurves ? pooled.Base with { Curve = Curve(Arm.Base) } : pooled.Base,
            Models = [.. pooled.Models.Select((model, i) => WithIntervals(model, arms[i]))],
            Control = pooled.Control is null ? null : WithIntervals(pooled.Control, Arm.Control),
            Seed = bootstrap.Seed,
            BootstrapDraws = bootstrap.Draws,
            Warnings = [],
        };
    }
}
