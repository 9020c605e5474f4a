using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Rewards to advantages, in float64.</summary>
/// <remarks>
/// Axes: F reward functions, P prompts, G completions a prompt (a group). A reward that is NaN does not apply: it stays out of every mean and deviation,
/// and a row without any reward gets the advantage 0. Deviations divide by n - 1.
/// A group whose largest reward equals its smallest gives exactly 0: its mean is not always the reward itself in floating point, and the rest
/// over a tiny deviation would be a gradient of pure rounding. TRL tests the deviation instead.
/// </remarks>
public static class Advantages
{
    /// <summary>Added to each deviation that is divided by.</summary>
    public const double Epsilon = 1e-4;

    /// <summary>Advantages [P, G] of several rewards.</summary>
    /// <param name="rewards">[F, P, G]; NaN where a function does not apply.</param>
    /// <param name="weights">One a function; TRL's reward_weights.</param>
    public static Tensor Compute(Tensor rewards, IReadOnlyList<double> weights, AdvantageSettings settings)
    {
        using var scope = NewDisposeScope();
        if (settings.Aggregation == RewardAggregation.SumThenNormalize)
        {
            return Compute(WeightedSum(rewards, weights), settings).MoveToOuterDisposeScope();
        }
        var perFunction = rewards.unbind(0).Select(reward => Centre(Wide(reward), Baseline.GroupMean, RewardScale.Group));
        var sum = Whiten(WeightedSum(stack(perFunction), weights));
        return Finish(sum, settings).MoveToOuterDisposeScope();
    }

    /// <summary>Advantages [P, G] of one reward [P, G].</summary>
    public static Tensor Compute(Tensor rewards, AdvantageSettings settings)
    {
        using var scope = NewDisposeScope();
        var advantages = Centre(Wide(rewards), settings.Baseline, settings.Scale);
        return Finish(settings.Whiten ? Whiten(advantages) : advantages, settings).MoveToOuterDisposeScope();
    }

    /// <summary>sum_f w_f R_f [P, G] over the functions that apply; NaN where none does.</summary>
    public static Tensor WeightedSum(Tensor rewards, IReadOnlyList<double> weights)
    {
        if (rewards.shape[0] != weights.Count)
        {
            throw new ArgumentException($"there are {rewards.shape[0]} rewards and {weights.Count} weights", nameof(weights));
        }
        using var scope = NewDisposeScope();
        var wide = Wide(rewards);
        var weighted = wide.nan_to_num(0) * tensor([.. weights], [weights.Count, 1, 1], ScalarType.Float64, wide.device);
        return weighted.sum([0]).Filled(wide.isnan().all(0), double.NaN).MoveToOuterDisposeScope();     // sum(0) would be the sum as bytes
    }

    /// <summary>Groups that teach nothing, bool [P]: the largest reward equals the smallest, or fewer than two rows have one.</summary>
    /// <param name="outcomes">The outcome reward [P, G], right or wrong; a shaped reward differs within a group that is all right.</param>
    public static Tensor ZeroVariance(Tensor outcomes)
    {
        using var scope = NewDisposeScope();
        var unscored = outcomes.isnan();
        var largest = outcomes.Filled(unscored, double.NegativeInfinity).amax([-1]);
        var smallest = outcomes.Filled(unscored, double.PositiveInfinity).amin([-1]);
        return (largest <= smallest).MoveToOuterDisposeScope();
    }

    // [P, G] to [P, G], NaN where there is no reward.
    private static Tensor Centre(Tensor rewards, Baseline baseline, RewardScale scale)
    {
        var (count, mean, deviation) = Moments(rewards, [-1]);
        var centred = baseline switch
        {
            Baseline.None => rewards,
            Baseline.GroupMean => rewards - mean,
            _ => (rewards - mean) * count / count.Minus(1),        // R_i - (sum - R_i) / (n - 1)
        };
        if (baseline != Baseline.None)
        {
            centred = centred.Filled(ZeroVariance(rewards).unsqueeze(-1) & rewards.isnan().logical_not(), 0);
        }
        return scale switch
        {
            RewardScale.None => centred,
            RewardScale.Group => centred / deviation.nan_to_num(0).Plus(Epsilon),
            _ => centred / Moments(rewards, [-2, -1]).Deviation.nan_to_num(0).Plus(Epsilon),
        };
    }

    private static Tensor Whiten(Tensor advantages)
    {
        var (_, mean, deviation) = Moments(advantages, [-2, -1]);
        return (advantages - mean) / deviation.nan_to_num(0).Plus(Epsilon);
    }

    private static Tensor Finish(Tensor advantages, AdvantageSettings settings)
    {
        advantages = advantages.nan_to_num(0);
        return settings.PositiveWeight == 1 ? advantages : where(advantages.IsPositive(), advantages.Times(settings.PositiveWeight), advantages);
    }

    // Over the rows that have a reward; the deviation of fewer than two is NaN.
    private static (Tensor Count, Tensor Mean, Tensor Deviation) Moments(Tensor rewards, long[] axes)
    {
        var unscored = rewards.isnan();
        var count = unscored.logical_not().to_type(ScalarType.Float64).sum(axes, keepdim: true);
        var mean = rewards.nan_to_num(0).sum(axes, keepdim: true) / count;
        var differences = (rewards - mean).Filled(unscored, 0);
        var squares = (differences * differences).sum(axes, keepdim: true);
        return (count, mean, (squares / count.Minus(1)).sqrt());
    }

    private static Tensor Wide(Tensor rewards) => rewards.to_type(ScalarType.Float64);
}
