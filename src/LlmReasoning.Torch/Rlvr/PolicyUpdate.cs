using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>What an update did; means are over the tokens that trained.</summary>
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

/// <summary>One optimizer step from a step's groups. Divisors are counted over all its rows before they are cut into micro-batches.</summary>
public sealed class PolicyUpdate(CausalLM policy, CausalLM? reference, AdamW optimizer, RlvrConfig config)
{
    private readonly PolicyLossSettings _loss = config.Objective().Loss;
    private readonly AdvantageSettings _advantages = config.Objective().Advantages;

    /// <summary>Of the last run's completions, in the groups' order: the advantage, and how many tokens count.</summary>
    public IReadOnlyList<(double Advantage, int Tokens)> Rows { get; private set; } = [];

    /// <summary>Advantages, then the updates.</summary>
    /// <exception cref="UserException">Sampler and trainer disagree beyond the bound.</exception>
    /// <exception cref="NonFiniteException">A value is not finite.</exception>
    public UpdateMetrics Run(IReadOnlyList<RolloutGroup> groups, double learningRate)
    {
        using var scope = NewDisposeScope();
        var rows = RowsOf(groups);
        Rows = [.. rows.Select(row => (row.Advantage, row.Counted))];
        var micros = MicroBatches(rows);
        var old = config.NumIterations > 1 ? micros.Select(micro => LogProbs(policy, micro)).ToList() : null;
        var referenceLogProbs = reference is null ? null : micros.Select(micro => LogProbs(reference, micro)).ToList();
        UpdateMetrics? metrics = null;
        for (var iteration = 0; iteration < config.NumIterations; iteration++)
        {
            var update = Step(rows, micros, old, referenceLogProbs, learningRate, isFirst: iteration == 0);
            metrics = metrics is null ? update : update with { LogProbDifferenceMean = metrics.LogProbDifferenceMean, LogProbDifferenceMax = metrics.LogProbDifferenceMax };
        }
        return metrics!;
    }

    private UpdateMetrics Step(
        List<Row> rows, List<MicroRows> micros, List<Tensor>? old, List<Tensor>? referenceLogProbs, double learningRate, bool isFirst)
    {
        optimizer.ZeroGradients();
        var stepTokens = Math.Max(1, rows.Sum(row => row.Counted));
        var (loss, entropy, kl, clipped, tokens) = (0.0, 0.0, 0.0, 0.0, 0L);
        var (differenceSum, differenceMax) = (0.0, 0.0);
        for (var i = 0; i < micros.Count; i++)
        {
            using var inner = NewDisposeScope();
            var micro = micros[i];
            PolicyLossMetrics? numbers = null;
            loss += MicroBatch.Backward(policy, micro.Ids, null, micro.Targets, config.Temperature, withEntropies: true, (logProbs, entropies) =>
            {
                if (isFirst)
                {
                    var difference = (logProbs.detach() - micro.SamplerLogProbs).abs() * micro.Targets;
                    differenceSum += difference.sum().item<float>();
                    differenceMax = Math.Max(differenceMax, difference.max().item<float>());
                }
                var result = PolicyLoss.Compute(
                    new()
                    {
                        LogProbs = logProbs,
                        OldLogProbs = old?[i],
                        RefLogProbs = referenceLogProbs?[i],
                        SamplerLogProbs = micro.SamplerLogProbs,
                        Entropies = entropies,
                        Advantages = micro.Advantages,
                        Mask = micro.Targets,
                        RowWeights = micro.RowWeights,
                        StepTokens = stepTokens,
                    },
                    _loss);
                numbers = result.Metrics;
                return result.Loss;
            });
            tokens += numbers!.Tokens;
            entropy += (numbers.Entropy ?? 0) * numbers.Tokens;
            kl += (numbers.Kl ?? 0) * numbers.Tokens;
            clipped += (numbers.ClipRegionMean ?? 0) * numbers.Tokens;
        }
        if (differenceMax > config.MaxLogprobDifference)
        {
            throw new UserException($"sampler and trainer differ by {differenceMax:G3} in a token's log-probability, more than max_logprob_difference = {config.MaxLogprobDifference}; use float32, or raise the bound");
        }
        var weights = policy.Weights().Values;
        var norm = Gradients.Norm(weights);
        NonFinite.Refuse(loss, norm, policy.Weights());
        if (micros.Count > 0)
        {
            Gradients.Clip(weights, norm, config.MaxGradNorm);
            optimizer.Step(learningRate);
        }
        double? Mean(double sum) => tokens == 0 ? null : sum / tokens;
        return new(
            loss, norm, Mean(entropy), reference is null ? null : Mean(kl), Mean(clipped), Mean(differenceSum) ?? 0, differenceMax,
            micros.Sum(micro => micro.Ids.numel()));
    }

