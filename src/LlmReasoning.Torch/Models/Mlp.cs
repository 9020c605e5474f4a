namespace LlmReasoning.Torch.Models;

/// <summary>down(silu(gate(x)) * up(x)) (SwiGLU, arXiv 2002.05202).</summary>
internal sealed class Mlp : nn.Module<Tensor, Tensor>
{
#pragma warning disable CA2213 // a module disposes what it registers
    private readonly Linear gate_proj, up_proj, down_proj;
#pragma warning restore CA2213
    private readonly Projection _gateUp, _down;
    private readonly long _size;

    public Mlp(ModelConfig config, ScalarType dtype, Device device) : base(nameof(Mlp))
    {
        _size = config.IntermediateSize;
        var joined = Linear.Joined(config.HiddenSize, [_size, _size], config.MlpBias, dtype, device);
        (gate_proj, up_proj) = (joined[0], joined[1]);
        down_proj = new(_size, config.HiddenSize, config.MlpBias, dtype, device);
        _gateUp = new(gate_proj, up_proj);
        _down = new(down_proj);
        RegisterComponents();
    }

    /// <summary>The products of this layer, for packing.</summary>
    public IEnumerable<Projection> Projections => [_gateUp, _down];

    /// <summary>See <see cref="RmsNorm.IsPacked"/>.</summary>
    public bool IsPacked { get; set; }

    /// <summary>[..., D] to [..., D].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var gateUp = _gateUp.Apply(x);
        var gated = IsPacked && RowKernels.Support(gateUp, _size)
            ? RowKernels.SiluGate(gateUp, _size)
            : F.silu(gateUp.narrow(-1, 0, _size)) * gateUp.narrow(-1, _size, _size);
        return _down.Apply(gated).MoveToOuterDisposeScope();
    }

    /// <summary>[N, D] to [N, D], and what <see cref="Backward"/> needs: gate and up, [N, 2F].</summary>
    public (Tensor Result, Tensor GateUp) Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var gateUp = _gateUp.ApplyJoined(x);
        return (_down.ApplyJoined(RowKernels.SiluGate(gateUp, _size)).MoveToOuterDisposeScope(), gateUp.MoveToOuterDisposeScope());
    }

    /// <summary>The gradient of x, [N, D].</summary>
    public Tensor Backward(Tensor x, Tensor gateUp, Tensor gradient, GradientBuffer gradients)
    {
        using var scope = NewDisposeScope();
        var gated = _down.Backward(RowKernels.SiluGate(gateUp, _size), gradient, gradients);
        return _gateUp.Backward(x, RowKernels.SiluGateBackward(gateUp, gated, _size), gradients).MoveToOuterDisposeScope();
    }
}
