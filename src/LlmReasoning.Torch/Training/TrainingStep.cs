namespace LlmReasoning.Torch.Training;

/// <summary>What one step of training did: a row of metrics.csv, and what the live view shows beside it.</summary>
public abstract record TrainingStep
{
    /// <summary>From 1.</summary>
    public required int Step { get; init; }
    public required double LearningRate { get; init; }

    /// <summary>On the held-out problems, where this step evaluates.</summary>
    public HeldOutEval? Eval { get; init; }

    /// <summary>What metrics.csv takes beside the evaluation; the first is the step.</summary>
    internal abstract IReadOnlyList<(string Name, double? Value)> Columns();

    /// <summary>What timings.jsonl takes.</summary>
    internal abstract IReadOnlyList<(string Name, double Seconds)> Timings();

    /// <summary>Further tables of the run.</summary>
    internal virtual void WriteTables(TrainingRun run) { }
}
