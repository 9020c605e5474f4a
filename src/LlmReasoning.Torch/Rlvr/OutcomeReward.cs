namespace LlmReasoning.Torch.Rlvr;

/// <summary>What a right and a wrong answer are worth.</summary>
public enum OutcomeReward
{
    /// <summary>1 and 0.</summary>
    ZeroOne,

    /// <summary>1 and -1.</summary>
    PlusMinusOne,
}
