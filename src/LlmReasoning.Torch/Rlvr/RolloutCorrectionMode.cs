namespace LlmReasoning.Torch.Rlvr;

/// <summary>Level and bound of a <see cref="RolloutCorrection"/> in TRL's words.</summary>
public enum RolloutCorrectionMode
{
    TokenTruncate,
    TokenMask,
    SequenceTruncate,
    SequenceMask,
}
