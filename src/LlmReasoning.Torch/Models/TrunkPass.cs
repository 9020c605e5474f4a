using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>A forward pass through embeddings, layers and the last norm, and its backward.</summary>
/// <remarks>
/// Three ways to the same gradients. By hand: each layer's backward as it is written beside its forward, with the kernels of this folder (float32 on a CPU). By autograd, over
/// the whole trunk, elsewhere. With gradient checkpointing a layer keeps its input alone and its forward is computed again for its backward, by hand or by autograd:
/// the same operators on the same numbers, hence the same bits (arXiv 1604.06174).
/// Axes: B rows, T tokens, N = B T, D hidden.
/// </remarks>
internal sealed class TrunkPass
{
    private readonly Decoder _decoder;
    private readonly Tensor _ids;                   // [N] long
    private readonly ForwardPass _pass;
    private readonly bool _isByHand, _isCheckpointed;
    private readonly List<Tensor> _inputs = [];     // of each layer and of the last norm, where they are computed again
    private readonly List<LayerState> _states = [];
    private readonly long[] _shape;

    /// <summary>Runs forward. Tensors live in the caller's scope, which must stay open until the backward is done.</summary>
    /// <param name="ids">[B, T] long.</param>
    /// <param name="isCheckpointed">Keep each layer's input alone.</param>
    /// <param name="forBackward">False: nothing is kept.</param>
    public TrunkPass(Decoder decoder, Tensor ids, ForwardPass pass, bool isByHand, bool isCheckpointed, bool forBackward)
    {
        (_decoder, _ids, _pass, _isByHand, _isCheckpointed) = (decoder, ids.reshape(-1), pass, isByHand, isCheckpointed && forBackward);
        _shape = [ids.shape[0], ids.shape[1], decoder.embed_tokens.weight.shape[1]];
        if (!isByHand && !_isCheckpointed)
        {
            Hidden = decoder.forward(ids, pass);
            return;
        }
        using var noGrad = no_grad();
        var x = isByHand ? decoder.embed_tokens.weight.index_select(0, _ids) : decoder.Embed(ids, pass);
        foreach (var layer in decoder.Layers)
        {
            var next = Step(layer, x);
            if (!forBackward) { x.Dispose(); }
            x = next;
        }
        if (forBackward) { _inputs.Add(x); }
        Hidden = isByHand ? decoder.Norm.Apply(x).view(_shape) : decoder.Norm.forward(x);

        Tensor Step(DecoderLayer layer, Tensor input)
        {
            if (_isCheckpointed || !isByHand)
            {
                _inputs.Add(input);
                return isByHand ? Forward(layer, input).Result : layer.forward(input, pass);
            }
            if (!forBackward) { return Forward(layer, input).Result; }
            var (result, state) = layer.Apply(input, pass);
            _states.Add(state);
            return result;
        }
    }

    /// <summary>[B, T, D], after the last norm. With a graph only in the way by autograd over the whole trunk.</summary>
    public Tensor Hidden { get; }

    /// <summary>Adds the parameters' gradients.</summary>
    /// <param name="gradient">Of <see cref="Hidden"/>, [B, T, D]; its memory may be used.</param>
    public void Backward(Tensor gradient, GradientBuffer gradients)
    {
        if (_isByHand) { BackwardByHand(gradient.view(-1, _shape[2]), gradients); }
        else if (_isCheckpointed) { BackwardBySegments(gradient); }
        else { Hidden.backward([gradient]); }
    }

    private void BackwardByHand(Tensor gradient, GradientBuffer gradients)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var last = _inputs[^1];
        var flowing = zeros_like(last);
        _decoder.Norm.Backward(last, gradient, flowing, gradients);
        for (var layer = _decoder.Layers.Count - 1; layer >= 0; layer--)
        {
            using var inner = NewDisposeScope();
            var state = _isCheckpointed ? _decoder.Layers[layer].Apply(_inputs[layer], _pass).State : _states[layer];
            _decoder.Layers[layer].Backward(state, flowing, _pass, gradients);
        }
        gradients.Of(_decoder.embed_tokens.weight).PlusRowsInPlace(_ids, flowing);
    }

    private void BackwardBySegments(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var flowing = Through(_inputs[^1], _decoder.Norm.forward, gradient);
        for (var layer = _decoder.Layers.Count - 1; layer >= 0; layer--)
        {
            var segment = _decoder.Layers[layer];
            flowing = Through(_inputs[layer], x => segment.forward(x, _pass), flowing);
        }
        _decoder.Embed(_ids.view(_shape[0], _shape[1]), _pass).backward([flowing]);
    }

    // The gradient of a segment's input from that of its output; the segment's forward is computed again.
    private static Tensor Through(Tensor input, Func<Tensor, Tensor> segment, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var leaf = input.detach().requires_grad_(true);
        segment(leaf).backward([gradient]);
        return leaf.grad!.MoveToOuterDisposeScope();
    }

    private (Tensor Result, LayerState State) Forward(DecoderLayer layer, Tensor input)
    {
        using var scope = NewDisposeScope();
        var (result, state) = layer.Apply(input, _pass);
        return (result.MoveToOuterDisposeScope(), state);
    }
}
