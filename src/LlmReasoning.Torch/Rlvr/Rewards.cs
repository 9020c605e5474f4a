using LlmReasoning.Torch.Generation;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>A group's verdicts to rewards.</summary>
public static class Rewards
{
    private const int RepeatedTokens = 3;

    /// <summary>The group's rollouts. Completions that could not be judged get NaN for every function, and the others are rewarded as if they were not there.</summary>
    public static IReadOnlyList<Rollout> Of(IReadOnlyList<(Completion Completion, Verdict Verdict)> graded, RlvrConfig config)
    {
        var outcomes = graded.Select(row => OutcomeOf(row.Verdict, config.OutcomeReward)).ToList();
        List<int> judged = [.. Enumerable.Range(0, graded.Count).Where(i => !double.IsNaN(outcomes[i]))];
        var lengths = judged.Select(i => graded[i].Completion.Ids.Count).ToList();
        var (shortest, longest) = lengths.Count == 0 ? (0, 0) : (lengths.Min(), lengths.Max());
        return [.. graded.Select((row, i) =>
        {
            double[] rewards = [.. config.RewardFuncs.Select(function => double.IsNaN(outcomes[i]) ? double.NaN : One(function, row.Completion, row.Verdict, outcomes[i], shortest, longest, config))];
            return new Rollout(row.Completion, row.Verdict, outcomes[i], rewards, rewards.Zip(config.WeightsOfRewards, (reward, weight) => reward * weight).Sum());
        })];
    }

    private static double OutcomeOf(Verdict verdict, OutcomeReward reward) => verdict.Outcome switch
    {
        Outcome.Correct => 1,
        Outcome.Undecided or Outcome.BadGold => double.NaN,
        _ => reward == OutcomeReward.ZeroOne ? 0 : -1,
    };

    private static double One(RewardFunction function, Completion completion, Verdict verdict, double outcome, int shortest, int longest, RlvrConfig config)
    {
        var isCorrect = verdict.Outcome == Outcome.Correct;
        var length = completion.Ids.Count;
        var limit = config.MaxCompletionLength;
        return function switch
        {
            RewardFunction.Accuracy => outcome,
            RewardFunction.Format => string.IsNullOrWhiteSpace(Verifier.Extract(completion.Text, ExtractionPolicy.Reward)) ? 0 : 1,
            RewardFunction.ThinkFormat => ShapedRewards.HasThinkTags(completion.Text) ? 1 : 0,
            RewardFunction.Cosine => ShapedRewards.Cosine(isCorrect, length, limit),
            RewardFunction.Length => ShapedRewards.RelativeLength(isCorrect, length, shortest, longest),
            RewardFunction.SoftOverlong => ShapedRewards.SoftOverlong(length, limit, config.OverlongCache),
            _ => ShapedRewards.Repetition(completion.Ids, RepeatedTokens),
        };
    }
}
