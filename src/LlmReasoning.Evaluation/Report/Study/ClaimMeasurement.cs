using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>Measures claims: the number over all seeds with its interval, the number of every seed, and the same number between two samples of the base.</summary>
/// <param name="runs">The study.</param>
/// <param name="keywords">Keywords a response, by seed and problem; null for an arm whose samples are not there.</param>
/// <param name="bootstrap">For the intervals.</param>
internal sealed class ClaimMeasurement(StudyRuns runs, Func<string, IReadOnlyList<double[]>?> keywords, SeedBootstrap bootstrap)
{
    /// <summary>A bucket with fewer problems, in the mean of the seeds, says nothing of its gain.</summary>
    private const int FewestInBucket = 5;

    private readonly SuccessBuckets _buckets = SuccessBuckets.Parse("kim6", runs.N);

    public ClaimResult Of(Claim claim)
    {
        var control = runs.HasControl && Measure(claim.Metric, Arm.Control, Arm.Base) is { } again ? bootstrap.Number(again.Rows, again.Number) : null;
        if (new[] { claim.Subject, claim.Against }.FirstOrDefault(arm => !runs.Has(arm)) is { } missing) { return Unknown($"{Arm.Name(missing)} {(runs.File.Arms.Contains(missing) ? "is missing" : "is not part of this study")}"); }
        if (Measure(claim.Metric, claim.Subject, claim.Against) is not { } measured) { return Unknown(claim.Metric == ClaimMetric.Keywords ? "there are no samples to read" : "problems.csv does not tell the tokens"); }
        double[] bySeed = [.. measured.Rows.Select(rows => measured.Number(SeedBootstrap.Mean([rows])))];
        if (bootstrap.Number(measured.Rows, measured.Number) is not { } number)
        {
            return Unknown(claim.Metric == ClaimMetric.BucketGap ? $"fewer than {FewestInBucket} problems in the two lowest buckets or in all others" : "the other arm has none");
        }
        var verdict = ClaimRule.Of(claim.Test, number, runs.Problems);
        return new ClaimResult(claim, number, bySeed, control, verdict, ReasonOf(claim, number, verdict));

        ClaimResult Unknown(string reason) => new(claim, null, [], control, Verdict.NotEnoughData, reason);
    }

    private (double[][][] Rows, Func<double[], double> Number)? Measure(ClaimMetric metric, string arm, string against)
    {
        switch (metric)
        {
            case ClaimMetric.PassAt1: return (Differences(arm, against, [1]), means => means[0]);
            case ClaimMetric.PassAtN: return (Differences(arm, against, [runs.N]), means => means[0]);
            case ClaimMetric.CrossingK:
                var ks = PassAtK.Ks(runs.N, [runs.N]);
                return (Differences(arm, against, ks), means => CurveDraws.CrossingOf(ks, means, 1) is var k && means[0] > 0 ? k : double.PositiveInfinity);
            case ClaimMetric.BucketGap: return BucketGap(arm, against);
            case ClaimMetric.Length:
                var (own, others) = (runs.Test(arm), runs.Test(against));
                return Ratio((s, i) => own[s].Tokens[i], (s, i) => others[s].Tokens[i]);
            default:
                return keywords(arm) is { } found && keywords(against) is { } before ? Ratio((s, i) => found[s][i], (s, i) => before[s][i]) : null;
        }
    }

    private double[][][] Differences(string arm, string against, IReadOnlyList<int> ks)
    {
        var (own, others) = (runs.Test(arm), runs.Test(against));
        return runs.Rows((s, i) => [.. ks.Select(k => PassAtK.Estimate(runs.N, Correct(own, s, i), k) - PassAtK.Estimate(runs.N, Correct(others, s, i), k))]);
    }

    /// <summary>Mean over mean, less 1; null where a value is not known.</summary>
    private (double[][][], Func<double[], double>)? Ratio(Func<int, int, double> own, Func<int, int, double> others)
    {
        var rows = runs.Rows((s, i) => [own(s, i), others(s, i)]);
        return rows.SelectMany(row => row).SelectMany(row => row).Any(double.IsNaN) ? null : (rows, means => means[1] > 0 ? means[0] / means[1] - 1 : double.NaN);
    }

    private (double[][][], Func<double[], double>) BucketGap(string arm, string against)
    {
        var (own, others) = (runs.Test(arm), runs.Test(against));
        var count = _buckets.Ranges.Count - 1;      // the two lowest are one
        var rows = runs.Rows((s, i) =>
        {
            var row = new double[2 * count];
            var bucket = Math.Max(0, _buckets.IndexOf(Correct(others, s, i)) - 1);
            row[2 * bucket] = 1;
            row[2 * bucket + 1] = (double)(Correct(own, s, i) - Correct(others, s, i)) / runs.N;
            return row;
        });
        var inBucket = SeedBootstrap.Mean(rows);
        int[] usable = [.. Enumerable.Range(0, count).Where(bucket => inBucket[2 * bucket] * runs.Problems >= FewestInBucket)];
        return (rows, Gap);

        double Gap(double[] means)
        {
            double Gain(int bucket) => means[2 * bucket + 1] / means[2 * bucket];
            if (usable.Length < 2 || usable[0] != 0) { return double.NaN; }
            return usable.Skip(1).Where(bucket => means[2 * bucket] > 0).Select(Gain).DefaultIfEmpty(double.NaN).Min() - Gain(0);
        }
    }

    private static int Correct(IReadOnlyList<StudyEvaluation> evaluations, int seed, int problem) => evaluations[seed].Counts.Problems[problem].C;

    private string ReasonOf(Claim claim, Estimate number, Verdict verdict)
    {
        if (runs.Problems < ClaimRule.FewestProblems) { return $"{runs.Problems} problems; {ClaimRule.FewestProblems} are needed"; }
        if (claim.Test == ClaimTest.Crosses)
        {
            return verdict switch { Verdict.Consistent => "they cross in the whole interval", Verdict.NotConsistent => "they do not cross", _ => "in a part of the interval they do not cross" };
        }
        var margin = claim.Metric is ClaimMetric.Length or ClaimMetric.Keywords ? "5 %" : "5 points";
        return (claim.Test, verdict) switch
        {
            (ClaimTest.Rises, Verdict.Consistent) => "the interval is above 0",
            (ClaimTest.Rises, Verdict.NotConsistent) => $"a rise of {margin} is ruled out",
            (ClaimTest.DoesNotRise, Verdict.Consistent) => number.Hi < 0 ? "the interval is below 0" : $"a rise of {margin} is ruled out",
            (ClaimTest.DoesNotRise, Verdict.NotConsistent) => "the interval is above 0",
            (ClaimTest.Falls, Verdict.Consistent) => "the interval is below 0",
            (ClaimTest.Falls, Verdict.NotConsistent) => $"a fall of {margin} is ruled out",
            (ClaimTest.Reaches, Verdict.Consistent) => number.Lo > 0 ? "the interval is above 0" : $"a shortfall of {margin} is ruled out",
            (ClaimTest.Reaches, Verdict.NotConsistent) => $"the shortfall is {margin} or more",
            _ => "the interval is too wide",
        };
    }
}
