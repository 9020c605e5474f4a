using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Training;

/// <summary>Exact log-probabilities of given tokens and their gradients, a chunk of tokens at a time: [N, V] never exists whole.</summary>
/// <remarks>
/// Axes: N tokens, D hidden, V vocabulary. With z = logits / temperature, l = z_y - logsumexp z, H = -sum p log p:
/// dl/dz = 1[y] - p and dH/dz = -p (log p + H). All in float32, or float64 where the model is.
/// </remarks>
public static class TokenLogProbs
{
    /// <summary>l and, where asked for, H of the target tokens, [N] each, without gradient.</summary>
    /// <param name="model">Its head gives the logits.</param>
    /// <param name="hidden">[N, D], the states that predict the targets.</param>
    /// <param name="targets">[N] long.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="chunkTokens">Tokens whose logits live at a time; null = as many as take 64 MB.</param>
    public static (Tensor LogProbs, Tensor? Entropies) Of(CausalLM model, Tensor hidden, Tensor targets, double temperature = 1, bool withEntropies = false, long? chunkTokens = null)
    {
        using var scope = NewDisposeScope();
        var (logProbs, entropies, _) = Forward(model, hidden, targets, temperature, withEntropies, chunkTokens);
        return (logProbs.MoveToOuterDisposeScope(), entropies?.MoveToOuterDisposeScope());
    }

    /// <summary>Forward and backward of a loss of all log-probabilities at once. The logits are computed again for the backward where they need several chunks.</summary>
    /// <param name="hidden">[N, D] without gradient.</param>
    /// <param name="loss">From l [N] and H [N] (null unless asked for) to a scalar.</param>
    /// <returns>The loss, and its gradient with respect to the hidden states, [N, D]. The head's is added to its weight's.</returns>
    internal static (double Loss, Tensor HiddenGradient) Backward(
        CausalLM model, Tensor hidden, Tensor targets, double temperature, bool withEntropies, Func<Tensor, Tensor?, Tensor> loss, long? chunkTokens = null)
    {
        using var scope = NewDisposeScope();
        var (logProbs, entropies, kept) = Forward(model, hidden, targets, temperature, withEntropies, chunkTokens);
        logProbs.requires_grad_(true);
        entropies?.requires_grad_(true);
        var value = loss(logProbs, entropies);
        if (value.requires_grad) { value.backward(); }
        var hiddenGradient = zeros_like(hidden);
        if (logProbs.grad is null && entropies?.grad is null) { return (Number(value), hiddenGradient.MoveToOuterDisposeScope()); }
        using var noGrad = no_grad();
        var gradient = logProbs.grad ?? zeros_like(logProbs);
        foreach (var ((start, count), i) in Head.Chunks(model, targets.shape[0], chunkTokens).Select((chunk, i) => (chunk, i)))
        {
            using var inner = NewDisposeScope();
            Tensor Part(Tensor whole) => whole.narrow(0, start, count);
            var all = kept?[i] ?? Distribution(Head.Logits(model, Part(hidden)), temperature, withEntropies: false).LogProbs;
            var entropyGradient = entropies?.grad is { } g ? Part(g) : null;
            var logitGradient = LogitGradient(all, Part(targets), temperature, Part(gradient), entropyGradient is null ? null : Part(entropies!), entropyGradient);
            Head.AddGradient(model, Part(hidden), logitGradient, Part(hiddenGradient));
        }
        return (Number(value), hiddenGradient.MoveToOuterDisposeScope());
    }

    /// <summary>Forward and backward of a loss that is a sum over tokens: chunk by chunk, the logits are computed once.</summary>
    /// <param name="loss">From l [n] of a chunk to the scalar sum of its tokens' losses.</param>
    /// <returns>As <see cref="Backward"/>.</returns>
    internal static (double Loss, Tensor HiddenGradient) BackwardPerToken(
        CausalLM model, Tensor hidden, Tensor targets, double temperature, Func<Tensor, Tensor> loss, long? chunkTokens = null)
    {
        using var scope = NewDisposeScope();
        var hiddenGradient = zeros_like(hidden);
        var sum = 0.0;
        foreach (var (start, count) in Head.Chunks(model, targets.shape[0], chunkTokens))
        {
            using var inner = NewDisposeScope();
            var (states, tokens) = (hidden.narrow(0, start, count), targets.narrow(0, start, count));
            Tensor all, logProbs;
            using (no_grad())
            {
                all = Distribution(Head.Logits(model, states), temperature, withEntropies: false).LogProbs;
                logProbs = Pick(all, tokens);
            }
            var value = loss(logProbs.requires_grad_(true));
            value.backward();
            sum += Number(value);
            using var noGrad = no_grad();
            Head.AddGradient(model, states, LogitGradient(all, tokens, temperature, logProbs.grad!, null, null), hiddenGradient.narrow(0, start, count));
        }
        return (sum, hiddenGradient.MoveToOuterDisposeScope());
    }

