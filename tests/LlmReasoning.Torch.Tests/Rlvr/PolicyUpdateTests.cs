using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Rlvr;

/// <summary>On completions of the embedded model, with a learning rate of 0 where nothing else is said: updates can be compared.</summary>
public sealed class PolicyUpdateTests : IDisposable
{
    private const double Rounding = 1e-4;       // relative, of float32 sums over other cuts

    private static readonly string s_base = ModelFolder.Resolve(ModelFolder.Embedded);
    private static readonly IReadOnlyList<Problem> s_problems = [.. SyntheticProblems.Set(0, "train", 6).Select(problem => problem.ToProblem())];
    private static readonly RlvrConfig s_config = new() { PromptsPerStep = 6, NumGenerations = 4, MaxCompletionLength = 60, Threads = 2 };

    private readonly CausalLM _model = CausalLM.Load(s_base);
    private readonly CausalLM _reference = CausalLM.Load(s_base);
    private readonly IReadOnlyList<RolloutGroup> _groups;

    public PolicyUpdateTests() => _groups = Collect(s_config);

    public void Dispose()
    {
        _model.Dispose();
        _reference.Dispose();
    }

    [Fact]
    public void MiniBatchesAreUpdatesOfTheirOwnDivisors()
    {
        var config = s_config with { LossAggMode = Aggregation.SequenceMean };
        var whole = Run(config);
        var halves = Run(config with { NumMiniBatches = 2 });
        // The mean of two means over half the rows each.
        Assert.Equal(whole.Loss, halves.Loss, 1e-5);
        Assert.Equal(whole.LogProbDifferenceMean, halves.LogProbDifferenceMean, 1e-6);
        Assert.Equal(0, halves.ClipShare);
        Assert.Equal(2, Steps(config with { NumMiniBatches = 2 }));
        Assert.Equal(6, Steps(config with { NumMiniBatches = 2, NumIterations = 3 }));
    }

    [Fact]
    public void SeveralMiniBatchesTakeEveryCompletionOnceInAnOrderOfSeedAndStep()
    {
        List<Row> rows = [.. _groups.SelectMany(group => group.Rollouts).Select((rollout, i) => new Row(rollout.Completion, i, 1))];
        string Order(int parts, long seed, int step) => string.Join("|", MiniBatch.Parts(rows, parts, seed, step).Select(part => string.Join(",", part.Select(row => row.Advantage))));
        Assert.Equal(string.Join(",", Enumerable.Range(0, rows.Count)), Order(parts: 1, seed: 0, step: 1));
        Assert.Equal([4, 5, 5, 5, 5], MiniBatch.Parts(rows, 5, 0, 1).Select(part => part.Count));
        Assert.Equal(rows.ToHashSet(), MiniBatch.Parts(rows, 5, 0, 1).SelectMany(part => part).ToHashSet());
        Assert.Equal(rows.Count, MiniBatch.Parts(rows, 100, 0, 1).Count);
        Assert.Equal(Order(2, seed: 0, step: 1), Order(2, seed: 0, step: 1));
        Assert.Equal(4, new[] { Order(2, 0, 1), Order(2, 0, 2), Order(2, 1, 1), Order(3, 0, 1) }.Distinct().Count());
        // Four rows a problem: neither half is three problems alone.
        Assert.All(MiniBatch.Parts(rows, 2, 0, 1), half => Assert.True(half.Select(row => row.Completion.Request.ProblemId).Distinct().Count() > 3));
    }

