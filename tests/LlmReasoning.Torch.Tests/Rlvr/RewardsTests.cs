using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Tests.Rlvr;

public sealed class RewardsTests
{
    private const double Tolerance = 1e-12;

    private static readonly RlvrConfig s_config = new() { MaxCompletionLength = 10 };

    [Fact]
    public void RightIsOneWrongIsZeroOrMinusOneAndUndecidedIsNotANumber()
    {
        Assert.Equal([1, 0, 0, double.NaN], Outcomes(s_config));
        Assert.Equal([1, -1, -1, double.NaN], Outcomes(s_config with { OutcomeReward = OutcomeReward.PlusMinusOne }));
    }

    [Fact]
    public void TheRewardIsTheWeightedSum()
    {
        var config = s_config with { RewardFuncs = [RewardFunction.Accuracy, RewardFunction.Format, RewardFunction.SoftOverlong], RewardWeights = [1, 0.5, 2], SoftPunishCache = 4 };
        var rollouts = Rewards.Of([Graded(Outcome.Correct, "\\boxed{1}", 8), Graded(Outcome.Wrong, "1", 3), Graded(Outcome.Undecided, "\\boxed{}", 3)], config);
        Assert.Equal([1, 1, -0.5], rollouts[0].Rewards);            // 2 of the last 4 tokens
        Assert.Equal(0.5, rollouts[0].Reward, Tolerance);           // 1 + 0.5 - 1
        Assert.Equal([0, 0, 0], rollouts[1].Rewards);
        Assert.All(rollouts[2].Rewards, reward => Assert.Equal(double.NaN, reward));
        Assert.Equal(double.NaN, rollouts[2].Reward);
    }

    [Theory]
    [InlineData(RewardFunction.Format, "so \\boxed{2}", 1)]
    [InlineData(RewardFunction.Format, "so 2", 0)]
    [InlineData(RewardFunction.Format, "so \\boxed{ }", 0)]
    [InlineData(RewardFunction.ThinkFormat, "<think>a</think>b", 1)]
    [InlineData(RewardFunction.ThinkFormat, "x<think>a</think>b", 0)]
    [InlineData(RewardFunction.ThinkFormat, "<think>a<think>b</think>", 0)]
    [InlineData(RewardFunction.ThinkFormat, "<think>a", 0)]
    public void FormatDoesNotAskWhetherTheAnswerIsRight(RewardFunction function, string text, double expected) =>
        Assert.Equal(expected, Rewards.Of([Graded(Outcome.Wrong, text, 2)], s_config with { RewardFuncs = [function] })[0].Reward);

    [Fact]
    public void LengthIsRelativeToTheGroup()
    {
        var config = s_config with { RewardFuncs = [RewardFunction.Length] };
        var rollouts = Rewards.Of([Graded(Outcome.Correct, "", 2), Graded(Outcome.Correct, "", 6), Graded(Outcome.Wrong, "", 3), Graded(Outcome.Undecided, "", 9)], config);
        Assert.Equal([0.5, -0.5, 0, double.NaN], rollouts.Select(rollout => rollout.Reward));
        Assert.Equal([0], Rewards.Of([Graded(Outcome.Correct, "", 2)], config).Select(rollout => rollout.Reward));
    }

    [Fact]
    public void AGroupIsMixedByItsOutcomesAndNotByItsReward()
    {
        var config = s_config with { RewardFuncs = [RewardFunction.Accuracy, RewardFunction.SoftOverlong] };
        RolloutGroup Group(params (Completion, Verdict)[] graded) => new(new() { Id = "a", Text = "", Gold = "1" }, Rewards.Of(graded, config));
        Assert.False(Group(Graded(Outcome.Correct, "", 2), Graded(Outcome.Correct, "", 10)).IsMixed);
        Assert.False(Group(Graded(Outcome.Wrong, "", 2), Graded(Outcome.Undecided, "", 2)).IsMixed);
        Assert.False(Group(Graded(Outcome.Undecided, "", 2)).IsMixed);
        Assert.True(Group(Graded(Outcome.Wrong, "", 2), Graded(Outcome.Correct, "", 2)).IsMixed);
    }

    private static IEnumerable<double> Outcomes(RlvrConfig config) =>
        Rewards.Of([Graded(Outcome.Correct, "", 1), Graded(Outcome.Wrong, "", 1), Graded(Outcome.NoAnswer, "", 1), Graded(Outcome.Undecided, "", 1)], config).Select(rollout => rollout.Outcome);

    private static (Completion, Verdict) Graded(Outcome outcome, string text, int tokens) => (
        new()
        {
            Request = new("a", [1], [0]),
            SampleIndex = 0,
            Ids = [.. Enumerable.Range(1, tokens)],
            LogProbs = new float[tokens],
            FinishReason = FinishReason.Eos,
            Text = text,
        },
        new(outcome, "", AnswerKind.None, AnswerKind.None, null, 0));
}