    // Every row of the step, in the groups' order.
    private List<Row> RowsOf(IReadOnlyList<RolloutGroup> groups)
    {
        var (count, size) = (groups.Count, groups[0].Rollouts.Count);
        var rewards = tensor(groups.SelectMany(group => group.Rollouts.Select(rollout => rollout.Reward)).ToArray(), [count, size]);
        var completions = groups.SelectMany(group => group.Rollouts.Select(rollout => rollout.Completion)).ToList();
        if (reference is not null && _loss.KlPlacement == KlPlacement.Reward) { rewards = Penalised(rewards, completions); }
        var advantages = Advantages.Compute(rewards, _advantages).view(-1).data<double>().ToArray();
        var counted = completions.Select(completion => config.MaskTruncatedCompletions && completion.FinishReason == FinishReason.Length ? 0 : completion.Ids.Count).ToArray();
        var weights = LossAggregation.RowWeights(
            _loss.Aggregation, tensor(counted.Select(length => (long)length).ToArray()), config.MaxCompletionLength, completions.Count).data<double>().ToArray();
        return [.. completions.Select((completion, i) => new Row(completion, advantages[i], weights[i], counted[i]))];
    }

    private Tensor Penalised(Tensor rewards, List<Completion> completions)
    {
        var penalised = rewards.view(-1).data<double>().ToArray();
        for (var i = 0; i < completions.Count; i++)
        {
            using var inner = NewDisposeScope();
            var micro = MicroRows.Of([new(completions[i], 0, 0, completions[i].Ids.Count)], policy.Device);
            penalised[i] = Kl.Penalise(tensor(new[] { penalised[i] }), LogProbs(policy, micro), LogProbs(reference!, micro), micro.Targets, _loss.Beta).item<double>();
        }
        return tensor(penalised, rewards.shape);
    }

    // A row of advantage 0 has no gradient unless there is a KL or entropy term; it counts in the divisors all the same.
    private List<MicroRows> MicroBatches(List<Row> rows)
    {
        var trainsAll = (_loss.Beta != 0 && _loss.KlPlacement == KlPlacement.Loss) || _loss.EntropyCoefficient != 0;
        var training = rows.Where(row => row.Counted > 0 && (trainsAll || row.Advantage != 0));
        return [.. TokenBudget.Cut(training, row => row.Length, config.MicroBatchTokens).Select(batch => MicroRows.Of(batch, policy.Device))];
    }

    private Tensor LogProbs(CausalLM model, MicroRows micro) => MicroBatch.LogProbsOf(model, micro.Ids, null, micro.Targets, config.Temperature).LogProbs;

    private sealed record Row(Completion Completion, double Advantage, double Weight, int Counted)
    {
        public int Length => Completion.Request.PromptIds.Count + Completion.Ids.Count;
    }

    /// <summary>Right padded rows of similar length: [B, T] each, [B] for advantages and weights.</summary>
    private sealed record MicroRows(Tensor Ids, Tensor Targets, Tensor SamplerLogProbs, Tensor Advantages, Tensor RowWeights)
    {
        public static MicroRows Of(List<Row> rows, Device device)
        {
            var (count, width) = (rows.Count, rows.Max(row => row.Length));
            var (ids, targets, sampled) = (new long[count * width], new float[count * width], new float[count * width]);
            for (var i = 0; i < count; i++)
            {
                var completion = rows[i].Completion;
                var prompt = completion.Request.PromptIds;
                for (var t = 0; t < prompt.Count; t++) { ids[(i * width) + t] = prompt[t]; }
                for (var t = 0; t < completion.Ids.Count; t++)
                {
                    var place = (i * width) + prompt.Count + t;
                    (ids[place], targets[place], sampled[place]) = (completion.Ids[t], 1, completion.LogProbs[t]);
                }
            }
            return new(
                tensor(ids, [count, width], device: device),
                tensor(targets, [count, width], device: device),
                tensor(sampled, [count, width], device: device),
                tensor(rows.Select(row => row.Advantage).ToArray(), device: device),
                tensor(rows.Select(row => row.Weight).ToArray(), device: device));
        }
    }
}
