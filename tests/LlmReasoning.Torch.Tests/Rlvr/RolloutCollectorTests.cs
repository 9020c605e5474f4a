using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Rlvr;

/// <summary>With the embedded model.</summary>
public sealed class RolloutCollectorTests : IDisposable
{
    private static readonly string s_base = ModelFolder.Resolve(ModelFolder.Embedded);
    private static readonly IReadOnlyList<Problem> s_problems = [.. SyntheticProblems.Set(0, "train", 40).Select(problem => problem.ToProblem())];

    private static readonly RlvrConfig s_config = new() { PromptsPerStep = 8, NumGenerations = 4, MaxCompletionLength = 60, Seed = 3, Threads = 2 };

    private readonly CausalLM _model = CausalLM.Load(s_base);
    private readonly Tokenizer _tokenizer = Tokenizer.Load(s_base);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void RefillReplacesGroupsWithoutVarianceByThoseOfOtherProblems()
    {
        var kept = Collect(s_config);
        var dropped = Collect(s_config with { ZeroVarianceGroups = ZeroVarianceGroups.Drop });
        var refilled = Collect(s_config with { ZeroVarianceGroups = ZeroVarianceGroups.Refill });
        Assert.Equal(8, kept.Trained.Count);
        Assert.Equal(Ids(kept.Sampled), Ids(dropped.Sampled));
        Assert.Equal(Ids(kept.Sampled.Where(group => group.IsMixed)), Ids(dropped.Trained));
        Assert.InRange(dropped.Trained.Count, 1, 7);        // else there is nothing to refill
        Assert.Equal(8, refilled.Trained.Count);
        Assert.All(refilled.Trained, group => Assert.True(group.IsMixed));
        Assert.Equal(Ids(dropped.Trained), Ids(refilled.Trained).Take(dropped.Trained.Count));
        Assert.Distinct(Ids(refilled.Sampled));
        Assert.True(refilled.Batches > 1);
    }

    [Fact]
    public void RefillIsAFunctionOfSeedAndStepAlone()
    {
        var config = s_config with { ZeroVarianceGroups = ZeroVarianceGroups.Refill };
        var (collector, order) = New(config);
        var first = Texts(collector.CollectStep(order, 5, CancellationToken.None));
        collector.CollectStep(order, 6, CancellationToken.None);
        Assert.Equal(first, Texts(collector.CollectStep(order, 5, CancellationToken.None)));
        Assert.Equal(first, Texts(Collect(config, step: 5)));
        Assert.NotEqual(first, Texts(Collect(config with { Seed = 4 }, step: 5)));
    }

    [Fact]
    public void RefillEndsAtItsCapAndWhereTheProblemsEnd()
    {
        var capped = Collect(s_config with { ZeroVarianceGroups = ZeroVarianceGroups.Refill, MaxNumGenBatches = 2 });
        Assert.Equal(2, capped.Batches);
        var (collector, order) = New(s_config with { ZeroVarianceGroups = ZeroVarianceGroups.Refill, MaxNumGenBatches = 1000 }, s_problems.Take(10).ToList());
        Assert.InRange(collector.CollectStep(order, 1, CancellationToken.None).Sampled.Count, 8, 10);
    }

    [Fact]
    public void PromptsBeyondTheLimitStopTheRunOrAreLeftOut()
    {
        var template = PromptTemplate.Load("plain");
        var lengths = s_problems.Select(problem => _tokenizer.Encode(template.Render(problem.Text)).Length).ToList();
        var limit = lengths.Min();
        IReadOnlyList<Problem> Fitting(RlvrConfig config, int context = 512) => RolloutCollector.Fitting(s_problems, _tokenizer, template, config, context);
        Assert.Same(s_problems, Fitting(s_config));
        Assert.Equal(lengths.Count(length => length == limit), Fitting(s_config with { MaxPromptLength = limit, DropOverlong = true }).Count);
        Assert.Contains($"prompts of more than {limit} tokens, the longest {lengths.Max()}", Assert.Throws<UserException>(() => Fitting(s_config with { MaxPromptLength = limit })).Message, StringComparison.Ordinal);
        Assert.StartsWith("no problem has a prompt of at most 3 tokens", Assert.Throws<UserException>(() => Fitting(s_config with { DropOverlong = true }, context: 4)).Message, StringComparison.Ordinal);
    }

    private StepRollouts Collect(RlvrConfig config, int step = 1)
    {
        var (collector, order) = New(config);
        return collector.CollectStep(order, step, CancellationToken.None);
    }

    private (RolloutCollector, DataOrder) New(RlvrConfig config, IReadOnlyList<Problem>? problems = null) => (
        new(_model, _tokenizer, problems ?? s_problems, PromptTemplate.Load("plain"), [.. _model.Config.EosTokenIds], config),
        new((problems ?? s_problems).Count, config.Seed));

    private static IEnumerable<string> Ids(IEnumerable<RolloutGroup> groups) => groups.Select(group => group.Problem.Id);

    private static List<string> Texts(StepRollouts rollouts) => [.. rollouts.Sampled.SelectMany(group => group.Rollouts.Select(rollout => $"{group.Problem.Id} {rollout.Completion.Text}"))];
}
