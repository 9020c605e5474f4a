using System.Diagnostics;
using System.Text.Json;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>One row of metrics.csv.</summary>
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

    /// <summary>pass@1 and pass@n on the held-out problems, where this step evaluates.</summary>
    public (double PassAt1, double PassAtN)? Eval { get; init; }

    /// <summary>Tokens sampled in this step.</summary>
    public required long SampledTokens { get; init; }
    public required (double Rollout, double Train) Seconds { get; init; }

    internal IReadOnlyList<(string, double?)> Columns() =>
    [
        ("step", Step), ("reward", Reward), ("accuracy", Accuracy),
        ("groups/all_wrong", Groups.Wrong), ("groups/mixed", Groups.Mixed), ("groups/all_right", Groups.Right), ("undecided", Undecided),
        .. Rewards, ("generation_batches", GenerationBatches),
        ("completions/mean_length", CompletionLength), ("completions/clipped_ratio", Truncated),
        ("loss", Update.Loss), ("grad_norm", Update.GradNorm), ("entropy", Update.Entropy), ("kl", Update.Kl), ("clip_ratio/region_mean", Update.ClipShare),
        ("sampling/sampling_logp_difference/mean", Update.LogProbDifferenceMean), ("sampling/sampling_logp_difference/max", Update.LogProbDifferenceMax),
        ("learning_rate", LearningRate), ("eval/pass@1", Eval?.PassAt1), ("eval/pass@n", Eval?.PassAtN),
        ("completions/tokens", SampledTokens), ("seconds/rollout", Seconds.Rollout), ("seconds/train", Seconds.Train),
    ];
}

/// <summary>Reinforcement learning from verifiable rewards: sample, verify, compare within groups, update.</summary>
public sealed class RlvrTrainer(
    CausalLM policy, CausalLM? reference, Tokenizer tokenizer, RlvrConfig config, PromptTemplate template, IReadOnlyCollection<int> stopIds, string sourceFolder)
{
    /// <summary>Trains from the run's last step to the config's; a cancelled run is saved first.</summary>
    /// <param name="run">The folder.</param>
    /// <param name="problems">To train on.</param>
    /// <param name="heldOut">To evaluate on, may be empty.</param>
    /// <param name="report">Called after each step.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the last whole step is saved.</exception>
    public void Train(TrainingRun run, IReadOnlyList<Problem> problems, IReadOnlyList<Problem> heldOut, Action<RlvrStep> report, CancellationToken cancellation)
    {
        using var optimizer = new AdamW(policy.Weights(), new() { Beta1 = config.AdamBeta1, Beta2 = config.AdamBeta2, Epsilon = config.AdamEpsilon, WeightDecay = config.WeightDecay });
        if (run.LastStep > 0) { run.Restore(optimizer); }
        var collector = new RolloutCollector(policy, tokenizer, problems, template, stopIds, config);
        var examiner = new RolloutCollector(policy, tokenizer, heldOut, template, stopIds, config);
        var order = new DataOrder(problems.Count, config.Seed, config.ShuffleDataset);
        var update = new PolicyUpdate(policy, reference, optimizer, config);
        for (var step = run.LastStep + 1; step <= config.MaxSteps; step++)
        {
            try
            {
                using var scope = NewDisposeScope();
                var watch = Stopwatch.StartNew();
                var (groups, trained, batches) = collector.CollectStep(order, step, cancellation);
                var rollout = watch.Elapsed.TotalSeconds;
                var rate = config.LearningRate * config.LrSchedulerType.Multiplier(step - 1, config.WarmupSteps, config.MaxSteps);
                var metrics = StepOf(step, groups, batches, update.Run(trained, rate), rate, (rollout, watch.Elapsed.TotalSeconds - rollout));
                if (heldOut.Count > 0 && (step % config.EvalSteps == 0 || step == config.MaxSteps)) { metrics = metrics with { Eval = Evaluate(examiner, heldOut.Count, step, cancellation) }; }
                if (config.LogCompletionsSteps > 0 && step % config.LogCompletionsSteps == 0) { WriteCompletions(run.Folder, step, groups); }
                run.WriteMetrics(metrics.Columns());
                report(metrics);
                if (step % config.SaveSteps == 0 || step == config.MaxSteps) { run.Save(step, policy, optimizer, sourceFolder, config.SaveTotalLimit); }
            }
            catch (OperationCanceledException) when (step > run.LastStep + 1)
            {
                run.Save(step - 1, policy, optimizer, sourceFolder, config.SaveTotalLimit);
                throw;
            }
        }
    }

    private (double PassAt1, double PassAtN) Evaluate(RolloutCollector examiner, int problems, int step, CancellationToken cancellation)
    {
        var groups = examiner.Collect([.. Enumerable.Range(0, problems)], config.EvalN, "eval", step, cancellation);
        return (groups.Average(group => PassAtK.Estimate(config.EvalN, group.Correct, 1)), groups.Average(group => group.Correct > 0 ? 1.0 : 0.0));
    }

    private RlvrStep StepOf(int step, IReadOnlyList<RolloutGroup> groups, int batches, UpdateMetrics update, double rate, (double, double) seconds)
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

    private void WriteCompletions(string folder, int step, IReadOnlyList<RolloutGroup> groups)
    {
        var path = Path.Combine(folder, "samples", $"step-{step:D6}.jsonl");
        if (File.Exists(path)) { File.Delete(path); }                         // of a run that was killed after it
        using var writer = new SampleWriter(path);
        foreach (var rollout in groups.SelectMany(group => group.Rollouts))
        {
            var completion = rollout.Completion;
            writer.Append(new()
            {
                RunId = $"step-{step:D6}",
                ModelId = config.ModelNameOrPath!,
                ProblemId = completion.Request.ProblemId,
                SampleIdx = completion.SampleIndex,
                Seed = config.Seed,
                TemplateId = template.Id,
                Temperature = config.Temperature,
                TopP = config.TopP,
                TopK = config.TopK,
                MaxNewTokens = config.MaxCompletionLength,
                PromptTokens = completion.Request.PromptIds.Count,
                CompletionTokens = completion.TokenCount,
                CompletionChars = completion.Text.Length,
                FinishReason = completion.FinishReason.ToString().ToLowerInvariant(),
                Text = completion.Text,
                TokenLogprobSum = completion.LogProbs.Sum(value => (double)value),
            });
        }
    }
}
