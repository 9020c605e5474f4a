using System.Diagnostics;
using LlmReasoning.Evaluation;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

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

    /// <summary>Null = no evaluation.</summary>
    public HeldOutExaminer? Examiner { get; init; }

    /// <summary>Takes what the user should know.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>The config with the steps of these rows written out; of the prompts, where every step samples.</summary>
    public DistillConfig Resolve(IReadOnlyList<TrainingRow> rows) => config.Resolve(RowsOfEpoch(rows));

    /// <summary>Trains from the run's last step to the config's; a cancelled run is saved first.</summary>
    /// <param name="run">The folder.</param>
    /// <param name="rows">To train on; may be empty where every step samples.</param>
    /// <param name="report">Called after each step.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the last whole step is saved.</exception>
    /// <exception cref="UserException">A value is not finite; the batch is in the run's folder.</exception>
    public void Train(TrainingRun run, IReadOnlyList<TrainingRow> rows, Action<DistillStep> report, CancellationToken cancellation)
    {
        Teacher?.UseBfloat16(config.Bf16);
        var resolved = Resolve(rows);
        using var session = new TrainingSession(run, student, resolved, sourceFolder, updatesPerStep: 1) { Examiner = Examiner, Warn = Warn };
        var loss = new DistillLoss(student, Teacher, config);
        var order = rows.Count == 0 ? null : new DataOrder(rows.Count, config.Seed, config.ShuffleDataset, config.GroupByLength ? index => rows[index].Length : null);
        try
        {
            session.Begin(DistillStep.Names, cancellation);
            for (var step = run.LastStep + 1; step <= resolved.MaxSteps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var watch = Stopwatch.StartNew();
                var isOnPolicy = IsOnPolicy(step);
                var source = isOnPolicy ? StudentSamples : config.SeqKd ? TeacherSamples : null;
                var samples = source?.Draw(step, config.RowsPerStep, cancellation) ?? [];
                var rollout = source is null ? 0 : watch.Elapsed.TotalSeconds;
                List<TrainingRow> batch = source is null ? [.. order!.Take(step - 1, config.RowsPerStep).Select(index => rows[index])] : [.. samples.Select(RowOf)];
                var learningRate = resolved.LearningRateOf(step);
                var (value, norm) = Update(loss, batch, session.Optimizer, learningRate, run, step);
                if (config.LogCompletionsSteps > 0 && step % config.LogCompletionsSteps == 0) { source?.Write(run, step, samples); }
                var done = new DistillStep
                {
                    Step = step,
                    Loss = value,
                    GradNorm = norm,
                    LearningRate = learningRate,
                    TrainedTokens = batch.Sum(row => (long)row.TrainedTokens),
                    Epoch = (double)step * config.RowsPerStep / RowsOfEpoch(rows),
                    IsOnPolicy = isOnPolicy,
                    Samples = samples,
                    Seconds = (rollout, watch.Elapsed.TotalSeconds - rollout),
                };
                report(session.Record(done, cancellation));
                session.Finish(done);
            }
            session.Complete();
        }
        catch (OperationCanceledException)
        {
            session.SaveUnsaved();
            throw;
        }
    }

    private int RowsOfEpoch(IReadOnlyList<TrainingRow> rows) => rows.Count > 0 ? rows.Count : (StudentSamples ?? TeacherSamples)?.Count ?? 0;

    // As GKD does it, for a whole step; a function of seed and step.
    private bool IsOnPolicy(int step) => new SplitMix64(config.Seed, "lmbda", step).Uniform() < config.Lmbda;

    private static TrainingRow RowOf(Completion completion) => new(SftExample.Of(completion.Request.PromptIds, completion.Ids));

    private (double Loss, double GradNorm) Update(DistillLoss loss, List<TrainingRow> batch, AdamW optimizer, double learningRate, TrainingRun run, int step)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var divisor = batch.Sum(row => (double)row.TrainedTokens);
        var value = TokenBudget.Cut(batch, row => row.Length, config.MicroBatchTokens).Sum(micro => loss.Backward(micro, divisor));
        var weights = student.Weights();
        var norm = Gradients.Norm(weights.Values);
        try
        {
            NonFinite.Refuse(value, norm, weights);
            Gradients.Clip(weights.Values, norm, config.MaxGradNorm);
            optimizer.Step(learningRate);
            NonFinite.RefuseWeights(weights);
        }
        catch (NonFiniteException e)
        {
            throw NonFinite.Dump(run.Folder, step, e, batch.SelectMany(row => row.Documents).Select(DumpOf));
        }
        return (value, norm);
    }

    private NonFiniteRow DumpOf(SftExample example)
    {
        using var scope = NewDisposeScope();
        var (ids, _, _) = TrainingRow.ToTensors([new(example)], student.Device);
        var prompt = Math.Max(1, example.PromptIds.Count);
        var rest = ones_like(ids);
        rest.narrow(1, 0, prompt).zero_();
        var logProbs = MicroBatch.LogProbsOf(student, ids, null, rest).LogProbs.to_type(ScalarType.Float32).cpu().data<float>().ToArray();
        return new() { PromptIds = [.. example.Ids.Take(prompt)], Ids = [.. example.Ids.Skip(prompt)], LogProbs = logProbs[prompt..] };
    }
}
