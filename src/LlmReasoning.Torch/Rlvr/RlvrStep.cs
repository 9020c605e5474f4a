namespace LlmReasoning.Torch.Rlvr;

/// <summary>One step: a row of metrics.csv, and what the live view shows beside it.</summary>
public sealed record RlvrStep
{
    public required int Step { get; init; }

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
    public required double LearningRate { get; init; }

    /// <summary>On the held-out problems, where this step evaluates.</summary>
    public HeldOutEval? Eval { get; init; }

    /// <summary>Tokens sampled in this step.</summary>
    public required long SampledTokens { get; init; }
    public required (double Rollout, double Grade, double Train) Seconds { get; init; }

    /// <summary>The groups by difficulty.</summary>
    public required IReadOnlyList<BucketStep> Buckets { get; init; }

    /// <summary>The groups themselves.</summary>
    public required IReadOnlyList<RolloutGroup> Rollouts { get; init; }

    internal IReadOnlyList<(string Name, double? Value)> Columns() => ColumnsOf(this, Rewards);

    /// <summary>What timings.jsonl takes.</summary>
    internal IReadOnlyList<(string Name, double Seconds)> Timings() => [("rollout", Seconds.Rollout), ("grade", Seconds.Grade), ("train", Seconds.Train)];

    /// <summary>The row of an evaluation before the first step.</summary>
    internal static IReadOnlyList<(string Name, double? Value)> StartColumns(HeldOutEval eval, IReadOnlyList<(string Name, double? Value)> rewards) =>
        [.. ColumnsOf(null, rewards).Select(column => column.Name == "step" ? ("step", 0) : HeldOutEval.Columns(eval).FirstOrDefault(known => known.Name == column.Name, column))];

    // Null = a row of names.
    private static IReadOnlyList<(string Name, double? Value)> ColumnsOf(RlvrStep? step, IReadOnlyList<(string Name, double? Value)> rewards) =>
    [
        ("step", step?.Step), ("reward", step?.Reward), ("accuracy", step?.Accuracy),
        ("groups/all_wrong", step?.Groups.Wrong), ("groups/mixed", step?.Groups.Mixed), ("groups/all_right", step?.Groups.Right), ("undecided", step?.Undecided),
        .. rewards, ("generation_batches", step?.GenerationBatches),
        ("completions/mean_length", step?.CompletionLength), ("completions/clipped_ratio", step?.Truncated),
        ("loss", step?.Update.Loss), ("grad_norm", step?.Update.GradNorm), ("entropy", step?.Update.Entropy), ("kl", step?.Update.Kl), ("clip_ratio/region_mean", step?.Update.ClipShare),
        ("sampling/sampling_logp_difference/mean", step?.Update.LogProbDifferenceMean), ("sampling/sampling_logp_difference/max", step?.Update.LogProbDifferenceMax),
        ("learning_rate", step?.LearningRate), .. HeldOutEval.Columns(step?.Eval),
        ("completions/tokens", step?.SampledTokens),
    ];
}
