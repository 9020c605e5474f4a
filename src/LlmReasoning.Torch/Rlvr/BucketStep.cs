using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>A bucket's part in a step, or in several.</summary>
/// <param name="Bucket">Its label.</param>
/// <param name="Groups">Of problems of this bucket.</param>
/// <param name="AllWrong">How many of them have no right completion.</param>
/// <param name="AllRight">How many have no wrong one.</param>
/// <param name="Correct">Right completions.</param>
/// <param name="Completions">All.</param>
/// <param name="Signal">Sum of |advantage| x tokens that train: how much of the gradient comes from here.</param>
public sealed record BucketStep(string Bucket, int Groups, int AllWrong, int AllRight, int Correct, int Completions, double Signal)
{
    /// <summary>Header of buckets.csv; all but the number of groups are shares.</summary>
    internal static readonly string[] Header = ["step", "bucket", "groups", "all_wrong", "mixed", "all_right", "accuracy", "gradient_share"];

    public int Mixed => Groups - AllWrong - AllRight;

    /// <summary>One for each bucket, in the buckets' order.</summary>
    /// <param name="rollouts">Of a step.</param>
    /// <param name="rows">Of the trained rollouts, in their order: the advantage, and how many tokens count. Others have no signal.</param>
    internal static IReadOnlyList<BucketStep> Of(StepRollouts rollouts, IReadOnlyList<(double Advantage, int Tokens)> rows, ProblemBuckets buckets)
    {
        var signals = new Dictionary<RolloutGroup, double>(ReferenceEqualityComparer.Instance);
        var first = 0;
        foreach (var group in rollouts.Trained)
        {
            signals[group] = rows.Skip(first).Take(group.Rollouts.Count).Sum(row => Math.Abs(row.Advantage) * row.Tokens);
            first += group.Rollouts.Count;
        }
        return [.. buckets.Labels.GroupJoin(rollouts.Sampled, label => label, group => buckets.LabelOf(group.Problem), (label, some) =>
        {
            var bucket = some.ToList();
            return new BucketStep(
                label,
                bucket.Count,
                bucket.Count(group => group.Correct == 0),
                bucket.Count(group => group.Correct == group.Rollouts.Count),
                bucket.Sum(group => group.Correct),
                bucket.Sum(group => group.Rollouts.Count),
                bucket.Sum(group => signals.GetValueOrDefault(group)));
        })];
    }

    /// <summary>Several steps' buckets added up.</summary>
    public static IReadOnlyList<BucketStep> Sum(IEnumerable<BucketStep> steps) =>
        [.. steps.GroupBy(step => step.Bucket).Select(bucket => bucket.Aggregate((a, b) =>
            new(a.Bucket, a.Groups + b.Groups, a.AllWrong + b.AllWrong, a.AllRight + b.AllRight, a.Correct + b.Correct, a.Completions + b.Completions, a.Signal + b.Signal)))];

    /// <summary>This bucket's share of the whole signal; null where nothing trains.</summary>
    public double? GradientShare(IEnumerable<BucketStep> all) => all.Sum(bucket => bucket.Signal) is > 0 and var whole ? Signal / whole : null;

    internal static object?[][] Rows(int step, IReadOnlyList<BucketStep> buckets) =>
        [.. buckets.Select(bucket => new object?[]
        {
            step, bucket.Bucket, bucket.Groups, Share(bucket.AllWrong, bucket.Groups), Share(bucket.Mixed, bucket.Groups), Share(bucket.AllRight, bucket.Groups),
            Share(bucket.Correct, bucket.Completions), bucket.GradientShare(buckets),
        })];

    internal static IEnumerable<(string, double?)> Scalars(IReadOnlyList<BucketStep> buckets) =>
        Rows(0, buckets).SelectMany(row => Header.Skip(2).Select((name, i) => ($"buckets/{row[1]}/{name}", row[i + 2] is { } value ? Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture) : (double?)null)));

    private static double? Share(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
