using System.Diagnostics;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Reinforcement learning from verifiable rewards: sample, verify, compare within groups, update.</summary>
/// <param name="config">Resolved.</param>
/// <param name="stopIds">Any of these ends a completion.</param>
/// <param name="sourceFolder">Whose config and tokenizer files go with the checkpoints.</param>
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
        reference?.UseBfloat16(config.Bf16);
        using var session = new TrainingSession(run, policy, config, sourceFolder, config.UpdatesPerStep)
        {
            Examiner = heldOut is null ? null : new(policy, tokenizer, heldOut, template, stopIds, config) { BatchSize = config.BatchSize, Threads = config.Threads },
            Warn = warn,
        };
        var collector = new RolloutCollector(policy, tokenizer, training.Problems, template, stopIds, config);
        var order = new DataOrder(training.Problems.Count, config.Seed, config.ShuffleDataset);
        var update = new PolicyUpdate(policy, reference, session.Optimizer, config);
        try
        {
            session.Begin(RlvrStep.Names(config.RewardFuncs), cancellation);
            for (var step = run.LastStep + 1; step <= config.MaxSteps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var watch = Stopwatch.StartNew();
                var gradedBefore = collector.GradeSeconds;
                var rollouts = collector.CollectStep(order, step, cancellation);
                var (sampled, graded) = (watch.Elapsed.TotalSeconds, collector.GradeSeconds - gradedBefore);
                var learningRate = config.LearningRateOf(step);
                var updated = Update(update, run, step, rollouts.Trained, learningRate);
                var seconds = (sampled - graded, graded, watch.Elapsed.TotalSeconds - sampled);
                if (config.LogCompletionsSteps > 0 && step % config.LogCompletionsSteps == 0) { WriteCompletions(run, step, rollouts.Sampled); }
                var done = RlvrStep.Of(step, rollouts, updated, BucketStep.Of(rollouts, update.Rows, training), learningRate, seconds, config.RewardFuncs);
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

    private UpdateMetrics Update(PolicyUpdate update, TrainingRun run, int step, IReadOnlyList<RolloutGroup> groups, double learningRate)
    {
        try
        {
            return update.Run(groups, step, learningRate);
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
        var prompt = completion.Request.PromptIds.Count;
        long[] ids = [.. completion.Request.PromptIds, .. completion.Ids];
        float[] isTarget = [.. ids.Select((_, i) => i < prompt ? 0f : 1f)];
        var row = tensor(ids, [1, ids.Length], device: policy.Device);
        var targets = tensor(isTarget, [1, ids.Length], device: policy.Device);
        var logProbs = MicroBatch.LogProbsOf(policy, row, null, targets, config.Temperature, support: config.Support()).LogProbs;
        return logProbs.to_type(ScalarType.Float32).cpu().data<float>().ToArray()[prompt..];
    }

    private void WriteCompletions(TrainingRun run, int step, IReadOnlyList<RolloutGroup> groups) =>
        run.WriteSamples(
            step,
            SamplingRun.SharedSettingsOf(config.ModelNameOrPath!, template.Id, config.Sampling(config.Seed)),
            groups.SelectMany(group => group.Rollouts).Select(rollout => rollout.Completion));
}