    [Fact]
    public void WithoutGroupsNothingChanges()
    {
        Assert.Equal(0, Run(s_config, groups: []).GradNorm);
        Assert.Equal(0, Steps(s_config, groups: []));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.2)]
    public void TheEntropyThresholdIsThatOfTheWholeUpdateHoweverItIsCut(double share)
    {
        var config = s_config with { TopEntropyQuantile = share };
        var whole = Run(config);
        Assert.Equal(1, Run(config with { MicroBatchTokens = 100 }).GradNorm / whole.GradNorm, Rounding);
        if (share < 1) { Assert.NotEqual(1, Run(s_config).GradNorm / whole.GradNorm, Rounding); }
    }

    [Fact]
    public void AKlTermInTheRewardIsZeroWhileThePolicyIsTheReference()
    {
        var config = s_config with { Beta = 5, UseKlInReward = true };
        foreach (var estimator in Enum.GetValues<KlEstimator>())
        {
            Assert.Equal(1, Run(config with { KlLossType = estimator, MicroBatchTokens = 300 }).GradNorm / Run(s_config).GradNorm, 1e-3);
        }
        Train(config, learningRate: 1e-4);
        var drifted = config with { MaxLogprobDifference = 100 };
        Assert.NotEqual(1, Run(drifted).GradNorm / Run(drifted with { Beta = 0 }).GradNorm, 1e-3);
    }

    [Fact]
    public void PositiveWeightZeroLearnsFromWrongAnswersAlone()
    {
        var config = s_config with { AdvantageBaseline = Baseline.None, ScaleRewards = RewardScale.None, OutcomeReward = OutcomeReward.PlusMinusOne, PositiveWeight = 0 };
        var groups = Collect(config);
        var wrong = groups.Sum(group => group.Rollouts.Where(rollout => rollout.Outcome < 0).Sum(rollout => rollout.Completion.Ids.Count));
        var all = groups.Sum(group => group.Rollouts.Sum(rollout => rollout.Completion.Ids.Count));
        // Each of their tokens has the loss -A = 1 on policy.
        Assert.Equal((double)wrong / all, Run(config, groups).Loss, 1e-5);
    }

    [Fact]
    public void PassAtKHasItsOwnAdvantagesAndRewards()
    {
        var correct = tensor(_groups.SelectMany(group => group.Rollouts.Select(rollout => rollout.Verdict.Outcome == Verification.Outcome.Correct)).ToArray(), [6, 4]);
        var lengths = tensor(_groups.SelectMany(group => group.Rollouts.Select(rollout => (double)rollout.Completion.Ids.Count)).ToArray(), [6, 4]);
        double LossOf(Tensor advantages) => -((advantages * lengths).sum() / lengths.sum()).item<double>();
        var closedForm = s_config with { PassAtK = 2 };
        Assert.Equal(LossOf(PassAtKTraining.Advantages(correct, 2)), Run(closedForm).Loss, 1e-5);
        var pkpo = s_config with { PassAtK = 2, PassAtKMethod = PassAtKMethod.Pkpo, AdvantageBaseline = Baseline.None, ScaleRewards = RewardScale.None };
        Assert.Equal(LossOf(PassAtKTraining.Rewards(correct, 2)), Run(pkpo).Loss, 1e-5);
    }

    [Fact]
    public void SamplerAndTrainerAgreeOverTheTokensThatCanBeDrawn()
    {
        var full = s_config with { TopK = 3, Temperature = 1.5 };
        var sampled = full with { LogprobSupport = LogprobSupport.Sampled };
        var (before, after) = (Collect(full), Collect(sampled));
        Assert.Equal(before[0].Rollouts[0].Completion.Text, after[0].Rollouts[0].Completion.Text);
        Assert.True(LogProbs(after) > LogProbs(before));
        Assert.InRange(Run(sampled, after).LogProbDifferenceMax, 0, 1e-3);
        Assert.NotEqual(1, Run(sampled, after).GradNorm / Run(full, before).GradNorm, Rounding);

        static double LogProbs(IReadOnlyList<RolloutGroup> groups) => groups.Sum(group => group.Rollouts.Sum(rollout => rollout.Completion.LogProbs.Sum(value => (double)value)));
    }

    [Fact]
    public void Bfloat16sRoundingStopsARunOnlyWhereABoundIsGiven()
    {
        _model.ComputesInBfloat16 = true;
        var config = s_config with { Bf16 = true };
        var metrics = Run(config);
        Assert.InRange(metrics.LogProbDifferenceMax, 1e-3, 1);
        Assert.InRange(metrics.LogProbDifferenceMean, 1e-5, 0.05);
        var message = Assert.Throws<UserException>(() => Run(config with { MaxLogprobDifference = 1e-3 })).Message;
        Assert.Contains("more than max_logprob_difference = 0.001", message, StringComparison.Ordinal);
        Assert.Null(config.Resolve(6).MaxLogprobDifference);
        Assert.Equal(0.1, s_config.Resolve(6).MaxLogprobDifference);
    }

    [Fact]
    public void BatchesOfTrlWeighTheirTokensAlone()
    {
        var config = s_config with { LossType = "paper-rlvr" };
        Assert.Equal(Run(s_config).Loss, Run(config).Loss, 1e-6);       // one batch: the mean over all tokens
        Assert.NotEqual(Run(s_config).Loss, Run(config with { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 6 }).Loss, 1e-6);
    }

    private IReadOnlyList<RolloutGroup> Collect(RlvrConfig config) =>
        new RolloutCollector(_model, Tokenizer.Load(s_base), s_problems, PromptTemplate.Load("plain"), [.. _model.Config.EosTokenIds], config)
            .CollectStep(new DataOrder(s_problems.Count, seed: 0), 1, CancellationToken.None).Trained;

    private UpdateMetrics Run(RlvrConfig config, IReadOnlyList<RolloutGroup>? groups = null) => Train(config, learningRate: 0, groups);

    private UpdateMetrics Train(RlvrConfig config, double learningRate, IReadOnlyList<RolloutGroup>? groups = null)
    {
        using var optimizer = new AdamW(_model.Weights(), new());
        return new PolicyUpdate(_model, config.Objective().Loss.Beta == 0 ? null : _reference, optimizer, config.Validate()).Run(groups ?? _groups, step: 1, learningRate);
    }

    // Optimizer steps of an update.
    private float Steps(RlvrConfig config, IReadOnlyList<RolloutGroup>? groups = null)
    {
        using var optimizer = new AdamW(_model.Weights(), new());
        new PolicyUpdate(_model, null, optimizer, config.Validate()).Run(groups ?? _groups, step: 1, learningRate: 0);
        return optimizer.State().First(pair => pair.Key.StartsWith("step.", StringComparison.Ordinal)).Value.item<float>();
    }
}
