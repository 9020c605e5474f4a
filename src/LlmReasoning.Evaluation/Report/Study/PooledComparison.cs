using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The comparison of all arms with the base over all seeds: counts are summed, rates are means, and the intervals are those of <see cref="SeedBootstrap"/>.</summary>
internal static class PooledComparison
{
    /// <param name="runs">The study.</param>
    /// <param name="buckets">As <see cref="SuccessBuckets.Parse"/> reads them.</param>
    /// <param name="bootstrap">For the intervals.</param>
    /// <exception cref="UserException">A control that repeats the base.</exception>
    public static ComparisonSummary Of(StudyRuns runs, string buckets, SeedBootstrap bootstrap)
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
            var differences = runs.Rows((s, i) => [.. PassAt(arm, s, i).Zip(PassAt(Arm.Base, s, i), (own, others) => own - others)]);
            var deltas = bootstrap.Means(differences);
            var gap = bootstrap.Means(runs.Rows((s, i) => [PassAt(Arm.Base, s, i)[^1] - PassAt(arm, s, i)[0]]))[0];
            return model with
            {
                Curve = Curve(arm),
                Deltas = [.. deltas.Select((delta, k) => new CurveDelta(ks[k], delta.Value, delta.Lo, delta.Hi, double.NaN))],
                Gains = [.. model.Gains.Select((gain, bucket) => WithInterval(gain, bucket, arm))],
                EfficiencyGap = gap,
                Crossing = model.Crossing is null ? null : Crossing(differences),
            };
        }

        BucketGain WithInterval(BucketGain gain, int bucket, string arm)
        {
            Estimate? Over(string other) => bootstrap.Number(
                runs.Rows((s, i) =>
                {
                    if (inBuckets.IndexOf(before[s].Counts.Problems[i].C) != bucket) { return [0, 0]; }
                    return [1, (double)(runs.Test(arm)[s].Counts.Problems[i].C - runs.Test(other)[s].Counts.Problems[i].C) / runs.N];
                }),
                means => means[1] / means[0]);
            return gain.Problems == 0 ? gain : gain with { Gain = Over(Arm.Base), GainOverControl = gain.ControlRate is null ? null : Over(Arm.Control) };
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
            Base = pooled.Base with { Curve = Curve(Arm.Base) },
            Models = [.. pooled.Models.Select((model, i) => WithIntervals(model, arms[i]))],
            Control = pooled.Control is null ? null : WithIntervals(pooled.Control, Arm.Control),
            Seed = bootstrap.Seed,
            BootstrapDraws = bootstrap.Draws,
            Warnings = [],
        };
    }
}
