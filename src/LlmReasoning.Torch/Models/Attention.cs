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
        q_proj = new(hidden, queries, config.AttentionBias, dtype, device);
        k_proj = new(hidden, keys, config.AttentionBias, dtype, device);
        v_proj = new(hidden, keys, config.AttentionBias, dtype, device);
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
        qk = qk.roll(_headDim / 2, -1).mul_(pass.Sin).addcmul_(qk, pass.Cos, s_one);
        var q = qk.narrow(2, 0, _heads);
        var k = qk.narrow(2, _heads, _kvHeads);
        var v = qkv.narrow(2, _heads + _kvHeads, _kvHeads);
        if (pass.Cache is { } cache) { (k, v) = cache.Append(_layer, k, v); }
        var attended = pass.Lengths is null ? Attend(q, k, v, pass.MaskFor(_window))
            : _hasOwnKernel ? DecodeAttention.Attend(q, k, v, pass.Lengths, _window)
            : AttendOne(q, k, v, pass.MaskFor(_window)!);
        return _output.Apply(attended).MoveToOuterDisposeScope();
    }

    private static readonly Scalar s_one = 1;

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
