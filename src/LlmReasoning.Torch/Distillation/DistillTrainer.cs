using System.Diagnostics;
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
/// <param name="Seconds">Of this step.</param>
public sealed record DistillStep(int Step, double Loss, double GradNorm, double LearningRate, long TrainedTokens, double Epoch, double Seconds)
{
    internal IReadOnlyList<(string, double?)> Columns() =>
    [
        ("step", Step), ("loss", Loss), ("grad_norm", GradNorm), ("learning_rate", LearningRate), ("trained_tokens", TrainedTokens), ("epoch", Epoch), ("seconds", Seconds),
    ];
}

/// <summary>Supervised training on teacher responses: cross-entropy on their tokens, divided by the number of them in the whole step.</summary>
public sealed class DistillTrainer(CausalLM student, DistillConfig config, string sourceFolder)
{
    /// <summary>Trains from the run's last step to the config's; a cancelled run is saved first.</summary>
    /// <param name="run">The folder.</param>
    /// <param name="examples">At least one.</param>
    /// <param name="report">Called after each step.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the last whole step is saved.</exception>
    public void Train(TrainingRun run, IReadOnlyList<SftExample> examples, Action<DistillStep> report, CancellationToken cancellation)
    {
        using var optimizer = new AdamW(student.Weights(), new() { Beta1 = config.AdamBeta1, Beta2 = config.AdamBeta2, Epsilon = config.AdamEpsilon, WeightDecay = config.WeightDecay });
        if (run.LastStep > 0) { run.Restore(optimizer); }
        var order = new DataOrder(examples.Count, config.Seed, config.ShuffleDataset, config.GroupByLength ? index => examples[index].Length : null);
        var steps = config.Steps(examples.Count);
        for (var step = run.LastStep + 1; step <= steps; step++)
        {
            if (cancellation.IsCancellationRequested)
            {
                if (step > run.LastStep + 1) { run.Save(step - 1, student, optimizer, sourceFolder, config.SaveTotalLimit); }
                cancellation.ThrowIfCancellationRequested();
            }
            var watch = Stopwatch.StartNew();
            List<SftExample> batch = [.. order.Take(step - 1, config.PerDeviceTrainBatchSize).Select(index => examples[index])];
            var rate = config.LearningRate * config.LrSchedulerType.Multiplier(step - 1, config.WarmupSteps, steps, config.MinLrRate, config.NumDecaySteps);
            var (loss, norm) = Update(batch, optimizer, rate);
            var epoch = (double)step * config.PerDeviceTrainBatchSize / examples.Count;
            var metrics = new DistillStep(step, loss, norm, rate, batch.Sum(example => (long)example.ResponseIds.Count), epoch, watch.Elapsed.TotalSeconds);
            run.WriteMetrics(metrics.Columns());
            report(metrics);
            if (step % config.SaveSteps == 0 || step == steps) { run.Save(step, student, optimizer, sourceFolder, config.SaveTotalLimit); }
        }
    }

    private (double Loss, double GradNorm) Update(List<SftExample> batch, AdamW optimizer, double learningRate)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var divisor = batch.Sum(example => (double)example.ResponseIds.Count);
        var loss = 0.0;
        foreach (var micro in TokenBudget.Cut(batch, example => example.Length, config.MicroBatchTokens))
        {
            using var inner = NewDisposeScope();
            var (ids, targets) = Padded(micro);
            loss += MicroBatch.BackwardPerToken(student, ids, null, targets, logProbs => SftLoss.Compute(logProbs, divisor, config.LossType));
        }
        var weights = student.Weights().Values;
        var norm = Gradients.Norm(weights);
        if (!double.IsFinite(loss) || !double.IsFinite(norm)) { throw new UserException($"the loss is {loss} and the gradient's norm {norm}; the run stops before the weights are spoiled: lower learning_rate"); }
        Gradients.Clip(weights, norm, config.MaxGradNorm);
        optimizer.Step(learningRate);
        return (loss, norm);
    }

    // Right padded: causal attention never looks there.
    private (Tensor Ids, Tensor Targets) Padded(List<SftExample> rows)
    {
        var width = rows.Max(row => row.Length);
        var (ids, targets) = (new long[rows.Count * width], new long[rows.Count * width]);
        for (var i = 0; i < rows.Count; i++)
        {
            var place = i * width;
            foreach (var id in rows[i].PromptIds) { ids[place++] = id; }
            foreach (var id in rows[i].ResponseIds)
            {
                targets[place] = 1;
                ids[place++] = id;
            }
        }
        return (tensor(ids, [rows.Count, width], device: student.Device), tensor(targets, [rows.Count, width], device: student.Device));
    }
}
