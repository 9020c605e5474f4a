using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>pass@1 and pass@n on held-out problems; n samples a problem.</summary>
/// <param name="PassAt1">Mean over the problems.</param>
/// <param name="PassAtN">Share of problems with a right sample among n.</param>
/// <param name="Buckets">The same by difficulty, where there are problems.</param>
public sealed record HeldOutEval(double PassAt1, double PassAtN, IReadOnlyList<(string Bucket, int Problems, double PassAt1, double PassAtN)> Buckets)
{
    /// <summary>Header of eval_buckets.csv.</summary>
    internal static readonly string[] BucketHeader = ["step", "bucket", "problems", "pass@1", "pass@n"];

    internal static HeldOutEval Of(IReadOnlyList<RolloutGroup> groups, ProblemBuckets buckets)
    {
        double PassAt1(IEnumerable<RolloutGroup> some) => some.Average(group => PassAtK.Estimate(group.Rollouts.Count, group.Correct, 1));
        double PassAtN(IEnumerable<RolloutGroup> some) => some.Average(group => group.Correct > 0 ? 1.0 : 0.0);
        return new(PassAt1(groups), PassAtN(groups),
            [.. groups.GroupBy(group => buckets.IndexOf(group.Problem)).OrderBy(bucket => bucket.Key)
                .Select(bucket => (buckets.Labels[bucket.Key], bucket.Count(), PassAt1(bucket), PassAtN(bucket)))]);
    }

    /// <summary>Columns of metrics.csv; empty where a step does not evaluate.</summary>
    internal static IReadOnlyList<(string Name, double? Value)> Columns(HeldOutEval? eval) => [("eval/pass@1", eval?.PassAt1), ("eval/pass@n", eval?.PassAtN)];

    internal object?[][] Rows(int step) => [.. Buckets.Select(bucket => new object?[] { step, bucket.Bucket, bucket.Problems, bucket.PassAt1, bucket.PassAtN })];

    internal IEnumerable<(string, double?)> Scalars() =>
        Buckets.SelectMany(bucket => new (string, double?)[] { ($"eval_buckets/{bucket.Bucket}/pass@1", bucket.PassAt1), ($"eval_buckets/{bucket.Bucket}/pass@n", bucket.PassAtN) });
}
