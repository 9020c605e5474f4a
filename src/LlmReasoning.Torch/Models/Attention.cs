using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>Grouped-query attention with rotary positions (arXiv 2305.13245, 2104.09864); optional biases, QK norm and window.</summary>
/// <remarks>Axes: B rows, T tokens, D hidden, H query heads, K key/value heads, d head size.</remarks>
internal sealed class Attention : nn.Module<Tensor, ForwardPass, Tensor>
{
#pragma warning disable CA2213 // a module disposes what it registers
    private readonly Linear q_proj, k_proj, v_proj, o_proj;
    private readonly RmsNorm? q_norm, k_norm;
#pragma warning restore CA2213
    private readonly Projection _qkv, _output;
    private readonly int _layer, _heads, _kvHeads, _headDim;
    private readonly int? _window;
    private readonly bool _hasOwnKernel;

    public Attention(ModelConfig config, int layer, ScalarType dtype, Device device) : base(nameof(Attention))
    {
        (_layer, _heads, _kvHeads, _headDim) = (layer, config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim);
        _window = config.SlidingWindows[layer];
        _hasOwnKernel = DecodeAttention.Supports(dtype, device, _headDim);
        long hidden = config.HiddenSize, queries = _heads * _headDim, keys = _kvHeads * _headDim;
        var joined = Linear.Joined(hidden, [queries, keys, keys], config.AttentionBias, dtype, device);
        (q_proj, k_proj, v_proj) = (joined[0], joined[1], joined[2]);
        o_proj = new(queries, hidden, config.AttentionOutputBias, dtype, device);
        if (config.QkNorm)
        {
            q_norm = new(_headDim, config.RmsNormEps, dtype, device);
            k_norm = new(_headDim, config.RmsNormEps, dtype, device);
        }
        _qkv = new(q_proj, k_proj, v_proj);
        _output = new(o_proj);
        RegisterComponents();
    }

    /// <summary>The products of this layer, for packing.</summary>
    public IEnumerable<Projection> Projections => [_qkv, _output];

    /// <summary>[B, T, D] to [B, T, D].</summary>
    public override Tensor forward(Tensor x, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        var (rows, tokens) = (x.shape[0], x.shape[1]);
        var qkv = _qkv.Apply(x).view(rows, tokens, _heads + 2 * _kvHeads, _headDim);
        var qk = qkv.narrow(2, 0, _heads + _kvHeads);
        if (q_norm is not null)
        {
            qk = cat([q_norm.forward(qkv.narrow(2, 0, _heads)), k_norm!.forward(qkv.narrow(2, _heads, _kvHeads))], 2);
        }
        qk = qk.roll(_headDim / 2, -1).mul_(pass.Sin).PlusProductInPlace(qk, pass.Cos);
        var q = qk.narrow(2, 0, _heads);
        var k = qk.narrow(2, _heads, _kvHeads);
        var v = qkv.narrow(2, _heads + _kvHeads, _kvHeads);
        if (pass.Cache is { } cache) { (k, v) = cache.Append(_layer, k, v); }
        var attended = pass.Lengths is null ? Attend(q, k, v, pass.MaskFor(_window))
            : _hasOwnKernel && q.dtype == ScalarType.Float32 ? DecodeAttention.Attend(q, k, v, pass.Lengths, _window)
            : AttendOne(q, k, v, pass.MaskFor(_window)!);
        return _output.Apply(attended).MoveToOuterDisposeScope();
    }

    /// <summary>[N, D] to [N, D] for a pass whose backward is <see cref="Backward"/>, and what that needs; without QK norm.</summary>
    public (Tensor Result, AttentionState State) Apply(Tensor x, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        var qkv = _qkv.ApplyJoined(x);
        var (attended, logSums) = CausalAttention.Forward(qkv, pass.Cos, pass.Sin, ShapeOf(x, pass));
        var result = _output.ApplyJoined(attended).MoveToOuterDisposeScope();
        return (result, new(qkv.MoveToOuterDisposeScope(), attended.MoveToOuterDisposeScope(), logSums.MoveToOuterDisposeScope()));
    }

    /// <summary>The gradient of x, [N, D].</summary>
    public Tensor Backward(Tensor x, AttentionState state, Tensor gradient, ForwardPass pass, GradientBuffer gradients)
    {
        using var scope = NewDisposeScope();
        var attended = _output.Backward(state.Attended, gradient, gradients);
        var qkv = CausalAttention.Backward(state.Qkv, pass.Cos, pass.Sin, state.Attended, state.LogSums, attended, ShapeOf(x, pass));
        return _qkv.Backward(x, qkv, gradients).MoveToOuterDisposeScope();
    }

    private CausalAttention.Shape ShapeOf(Tensor x, ForwardPass pass)
    {
        var tokens = (int)pass.Cos.shape[1];
        return new((int)(x.shape[0] / tokens), tokens, _heads, _kvHeads, _headDim, pass.Starts, _window);
    }

    private Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        var attended = Aten.ScaledDotProductAttention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), mask, causal: mask is null);
        return attended.transpose(1, 2).reshape(q.shape[0], q.shape[1], _heads * _headDim);
    }

    // With a single query the heads of a group stand where the queries would: [B, K, H/K, d], no repeated keys.
    private Tensor AttendOne(Tensor q, Tensor k, Tensor v, Tensor mask)
    {
        var grouped = q.reshape(q.shape[0], _kvHeads, _heads / _kvHeads, _headDim);
        var attended = Aten.ScaledDotProductAttention(grouped, k.transpose(1, 2), v.transpose(1, 2), mask, causal: false);
        return attended.reshape(q.shape[0], 1, _heads * _headDim);
    }
}

/// <summary>What the backward of attention needs: rotated queries and keys, and values, [N, (H + 2K) d]; the attended values [N, H d]; the softmax's sums [N, H].</summary>
internal sealed record AttentionState(Tensor Qkv, Tensor Attended, Tensor LogSums);
