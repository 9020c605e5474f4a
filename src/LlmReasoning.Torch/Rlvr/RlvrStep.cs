using System.Text.Json;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>One step: a row of metrics.csv, and what the live view shows beside it.</summary>
public sealed record RlvrStep : TrainingStep
{
    /// <summary>Mean over the completions that could be judged.</summary>
    public required double Reward { get; init; }

    /// <summary>Share of right completions.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Shares of groups that are all wrong, mixed and all right; only mixed ones train.</summary>
    public required (double Wrong, double Mixed, double Right) Groups { get; init; }

    /// <summary>Completions that the checker could not judge.</summary>
    public required int Undecided { get; init; }

    /// <summary>Mean, in tokens.</summary>
    public required double CompletionLength { get; init; }

    /// <summary>Share of completions cut at the limit.</summary>
    public required double Truncated { get; init; }

    /// <summary>Mean and deviation of each reward function, as columns.</summary>
    public required IReadOnlyList<(string Name, double? Value)> Rewards { get; init; }

    /// <summary>How often was sampled: above 1 where groups were replaced.</summary>
    public required int GenerationBatches { get; init; }
    public required UpdateMetrics Update { get; init; }

    /// <summary>Tokens sampled in this step.</summary>
    public required long SampledTokens { get; init; }
    public required (double Rollout, double Grade, double Train) Seconds { get; init; }

    /// <summary>The groups by difficulty.</summary>
    public required IReadOnlyList<BucketStep> Buckets { get; init; }

    /// <summary>The groups themselves.</summary>
    public required IReadOnlyList<RolloutGroup> Rollouts { get; init; }

    /// <param name="step">From 1.</param>
    /// <param name="rollouts">What was sampled; rewards of <paramref name="functions"/>.</param>
    /// <param name="update">What was trained.</param>
    /// <param name="buckets">The groups by difficulty.</param>
    internal static RlvrStep Of(
        int step, StepRollouts rollouts, UpdateMetrics update, IReadOnlyList<BucketStep> buckets, double learningRate, (double Rollout, double Grade, double Train) seconds, IReadOnlyList<RewardFunction> functions)
    {
        var groups = rollouts.Sampled;
        var all = groups.SelectMany(group => group.Rollouts).ToList();
        var judged = all.Where(rollout => !double.IsNaN(rollout.Reward)).ToList();
        double Share(Func<RolloutGroup, bool> holds) => groups.Count(holds) / (double)groups.Count;
        return new()
        {
            Step = step,
            Reward = judged.Count == 0 ? double.NaN : judged.Average(rollout => rollout.Reward),
            Accuracy = all.Count(rollout => rollout.Verdict.Outcome == Outcome.Correct) / (double)all.Count,
            Groups = (Share(group => group.Correct == 0), Share(group => group.Correct > 0 && group.Correct < group.Rollouts.Count), Share(group => group.Correct == group.Rollouts.Count)),
            Undecided = all.Count - judged.Count,
            CompletionLength = all.Average(rollout => rollout.Completion.TokenCount),
            Truncated = all.Count(rollout => rollout.Completion.FinishReason == FinishReason.Length) / (double)all.Count,
            Rewards = RewardColumns(functions, judged),
            GenerationBatches = rollouts.Batches,
            Update = update,
            LearningRate = learningRate,
            SampledTokens = all.Sum(rollout => (long)rollout.Completion.Ids.Count),
            Seconds = seconds,
            Buckets = buckets,
            Rollouts = groups,
        };
    }

    /// <summary>Names of the columns.</summary>
    internal static IEnumerable<string> Names(IReadOnlyList<RewardFunction> functions) => ColumnsOf(null, RewardColumns(functions, [])).Select(column => column.Name);

    internal override IReadOnlyList<(string Name, double? Value)> Columns() => ColumnsOf(this, Rewards);

    internal override IReadOnlyList<(string Name, double Seconds)> Timings() => [("rollout", Seconds.Rollout), ("grade", Seconds.Grade), ("train", Seconds.Train)];

    internal override void WriteTables(TrainingRun run)
    {
        run.Table(TrainingCurves.BucketTable).Append(BucketStep.Header, BucketStep.Rows(Step, Buckets));
        run.WriteScalars(Step, BucketStep.Scalars(Buckets));
    }

    // Null = a row of names.
    private static IReadOnlyList<(string Name, double? Value)> ColumnsOf(RlvrStep? step, IReadOnlyList<(string Name, double? Value)> rewards) =>
    [
        ("step", step?.Step), ("reward", step?.Reward), ("accuracy", step?.Accuracy),
        ("groups/all_wrong", step?.Groups.Wrong), ("groups/mixed", step?.Groups.Mixed), ("groups/all_right", step?.Groups.Right), ("undecided", step?.Undecided),
        .. rewards, ("generation_batches", step?.GenerationBatches),
        ("completions/mean_length", step?.CompletionLength), ("completions/clipped_ratio", step?.Truncated),
        ("loss", step?.Update.Loss), ("grad_norm", step?.Update.GradNorm), ("entropy", step?.Update.Entropy), ("kl", step?.Update.Kl), ("clip_ratio/region_mean", step?.Update.ClipShare),
        ("sampling/sampling_logp_difference/mean", step?.Update.LogProbDifferenceMean), ("sampling/sampling_logp_difference/max", step?.Update.LogProbDifferenceMax),
        ("learning_rate", step?.LearningRate), ("completions/tokens", step?.SampledTokens),
    ];

    // Mean and deviation of each reward function; null where there are too few completions.
    private static IReadOnlyList<(string, double?)> RewardColumns(IReadOnlyList<RewardFunction> functions, IReadOnlyList<Rollout> judged) =>
    [
        .. functions.SelectMany((function, f) =>
        {
            var values = judged.Select(rollout => rollout.Rewards[f]).ToList();
            double? mean = values.Count == 0 ? null : values.Average();
            double? deviation = values.Count < 2 ? null : Math.Sqrt(values.Sum(value => (value - mean!.Value) * (value - mean.Value)) / (values.Count - 1));
            var name = $"rewards/{JsonNamingPolicy.SnakeCaseLower.ConvertName(function.ToString())}";
            return ((string, double?)[])[($"{name}/mean", mean), ($"{name}/std", deviation)];
        }),
    ];
}
