namespace LlmReasoning.Torch.Rlvr;

/// <summary>How training for pass@k is done.</summary>
public enum PassAtKMethod
{
    /// <summary>The advantage itself, in closed form: <see cref="PassAtKTraining.Advantages"/>.</summary>
    Advantage,

    /// <summary>PKPO's reward in the place of the outcome's: <see cref="PassAtKTraining.Rewards"/>.</summary>
    Pkpo,
}
