using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Distillation;

/// <summary>Which tokens are trained: label t is the token's id, or <see cref="Ignore"/>. The logits at t - 1 predict it.</summary>
public static class Labels
{
    /// <summary>A token that is context alone: prompt, padding, the start of a packed document.</summary>
    public const long Ignore = -100;

    /// <summary>Trained tokens of labels [B, T]: what losses of a whole optimizer step are divided by. The first column has no predecessor and never counts.</summary>
    public static long Count(Tensor labels)
    {
        using var scope = NewDisposeScope();
        return labels.narrow(1, 1, labels.shape[1] - 1).DiffersFrom(Ignore).sum().item<long>();
    }

    /// <summary>1 where a token of labels [B, T] is trained, long [B, T]; the first column is 0.</summary>
    public static Tensor Mask(Tensor labels)
    {
        using var scope = NewDisposeScope();
        var mask = labels.DiffersFrom(Ignore).to_type(ScalarType.Int64);
        mask.narrow(1, 0, 1).zero_();
        return mask.MoveToOuterDisposeScope();
    }
}
