using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Torch.Training;

/// <summary>pass@k of some held-out problems: means over them.</summary>
/// <param name="Bucket">Their difficulty.</param>
/// <param name="Problems">How many they are, at least 1.</param>
/// <param name="PassAt">By k, ascending; the first is pass@1.</param>
public sealed record BucketEval(string Bucket, int Problems, IReadOnlyList<(int K, double Value)> PassAt)
{
    /// <param name="correct">Of each problem's n samples.</param>
    /// <param name="ks">From 1 to n.</param>
    internal static BucketEval Of(string bucket, IReadOnlyCollection<int> correct, int n, IReadOnlyList<int> ks) =>
        new(bucket, correct.Count, [.. ks.Select(k => (k, correct.Average(c => PassAtK.Estimate(n, c, k))))]);
}

/// <summary>pass@k on held-out problems while a model is trained.</summary>
/// <param name="All">Over all of them.</param>
/// <param name="Buckets">The same by difficulty, where there are problems.</param>
public sealed record HeldOutEval(BucketEval All, IReadOnlyList<BucketEval> Buckets)
{
    /// <summary>Columns of metrics.csv where a step does not evaluate.</summary>
    internal static IEnumerable<(string Name, double? Value)> NoColumns(IReadOnlyList<int> ks) => ks.Select(k => ($"eval/pass@{k}", (double?)null));

    /// <summary>Columns of metrics.csv.</summary>
    internal IReadOnlyList<(string Name, double? Value)> Columns() => [.. All.PassAt.Select(pass => ($"eval/pass@{pass.K}", (double?)pass.Value))];

    /// <summary>Header of eval_buckets.csv.</summary>
    internal IReadOnlyList<string> BucketHeader => ["step", "bucket", "problems", .. All.PassAt.Select(pass => $"pass@{pass.K}")];

    internal object?[][] Rows(int step) => [.. Buckets.Select(bucket => new object?[] { step, bucket.Bucket, bucket.Problems }.Concat(bucket.PassAt.Select(pass => (object?)pass.Value)).ToArray())];

    internal IEnumerable<(string, double?)> Scalars() =>
        Buckets.SelectMany(bucket => bucket.PassAt.Select(pass => ($"eval_buckets/{bucket.Bucket}/pass@{pass.K}", (double?)pass.Value)));
}
