namespace LlmReasoning.Torch.Rlvr;

/// <summary>What a completion is rewarded for.</summary>
public enum RewardFunction
{
    /// <summary>The checker's verdict, as <see cref="OutcomeReward"/> counts it.</summary>
    Accuracy,

    /// <summary>1 for a completion with a boxed answer, right or wrong.</summary>
    Format,

    /// <summary>1 for one think tag that opens at the start and one that closes (TRL's think_format_reward).</summary>
    ThinkFormat,

    /// <summary><see cref="ShapedRewards.Cosine"/>.</summary>
    Cosine,

    /// <summary><see cref="ShapedRewards.RelativeLength"/>.</summary>
    Length,

    /// <summary><see cref="ShapedRewards.SoftOverlong"/>.</summary>
    SoftOverlong,

    /// <summary><see cref="ShapedRewards.Repetition"/> of 3 tokens.</summary>
    Repetition,
}
