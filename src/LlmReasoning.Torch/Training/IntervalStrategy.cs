namespace LlmReasoning.Torch.Training;

/// <summary>When a run saves or evaluates; the last step always does. Names of transformers.</summary>
public enum IntervalStrategy
{
    /// <summary>At the end alone; for evaluation not at all.</summary>
    No,

    /// <summary>Every save_steps or eval_steps.</summary>
    Steps,

    /// <summary>Each time all problems have been taken.</summary>
    Epoch,
}
