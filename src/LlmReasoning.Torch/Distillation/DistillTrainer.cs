using System.Diagnostics;
using LlmReasoning.Evaluation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

/// <summary>One row of metrics.csv.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Loss">Mean over the step's trained tokens.</param>
/// <param name="GradNorm">Before clipping.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="TrainedTokens">Those with a loss.</param>
/// <param name="Epoch">Passes over the data so far.</param>
/// <param name="OnPolicy">1 = the student's own samples, 0 = data or samples of the teacher.</param>
/// <param name="Seconds">Of sampling and of training.</param>
public sealed record DistillStep(
    int Step, double Loss, double GradNorm, double LearningRate, long TrainedTokens, double Epoch, int OnPolicy, (double Rollout, double Train) Seconds)
{
    internal IReadOnlyList<(string, double?)> Columns() =>
    [
        ("step", Step), ("loss", Loss), ("grad_norm", GradNorm), ("learning_rate", LearningRate), ("trained_tokens", TrainedTokens), ("epoch", Epoch), ("on_policy", OnPolicy),
        ("seconds/rollout", Seconds.Rollout), ("seconds/train", Seconds.Train),
    ];
}

/// <summary>Training on texts of a teacher, on its distributions, or on samples of the student under them; the divisor is the number of trained tokens of the whole step.</summary>
/// <param name="sourceFolder">Whose config and tokenizer files go with the checkpoints.</param>
public sealed class DistillTrainer(CausalLM student, DistillConfig config, string sourceFolder)
{
    /// <summary>For the losses that need one.</summary>
    public CausalLM? Teacher { get; init; }

    /// <summary>What steps of lmbda train on.</summary>
    public SampledExamples? StudentSamples { get; init; }

    /// <summary>What the other steps train on under seq_kd.</summary>
    public SampledExamples? TeacherSamples { get; init; }

    /// <summary>Rows of an epoch: those of the data, or the prompts where every step samples.</summary>
    public int EpochOf(IReadOnlyList<TrainingRow> rows) => rows.Count > 0 ? rows.Count : (StudentSamples ?? TeacherSamples)?.Count ?? 0;

    /// <summary>Trains from the run's last step to the config's; a cancelled run is saved first.</summary>
    /// <param name="run">The folder.</param>
    /// <param name="rows">To train on; may be empty where every step samples.</param>
    /// <param name="report">Called after each step.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the last whole step is saved.</exception>
    public void Train(TrainingRun run, IReadOnlyList<TrainingRow> rows, Action<DistillStep> report, CancellationToken cancellation)
    {
        using var optimizer = new AdamW(student.Weights(), new() { Beta1 = config.AdamBeta1, Beta2 = config.AdamBeta2, Epsilon = config.AdamEpsilon, WeightDecay = config.WeightDecay });
        if (run.LastStep > 0) { run.Restore(optimizer); }
        var loss = new DistillLoss(student, Teacher, config);
        var order = rows.Count == 0 ? null : new DataOrder(rows.Count, config.Seed, config.ShuffleDataset, config.GroupByLength ? index => rows[index].Length : null);
        var rowsOfEpoch = EpochOf(rows);
        var steps = config.Steps(rowsOfEpoch);
        for (var step = run.LastStep + 1; step <= steps; step++)
        {
            try
            {
                cancellation.ThrowIfCancellationRequested();
                var watch = Stopwatch.StartNew();
                var isOnPolicy = IsOnPolicy(step);
                var source = isOnPolicy ? StudentSamples : config.SeqKd ? TeacherSamples : null;
                List<TrainingRow> batch = source is null
                    ? [.. order!.Take(step - 1, config.RowsPerStep).Select(index => rows[index])]
                    : [.. source.Draw(step, config.RowsPerStep, cancellation).Select(example => new TrainingRow(example))];
                var rollout = watch.Elapsed.TotalSeconds;
                var rate = config.LearningRate * config.LrSchedulerType.Multiplier(step - 1, config.WarmupSteps, steps, config.MinLrRate, config.NumDecaySteps);
                var (value, norm) = Update(loss, batch, optimizer, rate);
                var epoch = (double)step * config.RowsPerStep / rowsOfEpoch;
                var metrics = new DistillStep(
                    step, value, norm, rate, batch.Sum(row => (long)row.TrainedTokens), epoch, isOnPolicy ? 1 : 0, (source is null ? 0 : rollout, watch.Elapsed.TotalSeconds - rollout));
                run.WriteMetrics(metrics.Columns());
                report(metrics);
                if (step % config.SaveSteps == 0 || step == steps) { run.Save(step, student, optimizer, sourceFolder, config.SaveTotalLimit); }
            }
            catch (OperationCanceledException) when (step > run.LastStep + 1)
            {
                run.Save(step - 1, student, optimizer, sourceFolder, config.SaveTotalLimit);
                throw;
            }
        }
    }

    // As GKD does it, for a whole step; a function of seed and step.
    private bool IsOnPolicy(int step) => new SplitMix64(config.Seed, "lmbda", step).Uniform() < config.Lmbda;

    private (double Loss, double GradNorm) Update(DistillLoss loss, List<TrainingRow> batch, AdamW optimizer, double learningRate)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var divisor = batch.Sum(row => (double)row.TrainedTokens);
        var value = TokenBudget.Cut(batch, row => row.Length, config.MicroBatchTokens).Sum(micro => loss.Backward(micro, divisor));
        var weights = student.Weights().Values;
        var norm = Gradients.Norm(weights);
        if (!double.IsFinite(value) || !double.IsFinite(norm)) { throw new UserException($"the loss is {value} and the gradient's norm {norm}; the run stops before the weights are spoiled: lower learning_rate"); }
        Gradients.Clip(weights, norm, config.MaxGradNorm);
        optimizer.Step(learningRate);
        return (value, norm);
    }
}
