using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>Which bucket of the base's success each problem is in, and the base's success rate that a model's is compared with.</summary>
internal sealed class Difficulty
{
    private readonly int[] _bucketOf;
    private readonly double[] _baseRates;

    private Difficulty(SuccessBuckets buckets, int[] bucketOf, double[] baseRates)
    {
        Buckets = buckets;
        _bucketOf = bucketOf;
        _baseRates = baseRates;
    }

    public SuccessBuckets Buckets { get; }

    /// <summary>Buckets and rates from all samples, as in the paper.</summary>
    public static Difficulty OfAll(EvaluatedModel baseModel, SuccessBuckets buckets) =>
        new(buckets, [.. baseModel.Problems.Select(problem => buckets.IndexOf(problem.C))], [.. baseModel.Problems.Select(problem => problem.Rate)]);

    /// <summary>Buckets from half of the samples, drawn without replacement, and rates from the rest: the noise of the one is not in the other.</summary>
    public static Difficulty OfHalf(EvaluatedModel baseModel, ComparisonOptions options)
    {
        var half = baseModel.N / 2;
        var buckets = SuccessBuckets.Parse(options.Buckets, half);
        int[] correct = [.. baseModel.Problems.Select(problem => EvaluatedModel.CorrectOf(problem, half, options.Seed, "half"))];
        return new Difficulty(
            buckets,
            [.. correct.Select(buckets.IndexOf)],
            [.. baseModel.Problems.Zip(correct, (problem, first) => (double)(problem.C - first) / (problem.N - half))]);
    }

    /// <summary>The change by bucket, with paired intervals over the problems of the bucket.</summary>
    public IReadOnlyList<BucketGain> Gains(EvaluatedModel model, EvaluatedModel? control, ComparisonOptions options)
    {
        var gains = new List<BucketGain>();
        for (var bucket = 0; bucket < Buckets.Labels.Count; bucket++)
        {
            var rows = new List<double[]>();
            for (var i = 0; i < _bucketOf.Length; i++)
            {
                if (_bucketOf[i] == bucket) { rows.Add([_baseRates[i], model.Problems[i].Rate, control?.Problems[i].Rate ?? 0]); }
            }
            gains.Add(Gain(Buckets.Labels[bucket], rows, control is not null, options));
        }
        return gains;
    }

    private static BucketGain Gain(string bucket, List<double[]> rows, bool hasControl, ComparisonOptions options)
    {
        if (rows.Count == 0) { return new BucketGain(bucket, 0, null, null, null); }
        var intervals = Bootstrap.Means([.. rows.Select(row => new[] { row[1] - row[0], row[1] - row[2] })], options.Seed, options.BootstrapDraws);
        var (before, after, again) = (rows.Average(row => row[0]), rows.Average(row => row[1]), rows.Average(row => row[2]));
        var gain = new BucketGain(bucket, rows.Count, before, after, new Estimate(after - before, intervals[0].Lo, intervals[0].Hi));
        return hasControl ? gain with { ControlRate = again, GainOverControl = new Estimate(after - again, intervals[1].Lo, intervals[1].Hi) } : gain;
    }
}
