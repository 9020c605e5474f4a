using System.Diagnostics;
using System.Text.Json;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;
using SharedSettings = LlmReasoning.Evaluation.Samples.SamplingSettings;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Reinforcement learning from verifiable rewards: sample, verify, compare within groups, update.</summary>
public sealed class RlvrTrainer(
    CausalLM policy, CausalLM? reference, Tokenizer tokenizer, RlvrConfig config, PromptTemplate template, IReadOnlyCollection<int> stopIds, string sourceFolder)
{
    /// <summary>Trains from the run's last step to the config's; a cancelled run is saved first.</summary>
    /// <param name="run">The folder.</param>
    /// <param name="training">The problems to train on.</param>
    /// <param name="heldOut">To evaluate on; null = no evaluation.</param>
    /// <param name="report">Called after each step.</param>
    /// <param name="warn">Takes what the user should know.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the last whole step is saved.</exception>
    /// <exception cref="UserException">A value is not finite; the batch is in the run's folder.</exception>
    public void Train(TrainingRun run, ProblemBuckets training, ProblemBuckets? heldOut, Action<RlvrStep> report, Action<string> warn, CancellationToken cancellation)
    {
        policy.GradientCheckpointing = config.GradientCheckpointing;
        policy.UseBfloat16(config.Bf16);
        reference?.UseBfloat16(config.Bf16);
        using var optimizer = new AdamW(policy.Weights(), config.Optimizer());
        if (run.LastStep > 0) { run.Restore(optimizer); }
        var collector = new RolloutCollector(policy, tokenizer, training.Problems, template, stopIds, config);
        var order = new DataOrder(training.Problems.Count, config.Seed, config.ShuffleDataset);
        var update = new PolicyUpdate(policy, reference, optimizer, config);
        var warnings = new TrainingWarnings(config.MaxGradNorm, config.UpdatesPerStep);
        var done = run.LastStep;
        try
        {
            if (LacksEval(run, config)) { run.CompleteMetrics(HeldOutEval.Columns(Evaluate(run, heldOut!, done, cancellation))); }
            if (done == 0 && config.EvalOnStart) { run.WriteMetrics(RlvrStep.StartColumns(Evaluate(run, heldOut!, 0, cancellation), RewardColumns([]))); }
            for (var step = done + 1; step <= config.MaxSteps; step++)
            {
                using var scope = NewDisposeScope();
                var watch = Stopwatch.StartNew();
                var graded = collector.GradeSeconds;
                var (groups, trained, batches) = collector.CollectStep(order, step, cancellation);
                graded = collector.GradeSeconds - graded;
                var rollout = watch.Elapsed.TotalSeconds;
                var rate = config.LearningRate * config.LrSchedulerType.Multiplier(step - 1, config.WarmupSteps, config.MaxSteps);
                var updated = Update(update, run, step, trained, rate);
                done = step;
                var metrics = StepOf(step, groups, batches, updated, rate, (rollout - graded, graded, watch.Elapsed.TotalSeconds - rollout), BucketsOf(groups, trained, update.Rows, training));
                if (config.LogCompletionsSteps > 0 && step % config.LogCompletionsSteps == 0) { WriteCompletions(run.SamplesOf(step), step, groups); }
                var row = metrics.Columns();
                run.WriteMetrics(row);
                run.WriteTimings(step, metrics.Timings());
                run.Table(TrainingCurves.BucketTable).Append(BucketStep.Header, BucketStep.Rows(step, metrics.Buckets));
                run.WriteScalars(step, BucketStep.Scalars(metrics.Buckets));
                if (IsEvalStep(step, config))
                {
                    metrics = metrics with { Eval = Evaluate(run, heldOut!, step, cancellation) };
                    run.CompleteMetrics(HeldOutEval.Columns(metrics.Eval));
                }
                report(metrics);
                foreach (var warning in warnings.After(row)) { warn(warning); }
                if (step % config.SaveSteps == 0 || step == config.MaxSteps) { run.Save(step, policy, optimizer, sourceFolder, config.SaveTotalLimit); }
            }
            run.Complete(config.SaveTotalLimit);
        }
        catch (OperationCanceledException) when (done > run.LastStep)
        {
            run.Save(done, policy, optimizer, sourceFolder, config.SaveTotalLimit);
            throw;
        }
    }

    /// <summary>Whether the last step was to be evaluated and was interrupted in that.</summary>
    public static bool LacksEval(TrainingRun run, RlvrConfig config) =>
        IsEvalStep(run.LastStep, config) && run.LacksEval;

    private static bool IsEvalStep(int step, RlvrConfig config) => config.EvalProblems is not null && (step % config.EvalSteps == 0 || step == config.MaxSteps);

    private UpdateMetrics Update(PolicyUpdate update, TrainingRun run, int step, IReadOnlyList<RolloutGroup> groups, double rate)
    {
        try
        {
            return update.Run(groups, rate);
        }
        catch (NonFiniteException e)
        {
            var rollouts = groups.SelectMany(group => group.Rollouts);
            throw NonFinite.Dump(run.Folder, step, e, rollouts.Zip(update.Rows, (rollout, row) => new NonFiniteRow
            {
                ProblemId = rollout.Completion.Request.ProblemId,
                PromptIds = rollout.Completion.Request.PromptIds,
                Ids = rollout.Completion.Ids,
                Reward = rollout.Reward,
                Advantage = row.Advantage,
                SamplerLogProbs = rollout.Completion.LogProbs,
                LogProbs = LogProbsOf(rollout.Completion),
            }));
        }
    }

    private float[] LogProbsOf(Completion completion)
    {
        using var scope = NewDisposeScope();
        long[] ids = [.. completion.Request.PromptIds, .. completion.Ids];
        var targets = ids.Select((_, i) => i < completion.Request.PromptIds.Count ? 0f : 1f).ToArray();
        var logProbs = MicroBatch.LogProbsOf(policy, tensor(ids, [1, ids.Length], device: policy.Device), null, tensor(targets, [1, ids.Length], device: policy.Device), config.Temperature, support: config.Support()).LogProbs;
        return logProbs.to_type(ScalarType.Float32).cpu().data<float>().ToArray()[completion.Request.PromptIds.Count..];
    }

    private HeldOutEval Evaluate(TrainingRun run, ProblemBuckets heldOut, int step, CancellationToken cancellation) =>
        new HeldOutExaminer(policy, tokenizer, heldOut, template, stopIds, config).Examine(run, step, cancellation);

    private static IReadOnlyList<BucketStep> BucketsOf(
        IReadOnlyList<RolloutGroup> groups, IReadOnlyList<RolloutGroup> trained, IReadOnlyList<(double Advantage, int Tokens)> rows, ProblemBuckets buckets)
    {
        var signals = new Dictionary<RolloutGroup, double>(ReferenceEqualityComparer.Instance);
        var row = 0;
        foreach (var group in trained) { signals[group] = group.Rollouts.Sum(_ => Math.Abs(rows[row].Advantage) * rows[row++].Tokens); }
        return BucketStep.Of(groups, group => signals.GetValueOrDefault(group), buckets);
    }

    private RlvrStep StepOf(
        int step, IReadOnlyList<RolloutGroup> groups, int batches, UpdateMetrics update, double rate, (double, double, double) seconds, IReadOnlyList<BucketStep> buckets)
    {
        var rollouts = groups.SelectMany(group => group.Rollouts).ToList();
        var judged = rollouts.Where(rollout => !double.IsNaN(rollout.Reward)).ToList();
        double Share(Func<RolloutGroup, bool> holds) => groups.Count(holds) / (double)groups.Count;
        return new()
        {
            Step = step,
            Reward = judged.Count == 0 ? double.NaN : judged.Average(rollout => rollout.Reward),
            Accuracy = rollouts.Count(rollout => rollout.Verdict.Outcome == Outcome.Correct) / (double)rollouts.Count,
            Groups = (Share(group => group.Correct == 0), Share(group => group.Correct > 0 && group.Correct < group.Rollouts.Count), Share(group => group.Correct == group.Rollouts.Count)),
            Undecided = rollouts.Count - judged.Count,
            CompletionLength = rollouts.Average(rollout => rollout.Completion.TokenCount),
            Truncated = rollouts.Count(rollout => rollout.Completion.FinishReason == FinishReason.Length) / (double)rollouts.Count,
            Rewards = RewardColumns(judged),
            GenerationBatches = batches,
            Update = update,
            LearningRate = rate,
            SampledTokens = rollouts.Sum(rollout => (long)rollout.Completion.Ids.Count),
            Seconds = seconds,
            Buckets = buckets,
            Rollouts = groups,
        };
    }

    // Mean and deviation of each reward function.
    private IReadOnlyList<(string, double?)> RewardColumns(List<Rollout> judged) =>
    [
        .. config.RewardFuncs.SelectMany((function, f) =>
        {
            var values = judged.Select(rollout => rollout.Rewards[f]).ToList();
            double? mean = values.Count == 0 ? null : values.Average();
            double? deviation = values.Count < 2 ? null : Math.Sqrt(values.Sum(value => (value - mean!.Value) * (value - mean.Value)) / (values.Count - 1));
            var name = $"rewards/{JsonNamingPolicy.SnakeCaseLower.ConvertName(function.ToString())}";
            return ((string, double?)[])[($"{name}/mean", mean), ($"{name}/std", deviation)];
        }),
    ];

    private void WriteCompletions(string path, int step, IReadOnlyList<RolloutGroup> groups)
    {
        if (File.Exists(path)) { File.Delete(path); }
        var shared = new SharedSettings
        {
            ModelId = config.ModelNameOrPath!,
            TemplateId = template.Id,
            Seed = config.Seed,
            Temperature = config.Temperature,
            TopP = config.TopP,
            TopK = config.TopK,
            MinP = config.MinP,
            MaxNewTokens = config.MaxCompletionLength,
        };
        using var writer = new SampleWriter(path);
        foreach (var rollout in groups.SelectMany(group => group.Rollouts)) { writer.Append(SamplingRun.SampleOf(rollout.Completion, shared, $"step-{step:D6}")); }
    }
}
