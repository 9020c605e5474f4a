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
}
