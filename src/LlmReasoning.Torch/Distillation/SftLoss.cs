using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Distillation;

/// <summary>The loss of a trained token. TRL's loss_type of SFT.</summary>
public enum SftLossType
{
    /// <summary>-l.</summary>
    Nll,

    /// <summary>-sg(exp l) l: tokens the model finds improbable pull less (DFT, arXiv 2508.05629).</summary>
    Dft,
}

/// <summary>Supervised fine-tuning on teacher texts.</summary>
public static class SftLoss
{
    /// <summary>The sum of the tokens' losses over a divisor.</summary>
    /// <param name="logProbs">l of the trained tokens, [N].</param>
    /// <param name="divisor"><see cref="Labels.Count"/> of the whole optimizer step, so that the cut into micro-batches changes nothing.</param>
    public static Tensor Compute(Tensor logProbs, double divisor, SftLossType type = SftLossType.Nll)
    {
        using var scope = NewDisposeScope();
        var weighted = type == SftLossType.Dft ? logProbs.detach().exp() * logProbs : logProbs;
        return weighted.sum().Over(-divisor).MoveToOuterDisposeScope();
    }
}
