using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>x + attention(norm(x)), then x + mlp(norm(x)).</summary>
internal sealed class DecoderLayer : nn.Module<Tensor, ForwardPass, Tensor>
{
#pragma warning disable CA2213 // a module disposes what it registers
    private readonly RmsNorm input_layernorm, post_attention_layernorm;
    private readonly Attention self_attn;
    private readonly Mlp mlp;
#pragma warning restore CA2213

    public DecoderLayer(ModelConfig config, int layer, ScalarType dtype, Device device) : base(nameof(DecoderLayer))
    {
        input_layernorm = new(config.HiddenSize, config.RmsNormEps, dtype, device);
        self_attn = new(config, layer, dtype, device);
        post_attention_layernorm = new(config.HiddenSize, config.RmsNormEps, dtype, device);
        mlp = new(config, dtype, device);
        RegisterComponents();
    }

    /// <summary>The products of this layer, for packing.</summary>
    public IEnumerable<Projection> Projections => [.. self_attn.Projections, .. mlp.Projections];

    /// <summary>[B, T, D] to [B, T, D].</summary>
    public override Tensor forward(Tensor x, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(self_attn.forward(input_layernorm.forward(x), pass));
        return x.Plus(mlp.forward(post_attention_layernorm.forward(x))).MoveToOuterDisposeScope();
    }

    /// <summary>[N, D] to [N, D] for a pass whose backward is <see cref="Backward"/>, and what that needs.</summary>
    public (Tensor Result, LayerState State) Apply(Tensor x, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        var (attended, attention) = self_attn.Apply(input_layernorm.Apply(x), pass);
        var middle = attended.PlusInPlace(x);
        var (result, gateUp) = mlp.Apply(post_attention_layernorm.Apply(middle));
        foreach (var kept in new[] { attention.Qkv, attention.Attended, attention.LogSums, middle, gateUp }) { kept.MoveToOuterDisposeScope(); }
        return (result.PlusInPlace(middle).MoveToOuterDisposeScope(), new(x, attention, middle, gateUp));
    }

    /// <summary>The gradient of x, [N, D]; norms are computed anew.</summary>
    /// <param name="gradient">Of the result, [N, D]; its memory is used.</param>
    public Tensor Backward(LayerState state, Tensor gradient, ForwardPass pass, GradientBuffer gradients)
    {
        using var scope = NewDisposeScope();
        var (x, middle) = (state.Input, state.Middle);
        var inner = mlp.Backward(post_attention_layernorm.Apply(middle), state.GateUp, gradient, gradients);
        post_attention_layernorm.Backward(middle, inner, gradient, gradients);
        inner = self_attn.Backward(input_layernorm.Apply(x), state.Attention, gradient, pass, gradients);
        input_layernorm.Backward(x, inner, gradient, gradients);
        return gradient;
    }
}

/// <summary>What the backward of a layer needs: its input and what lies between attention and MLP, [N, D]; gate and up, [N, 2F].</summary>
internal sealed record LayerState(Tensor Input, AttentionState Attention, Tensor Middle, Tensor GateUp);
