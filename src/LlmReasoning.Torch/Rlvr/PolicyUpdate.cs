using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>What a step's updates did; means are over the tokens that trained, and over the updates where there are several.</summary>
/// <param name="Loss">Says little: with one update a step its value does not measure progress.</param>
/// <param name="GradNorm">Before clipping.</param>
/// <param name="Entropy">In nats, null if no row trained.</param>
/// <param name="Kl">Null without a reference.</param>
/// <param name="ClipShare">Of ratios outside their range.</param>
/// <param name="LogProbDifferenceMean">Between sampler and trainer, before the first update.</param>
/// <param name="LogProbDifferenceMax">The largest.</param>
/// <param name="TrainedTokens">Prompts included.</param>
public sealed record UpdateMetrics(
    double Loss, double GradNorm, double? Entropy, double? Kl, double? ClipShare, double LogProbDifferenceMean, double LogProbDifferenceMax, long TrainedTokens);

/// <summary>The optimizer steps from a step's groups. Divisors are counted over all rows of an optimizer step before they are cut into micro-batches.</summary>
public sealed class PolicyUpdate(CausalLM policy, CausalLM? reference, AdamW optimizer, RlvrConfig config)
{
    private readonly PolicyLossSettings _loss = config.Objective().Loss;
    private readonly SamplingSettings? _support = config.Support();
    private readonly AdvantageSettings _advantages = config.Objective().Advantages;

    /// <summary>Of the last run's completions, in the groups' order: the advantage, and how many tokens count.</summary>
    public IReadOnlyList<(double Advantage, int Tokens)> Rows { get; private set; } = [];

    /// <summary>Advantages over all groups, then the updates.</summary>
    /// <param name="groups">May be empty: then nothing changes.</param>
    /// <param name="step">Of the run, which with the seed says how completions are cut into mini-batches.</param>
    /// <exception cref="UserException">Sampler and trainer disagree beyond the bound.</exception>
    /// <exception cref="NonFiniteException">A value is not finite.</exception>
    public UpdateMetrics Run(IReadOnlyList<RolloutGroup> groups, int step, double learningRate)
    {
        using var scope = NewDisposeScope();
        Rows = [];
        if (groups.Count == 0) { return new(0, 0, null, null, null, 0, 0, 0); }
        var rows = RowsOf(groups);
        Rows = [.. rows.Select(row => (row.Advantage, row.Counted))];
        var batches = MiniBatch.Parts(rows, config.NumMiniBatches, config.Seed, step)
            .Select(part => MiniBatch.Of(part, Trains, _loss.Aggregation, config, policy.Device))
            .ToList();
        var needsOld = config.UpdatesPerStep > 1;
        var difference = new Difference();
        foreach (var micro in batches.SelectMany(batch => batch.Trained))
        {
            if (needsOld)
            {
                micro.OldLogProbs = LogProbs(policy, micro);
                difference.Add(micro.OldLogProbs, micro);
            }
            if (reference is not null && _loss.KlPlacement == KlPlacement.Loss) { micro.RefLogProbs = LogProbs(reference, micro); }
        }
        difference.Require(config.LogprobBound);
        var updates = new List<UpdateMetrics>();
        for (var iteration = 0; iteration < config.NumIterations; iteration++)
        {
            foreach (var batch in batches) { updates.Add(Step(batch, learningRate, needsOld ? null : difference)); }
        }
        return new(
            updates.Average(update => update.Loss),
            updates.Average(update => update.GradNorm),
            updates.Average(update => update.Entropy),
            updates.Average(update => update.Kl),
            updates.Average(update => update.ClipShare),
            difference.Mean,
            difference.Max,
            updates.Sum(update => update.TrainedTokens));
    }

    private UpdateMetrics Step(MiniBatch batch, double learningRate, Difference? difference)
    {
        optimizer.ZeroGradients();
        using var scope = NewDisposeScope();
        var threshold = _loss.TopEntropyQuantile < 1 ? EntropyThreshold(batch) : null;
        var (loss, entropy, kl, clipped, tokens) = (0.0, 0.0, 0.0, 0.0, 0L);
        foreach (var micro in batch.Trained)
        {
            using var inner = NewDisposeScope();
            PolicyLossMetrics? numbers = null;
            loss += MicroBatch.Backward(policy, micro.Ids, null, micro.Targets, config.Temperature, withEntropies: true, (logProbs, entropies) =>
            {
                difference?.Add(logProbs.detach(), micro);
                var result = PolicyLoss.Compute(
                    new()
                    {
                        LogProbs = logProbs,
                        OldLogProbs = micro.OldLogProbs,
                        RefLogProbs = micro.RefLogProbs,
                        SamplerLogProbs = micro.SamplerLogProbs,
                        Entropies = entropies,
                        EntropyThreshold = threshold,
                        Advantages = micro.Advantages,
                        Mask = micro.Targets,
                        RowWeights = micro.RowWeights,
                        StepTokens = batch.Tokens,
                    },
                    _loss);
                numbers = result.Metrics;
                return result.Loss;
            }, _support);
            tokens += numbers!.Tokens;
            entropy += (numbers.Entropy ?? 0) * numbers.Tokens;
            kl += (numbers.Kl ?? 0) * numbers.Tokens;
            clipped += (numbers.ClipRegionMean ?? numbers.ClipHighMean ?? 0) * numbers.Tokens;
        }
        difference?.Require(config.LogprobBound);
        var weights = policy.Weights().Values;
        var norm = Gradients.Norm(weights);
        NonFinite.Refuse(loss, norm, policy.Weights());
        if (batch.Trained.Count > 0)
        {
            Gradients.Clip(weights, norm, config.MaxGradNorm);
            optimizer.Step(learningRate);
            NonFinite.RefuseWeights(policy.Weights());
        }
        double? Mean(double sum) => tokens == 0 ? null : sum / tokens;
        return new(loss, norm, Mean(entropy), _loss.Beta == 0 || _loss.KlPlacement == KlPlacement.Reward ? null : Mean(kl), Mean(clipped), 0, 0, batch.Trained.Sum(micro => micro.Ids.numel()));
    }

