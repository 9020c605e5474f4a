using System.Globalization;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Cli;

/// <summary>What a step of <c>train rlvr</c> looks like on a terminal and in a log.</summary>
internal sealed class TrainingView
{
    private const int Window = 10;
    private const int MostBuckets = 12;
    private readonly Queue<IReadOnlyList<BucketStep>> _recent = new();
    private HeldOutEval? _eval;

    /// <summary>The last step in a few words.</summary>
    public static string Summary(RlvrStep step) => Text($"reward {step.Reward:0.00}, accuracy {step.Accuracy:0.0 %}");

    /// <summary>Lines below the bar, most of them no wider than 80 columns: the last step, the time it took, and the buckets over the last steps.</summary>
    public IReadOnlyList<string> Details(RlvrStep step)
    {
        _recent.Enqueue(step.Buckets);
        if (_recent.Count > Window) { _recent.Dequeue(); }
        _eval = step.Eval ?? _eval;
        var (rollout, grade, train) = step.Seconds;
        var all = Math.Max(rollout + grade + train, 1e-9);
        List<string> lines =
        [
            Text($"length {step.CompletionLength:0} ({step.Truncated:0 %} cut), entropy {step.Update.Entropy:0.000}, grad norm {step.Update.GradNorm:G3}, clip {step.Update.ClipShare:0.0 %}, lr {step.LearningRate:G2}")
                + (step.Update.Kl is { } kl ? Text($", KL {kl:G3}") : ""),
            Text($"step {all:0.00} s: rollout {rollout:0.00} s ({rollout / all:0 %}), grade {grade:0.00} s ({grade / all:0 %}), train {train:0.00} s ({train / all:0 %})"),
            Text($"groups wrong/mixed/right {Shares(step.Groups.Wrong, step.Groups.Mixed, step.Groups.Right)}; {step.SampledTokens / Math.Max(rollout, 1e-9):0} tokens/s sampled, {step.Update.TrainedTokens / Math.Max(train, 1e-9):0} trained"),
        ];
        if (_eval is { } eval) { lines.Add(HeldOut(eval)); }
        var buckets = BucketStep.Sum(_recent.SelectMany(buckets => buckets)).Where(bucket => bucket.Groups > 0).ToList();
        var width = Math.Max("bucket".Length, buckets.Max(bucket => bucket.Bucket.Length));
        lines.Add(Text($"{"bucket".PadRight(width)}  groups  wrong/mixed/right  accuracy  gradient   (last {_recent.Count} steps)"));
        lines.AddRange(buckets.Take(MostBuckets).Select(bucket => Text(
            $"{bucket.Bucket.PadRight(width)}  {bucket.Groups,6}  {Shares(bucket.AllWrong, bucket.Mixed, bucket.AllRight, bucket.Groups),17}  {(double)bucket.Correct / bucket.Completions,8:0.0 %}  {bucket.GradientShare(buckets) ?? 0,8:0.0 %}")));
        if (buckets.Count > MostBuckets) { lines.Add($"and {buckets.Count - MostBuckets} more in buckets.csv"); }
        return lines;
    }

    /// <summary>Some completions with their verdicts: of different problems as far as there are.</summary>
    public static IEnumerable<string> Completions(RlvrStep step, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var group = step.Rollouts[i % step.Rollouts.Count];
            var index = i / step.Rollouts.Count;
            if (index >= group.Rollouts.Count) { yield break; }
            var rollout = group.Rollouts[index];
            var verdict = rollout.Verdict.Outcome == Outcome.Correct ? "right" : $"{rollout.Verdict.Outcome.ToString().ToLowerInvariant()}, gold {group.Problem.Gold}";
            yield return Text($"step {step.Step}, {group.Problem.Id} ({group.Correct} of {group.Rollouts.Count} right): {group.Problem.Text}");
            yield return Text($"  -> {rollout.Completion.Text} [{verdict}, reward {rollout.Reward:0.##}, {rollout.Completion.TokenCount} tokens, {rollout.Completion.FinishReason.ToString().ToLowerInvariant()}]");
        }
    }

    /// <summary>The last evaluation: pass@1 and pass@k of the largest k, and pass@1 by bucket.</summary>
    public static string HeldOut(HeldOutEval eval)
    {
        var (k, pass) = eval.All.PassAt[^1];
        var most = k == 1 ? "" : Text($", pass@{k} {pass:0.0 %}");
        var buckets = eval.Buckets.Take(MostBuckets).Select(bucket => Text($"{bucket.Bucket}: {bucket.PassAt[0].Value:0 %}"));
        return Text($"held out: pass@1 {eval.All.PassAt[0].Value:0.0 %}{most}; pass@1 by bucket: {string.Join(", ", buckets)}");
    }

    private static string Shares(double wrong, double mixed, double right, double of = 1) => Text($"{100 * wrong / of:0}/{100 * mixed / of:0}/{100 * right / of:0} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