    // With all log-probabilities [N, V], by chunk, where they take little memory.
    private static (Tensor LogProbs, Tensor? Entropies, List<Tensor>? Kept) Forward(
        CausalLM model, Tensor hidden, Tensor targets, double temperature, bool withEntropies, long? chunkTokens)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var logProbs = Head.Empty(hidden, targets.shape[0]);
        var entropies = withEntropies ? empty_like(logProbs) : null;
        List<Tensor>? kept = chunkTokens is null && Head.KeepsAll(model, targets.shape[0]) ? [] : null;
        foreach (var (start, count) in Head.Chunks(model, targets.shape[0], chunkTokens))
        {
            using var inner = NewDisposeScope();
            var (all, chunkEntropies) = Distribution(Head.Logits(model, hidden.narrow(0, start, count)), temperature, withEntropies);
            logProbs.narrow(0, start, count).copy_(Pick(all, targets.narrow(0, start, count)));
            entropies?.narrow(0, start, count).copy_(chunkEntropies!);
            kept?.Add(all.MoveToOuterDisposeScope());
        }
        kept?.ForEach(all => all.MoveToOuterDisposeScope());
        return (logProbs.MoveToOuterDisposeScope(), entropies?.MoveToOuterDisposeScope(), kept);
    }

    // Of logits [n, V], which may be overwritten.
    private static (Tensor LogProbs, Tensor? Entropies) Distribution(Tensor logits, double temperature, bool withEntropies)
    {
        if (RowKernels.Support(logits, logits.shape[1])) { return (logits, RowKernels.LogSoftmax(logits, temperature)); }
        var all = LogSoftmax(logits, temperature);
        return (all, withEntropies ? Entropy(all) : null);
    }

    internal static double Number(Tensor scalar) => scalar.to_type(ScalarType.Float64).item<double>();

    /// <summary>log softmax(logits / temperature), [n, V]. The logits may be overwritten.</summary>
    internal static Tensor LogSoftmax(Tensor logits, double temperature) => (temperature == 1 ? logits : logits.OverInPlace(temperature)).log_softmax(-1);

    /// <summary>l [n] from all log-probabilities [n, V].</summary>
    internal static Tensor Pick(Tensor all, Tensor targets) => all.gather(1, targets.unsqueeze(1)).squeeze(1);

    /// <summary>H [n] from all log-probabilities [n, V].</summary>
    internal static Tensor Entropy(Tensor all) => -(all.exp() * all).sum(1);

    // d loss / d logits [n, V], in the memory of the log-softmax.
    private static Tensor LogitGradient(Tensor all, Tensor targets, double temperature, Tensor logProbGradient, Tensor? entropies, Tensor? entropyGradient)
    {
        if (RowKernels.Support(all, all.shape[1]) && logProbGradient.is_contiguous() && entropyGradient?.is_contiguous() != false)
        {
            RowKernels.LogitGradient(all, targets, logProbGradient, entropies, entropyGradient, temperature);
            return all;
        }
        var g = logProbGradient.unsqueeze(1);
        Tensor gradient;
        if (entropyGradient is null)
        {
            gradient = all.exp_().mul_(-g);
        }
        else
        {
            var p = all.exp();
            gradient = all.PlusInPlace(entropies!.unsqueeze(1)).mul_(entropyGradient.unsqueeze(1)).PlusInPlace(g).mul_(p).neg_();
        }
        gradient.scatter_add_(1, targets.unsqueeze(1), g);
        return temperature == 1 ? gradient : gradient.OverInPlace(temperature);
    }
}
