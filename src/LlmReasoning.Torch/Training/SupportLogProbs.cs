using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Training;

/// <summary>Log-probabilities over the tokens that a sampler with top-k, top-p or min-p could have drawn, a chunk of tokens at a time.</summary>
/// <remarks>
/// Axes: N tokens, D hidden, V vocabulary. With S = what the filters leave of a row and the target itself: l = z_y - logsumexp over S of z, H = -sum over S of p log p.
/// S is a constant: it has no gradient.
/// </remarks>
internal static class SupportLogProbs
{
    /// <summary>l and H of the target tokens, [N] each, without gradient.</summary>
    /// <param name="hidden">[N, D], the states that predict the targets.</param>
    /// <param name="targets">[N] long.</param>
    /// <param name="support">Temperature and filters.</param>
    public static (Tensor LogProbs, Tensor Entropies) Of(CausalLM model, Tensor hidden, Tensor targets, SamplingSettings support)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var logProbs = Head.Empty(hidden, targets.shape[0]);
        var entropies = empty_like(logProbs);
        foreach (var (start, count) in Head.Chunks(model, targets.shape[0]))
        {
            using var inner = NewDisposeScope();
            var (l, h) = Chunk(Head.Logits(model, hidden.narrow(0, start, count)), targets.narrow(0, start, count), support);
            logProbs.narrow(0, start, count).copy_(l);
            entropies.narrow(0, start, count).copy_(h);
        }
        return (logProbs.MoveToOuterDisposeScope(), entropies.MoveToOuterDisposeScope());
    }

    /// <summary>Forward and backward of a loss of all log-probabilities at once; the logits are computed again for the backward.</summary>
    /// <param name="loss">From l [N] and H [N] to a scalar.</param>
    /// <returns>As <see cref="TokenLogProbs.Backward"/>.</returns>
    public static (double Loss, Tensor HiddenGradient) Backward(
        CausalLM model, Tensor hidden, Tensor targets, SamplingSettings support, Func<Tensor, Tensor?, Tensor> loss)
    {
        using var scope = NewDisposeScope();
        var (logProbs, entropies) = Of(model, hidden, targets, support);
        logProbs.requires_grad_(true);
        entropies.requires_grad_(true);
        var value = loss(logProbs, entropies);
        if (value.requires_grad) { value.backward(); }
        var hiddenGradient = zeros_like(hidden);
        var (logProbGradient, entropyGradient) = (logProbs.grad ?? zeros_like(logProbs), entropies.grad ?? zeros_like(entropies));
        foreach (var (start, count) in Head.Chunks(model, targets.shape[0]))
        {
            using var inner = NewDisposeScope();
            Tensor Part(Tensor whole) => whole.narrow(0, start, count);
            Tensor logits;
            using (no_grad()) { logits = Head.Logits(model, Part(hidden)).detach(); }
            logits.requires_grad_(true);
            var (l, h) = Chunk(logits, Part(targets), support);
            (l * Part(logProbGradient)).Plus(h * Part(entropyGradient)).sum().backward();
            using var noGrad = no_grad();
            Head.AddGradient(model, Part(hidden), logits.grad!, Part(hiddenGradient));
        }
        return (TokenLogProbs.Number(value), hiddenGradient.MoveToOuterDisposeScope());
    }

    // Of logits [n, V].
    private static (Tensor LogProbs, Tensor Entropies) Chunk(Tensor logits, Tensor targets, SamplingSettings support)
    {
        var columns = targets.unsqueeze(1);
        Tensor outside;
        using (no_grad())
        {
            outside = LogitsFilter.Apply(logits.to_type(ScalarType.Float32), support).isneginf().scatter(1, columns, zeros_like(columns).to_type(ScalarType.Bool));
        }
        var all = logits.Over(support.Temperature).Filled(outside, double.NegativeInfinity).log_softmax(-1);
        return (TokenLogProbs.Pick(all, targets), -(all.exp() * all.Filled(outside, 0)).sum(1));     // 0 log 0 = 0
    }
}
