using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>x / sqrt(mean(x^2) + eps) * weight over the last axis; statistics in float32 at least (Zhang and Sennrich, arXiv 1910.07467).</summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
#pragma warning disable CA2213 // a module disposes what it registers
    public readonly Parameter weight;               // [size]
#pragma warning restore CA2213
    private readonly double _eps;

    public RmsNorm(long size, double eps, ScalarType dtype, Device device) : base(nameof(RmsNorm))
    {
        weight = nn.Parameter(ones(size, dtype, device));
        _eps = eps;
        RegisterComponents();
    }

    /// <summary>While the model is packed for sampling; else every pass takes the same operators as one with gradients, so that old and new log-probabilities are the same bits.</summary>
    public bool IsPacked { get; set; }

    /// <summary>[..., size] to the same shape and type.</summary>
    public override Tensor forward(Tensor x)
    {
        if (IsPacked && RowKernels.Support(x, weight.shape[0])) { return RowKernels.RmsNorm(x, weight, _eps); }
        using var scope = NewDisposeScope();
        var wide = x.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? x.to_type(ScalarType.Float32) : x;
        var scale = wide.square().mean([-1], keepdim: true).PlusInPlace(_eps).rsqrt_();
        return ((wide * scale).to_type(x.dtype) * weight.to_type(x.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="forward"/>, for a pass whose backward is <see cref="Backward"/>.</summary>
    public Tensor Apply(Tensor x) => RowKernels.RmsNorm(x, weight, _eps);

    /// <summary>Adds the gradient of x to <paramref name="sum"/>, and the weight's.</summary>
    /// <param name="gradient">Of the result.</param>
    public void Backward(Tensor x, Tensor gradient, Tensor sum, GradientBuffer gradients) =>
        RowKernels.RmsNormBackward(x, weight, gradient, _eps, sum, gradients.Of(weight));
}
