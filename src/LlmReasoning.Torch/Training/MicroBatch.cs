using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Training;

/// <summary>Forward and backward of one micro-batch: the gradients are added to those that the parameters have.</summary>
/// <remarks>
/// Axes: B rows, T tokens, N targets in all. ids: [B, T] long. attentionMask: as <see cref="CausalLM.Hidden"/> takes it, null where nothing is padding.
/// support: log-probabilities over what such a sampler can draw; null = over the whole vocabulary. targetMask: [B, T], 1 = the token is scored given those before it; the first column is 0. Only the targets' logits are computed.
/// </remarks>
public static class MicroBatch
{
    /// <summary>Log-probabilities and, where asked for, entropies, [B, T] each, 0 at what is no target; without gradient. For the old and the reference policy.</summary>
    public static (Tensor LogProbs, Tensor? Entropies) LogProbsOf(
        CausalLM model, Tensor ids, Tensor? attentionMask, Tensor targetMask, double temperature = 1, bool withEntropies = false, SamplingSettings? support = null)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var targets = Targets.Of(ids, targetMask);
        using var trunk = new SlicedTrunk(model, ids, attentionMask, targets.Widths, forBackward: false);
        var states = targets.StatesOf(trunk.Hidden);
        var (logProbs, entropies) = support is null ? TokenLogProbs.Of(model, states, targets.Ids, temperature, withEntropies) : SupportLogProbs.Of(model, states, targets.Ids, support);
        return (targets.Spread(logProbs).MoveToOuterDisposeScope(), entropies is null ? null : targets.Spread(entropies).MoveToOuterDisposeScope());
    }

    /// <summary>A loss of all the micro-batch's log-probabilities, such as a policy's.</summary>
    /// <param name="loss">From log-probabilities [B, T] and entropies [B, T] (null unless asked for), 0 at what is no target, to a scalar.</param>
    /// <returns>The loss.</returns>
    public static double Backward(
        CausalLM model, Tensor ids, Tensor? attentionMask, Tensor targetMask, double temperature, bool withEntropies, Func<Tensor, Tensor?, Tensor> loss, SamplingSettings? support = null)
    {
        using var scope = NewDisposeScope();
        var targets = Targets.Of(ids, targetMask);
        Tensor Spread(Tensor logProbs, Tensor? entropies) => loss(targets.Spread(logProbs), entropies is null ? null : targets.Spread(entropies));
        return Backward(model, ids, attentionMask, targets, hidden => support is null
            ? TokenLogProbs.Backward(model, hidden, targets.Ids, temperature, withEntropies, Spread)
            : SupportLogProbs.Backward(model, hidden, targets.Ids, support, Spread));
    }

    /// <summary>A loss that is a sum over tokens, such as supervised fine-tuning's; cheaper than <see cref="Backward(CausalLM, Tensor, Tensor?, Tensor, double, bool, Func{Tensor, Tensor?, Tensor}, SamplingSettings?)"/> by one product with the head.</summary>
    /// <param name="loss">From the log-probabilities [n] of some targets to the sum of their losses.</param>
    /// <returns>The loss.</returns>
    public static double BackwardPerToken(CausalLM model, Tensor ids, Tensor? attentionMask, Tensor targetMask, Func<Tensor, Tensor> loss)
    {
        using var scope = NewDisposeScope();
        var targets = Targets.Of(ids, targetMask);
        return Backward(model, ids, attentionMask, targets, hidden => TokenLogProbs.BackwardPerToken(model, hidden, targets.Ids, temperature: 1, loss));
    }

    /// <summary>A divergence from a teacher with the same vocabulary, exact over it.</summary>
    /// <param name="divergence">From logits [n, V] of student and teacher to the sum of the tokens' losses.</param>
    /// <returns>The loss.</returns>
    public static double BackwardDivergence(
        CausalLM student, CausalLM teacher, Tensor ids, Tensor? attentionMask, Tensor targetMask, Func<Tensor, Tensor, Tensor> divergence)
    {
        using var scope = NewDisposeScope();
        var targets = Targets.Of(ids, targetMask);
        Tensor teacherHidden;
        using (no_grad()) { teacherHidden = targets.StatesOf(teacher.Hidden(ids, attentionMask)); }
        return Backward(student, ids, attentionMask, targets, hidden => DivergenceBackward(student, hidden, teacher, teacherHidden, divergence));
    }

    private static double Backward(CausalLM model, Tensor ids, Tensor? attentionMask, Targets targets, Func<Tensor, (double Loss, Tensor HiddenGradient)> head)
    {
        using var trunk = new SlicedTrunk(model, ids, attentionMask, targets.Widths, forBackward: true);
        var (loss, gradient) = head(targets.StatesOf(trunk.Hidden.detach()));
        trunk.Backward(targets.Unscored(gradient));
        return loss;
    }

    private static (double Loss, Tensor HiddenGradient) DivergenceBackward(
        CausalLM student, Tensor hidden, CausalLM teacher, Tensor teacherHidden, Func<Tensor, Tensor, Tensor> divergence)
    {
        var hiddenGradient = zeros_like(hidden);
        var sum = 0.0;
        foreach (var (start, count) in Head.Chunks(student, hidden.shape[0]))
        {
            using var inner = NewDisposeScope();
            Tensor logits, teacherLogits;
            using (no_grad())
            {
                logits = Head.Logits(student, hidden.narrow(0, start, count));
                teacherLogits = Head.Logits(teacher, teacherHidden.narrow(0, start, count));
            }
            var value = divergence(logits.requires_grad_(true), teacherLogits);
            value.backward();
            sum += TokenLogProbs.Number(value);
            using var noGrad = no_grad();
            Head.AddGradient(student, hidden.narrow(0, start, count), logits.grad!, hiddenGradient.narrow(0, start, count));
        }
        return (sum, hiddenGradient);
    }

    /// <summary>Where the targets stand in the flat [B * T].</summary>
    private sealed record Targets(Tensor Places, Tensor Ids, long Rows, long Tokens)
    {
        /// <summary>Of each row the tokens before its last target: what comes after is seen by nothing that counts.</summary>
        public int[] Widths
        {
            get
            {
                var widths = new int[Rows];
                foreach (var place in Places.cpu().data<long>()) { widths[place / Tokens] = (int)(place % Tokens); }
                return widths;
            }
        }

        public static Targets Of(Tensor ids, Tensor targetMask)
        {
            if (targetMask.narrow(1, 0, 1).IsNonzero().any().item<bool>())
            {
                throw new ArgumentException("a first token has no predecessor and cannot be a target", nameof(targetMask));
            }
            var places = targetMask.reshape(-1).nonzero().squeeze(1);
            return new(places, ids.reshape(-1).index_select(0, places), ids.shape[0], ids.shape[1]);
        }

        /// <summary>Of hidden states [B, T, D] those that predict the targets, [N, D].</summary>
        public Tensor StatesOf(Tensor hidden) => hidden.reshape(-1, hidden.shape[2]).index_select(0, Places.Minus(1));

        /// <summary>The gradient of all states [B, T, D] from that of those that predict the targets, [N, D].</summary>
        public Tensor Unscored(Tensor gradient)
        {
            using var noGrad = no_grad();
            return zeros([Rows * Tokens, gradient.shape[1]], gradient.dtype, gradient.device).index_copy_(0, Places.Minus(1), gradient).view(Rows, Tokens, -1);
        }

        /// <summary>[N] to [B, T], 0 elsewhere.</summary>
        public Tensor Spread(Tensor values) => zeros(Rows * Tokens, values.dtype, values.device).scatter(0, Places, values).view(Rows, Tokens);
    }
}