    // Over every token of the update that counts, also of rows that have no gradient.
    private Tensor EntropyThreshold(MiniBatch batch)
    {
        var entropies = batch.Trained.Concat(MicroRows.Cut(batch.Untrained, config.MicroBatchTokens, policy.Device)).Select(micro =>
        {
            using var scope = NewDisposeScope();
            var all = MicroBatch.LogProbsOf(policy, micro.Ids, null, micro.Targets, config.Temperature, withEntropies: true, _support).Entropies!;
            return all.masked_select(micro.Targets.to_type(ScalarType.Bool)).MoveToOuterDisposeScope();
        }).ToList();
        var flat = cat(entropies).unsqueeze(0);
        return EntropyMask.Threshold(flat, ones_like(flat), _loss.TopEntropyQuantile);
    }

    // Every row of the step, in the groups' order.
    private List<Row> RowsOf(IReadOnlyList<RolloutGroup> groups)
    {
        using var scope = NewDisposeScope();
        var completions = groups.SelectMany(group => group.Rollouts.Select(rollout => rollout.Completion)).ToList();
        var advantages = AdvantagesOf(groups, completions).view(-1).data<double>().ToArray();
        return [.. completions.Select((completion, i) => new Row(completion, advantages[i], IsLeftOut(completion) ? 0 : completion.Ids.Count))];
    }

    private bool IsLeftOut(Completion completion) => config.MaskTruncatedCompletions && completion.FinishReason == FinishReason.Length;

    // [P, G].
    private Tensor AdvantagesOf(IReadOnlyList<RolloutGroup> groups, List<Completion> completions)
    {
        long[] shape = [groups.Count, groups[0].Rollouts.Count];
        var rollouts = groups.SelectMany(group => group.Rollouts).ToList();
        var correct = tensor(rollouts.Select(rollout => rollout.Verdict.Outcome == Outcome.Correct).ToArray(), shape);
        var unjudged = tensor(rollouts.Select(rollout => double.IsNaN(rollout.Outcome)).ToArray(), shape);
        if (config is { PassAtK: { } k, PassAtKMethod: PassAtKMethod.Advantage })
        {
            return PassAtKTraining.Advantages(correct, k).Filled(unjudged, 0);
        }
        var rewards = config.RewardFuncs.Select((function, f) => function == RewardFunction.Accuracy && config.PassAtK is { } size
            ? PassAtKTraining.Rewards(correct, size).Filled(unjudged, double.NaN)
            : tensor(rollouts.Select(rollout => rollout.Rewards[f]).ToArray(), shape));
        var all = stack(rewards);
        if (_loss.Beta == 0 || _loss.KlPlacement == KlPlacement.Loss) { return Advantages.Compute(all, config.WeightsOfRewards, _advantages); }
        return Advantages.Compute(Penalised(Advantages.WeightedSum(all, config.WeightsOfRewards), completions), _advantages);
    }

    private Tensor Penalised(Tensor rewards, List<Completion> completions)
    {
        var penalised = rewards.view(-1).data<double>().ToArray();
        var rows = completions.Select((completion, place) => (completion, place));
        foreach (var cut in TokenBudget.Cut(rows, row => Row.LengthOf(row.completion), config.MicroBatchTokens))
        {
            using var inner = NewDisposeScope();
            var micro = MicroRows.Of([.. cut.Select(row => new Row(row.completion, 0, row.completion.Ids.Count))], policy.Device);
            var own = tensor(cut.Select(row => penalised[row.place]).ToArray(), device: policy.Device);
            var values = Kl.Penalise(own, LogProbs(policy, micro), LogProbs(reference!, micro), micro.Targets, _loss.Beta, _loss.KlEstimator).cpu().data<double>().ToArray();
            for (var i = 0; i < cut.Count; i++) { penalised[cut[i].place] = values[i]; }
        }
        return tensor(penalised, rewards.shape);
    }

    // A row of advantage 0 has no gradient unless there is a KL or entropy term; it counts in the divisors all the same.
    private bool Trains(Row row) =>
        row.Counted > 0 && (row.Advantage != 0 || (_loss.Beta != 0 && _loss.KlPlacement == KlPlacement.Loss) || _loss.EntropyCoefficient != 0);

    private Tensor LogProbs(CausalLM model, MicroRows micro) => MicroBatch.LogProbsOf(model, micro.Ids, null, micro.Targets, config.Temperature, support: _support).LogProbs;

    /// <summary>How far sampler and trainer are apart in the log-probabilities of sampled tokens.</summary>
    private sealed class Difference
    {
        private double _sum;
        private double _tokens;

        public double Max { get; private set; }

        public double Mean => _tokens == 0 ? 0 : _sum / _tokens;

        public void Add(Tensor logProbs, MicroRows micro)
        {
            using var scope = NewDisposeScope();
            var difference = (logProbs - micro.SamplerLogProbs).abs() * micro.Targets;
            _sum += difference.sum().item<float>();
            _tokens += micro.Targets.sum().item<float>();
            Max = Math.Max(Max, difference.max().item<float>());
        }

        public void Require(double bound)
        {
            if (Max > bound) { throw new UserException($"sampler and trainer differ by {Max:G3} in a token's log-probability, more than max_logprob_difference = {bound}; use float32, or raise the bound"); }
        }
    }
}
