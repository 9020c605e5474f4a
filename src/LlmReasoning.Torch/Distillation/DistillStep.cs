using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

/// <summary>One step: a row of metrics.csv, and what the live view shows beside it.</summary>
public sealed record DistillStep : TrainingStep
{
    /// <summary>Mean over the step's trained tokens.</summary>
    public required double Loss { get; init; }

    /// <summary>Before clipping.</summary>
    public required double GradNorm { get; init; }

    /// <summary>Those with a loss.</summary>
    public required long TrainedTokens { get; init; }

    /// <summary>Passes over the data so far.</summary>
    public required double Epoch { get; init; }

    /// <summary>True: the student's own samples. False: data, or samples of the teacher.</summary>
    public required bool IsOnPolicy { get; init; }

    /// <summary>What the step sampled; empty where it took data.</summary>
    public required IReadOnlyList<Completion> Samples { get; init; }
    public required (double Rollout, double Train) Seconds { get; init; }

    /// <summary>Names of the columns.</summary>
    internal static IEnumerable<string> Names => ColumnsOf(null).Select(column => column.Name);

    internal override IReadOnlyList<(string Name, double? Value)> Columns() => ColumnsOf(this);

    internal override IReadOnlyList<(string Name, double Seconds)> Timings() => [("rollout", Seconds.Rollout), ("train", Seconds.Train)];

    // Null = a row of names.
    private static IReadOnlyList<(string Name, double? Value)> ColumnsOf(DistillStep? step) =>
    [
        ("step", step?.Step), ("loss", step?.Loss), ("grad_norm", step?.GradNorm), ("learning_rate", step?.LearningRate), ("trained_tokens", step?.TrainedTokens), ("epoch", step?.Epoch),
        ("on_policy", step is null ? null : step.IsOnPolicy ? 1 : 0),
        ("completions/mean_length", Mean(step, completion => completion.TokenCount)), ("completions/clipped_ratio", Mean(step, completion => completion.FinishReason == FinishReason.Length ? 1 : 0)),
    ];

    private static double? Mean(DistillStep? step, Func<Completion, double> value) => step is { Samples.Count: > 0 } ? step.Samples.Average(value) : null;
}
