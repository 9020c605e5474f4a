using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>The weight and bias of one projection, under their checkpoint names. <see cref="Projection"/> applies them.</summary>
internal sealed class Linear : nn.Module
{
#pragma warning disable CA2213 // a module disposes what it registers
    public readonly Parameter weight;               // [out, in]
    public readonly Parameter? bias;                // [out]
#pragma warning restore CA2213

    public Linear(long inputs, long outputs, bool hasBias, ScalarType dtype, Device device) : base(nameof(Linear))
    {
        weight = nn.Parameter(empty(outputs, inputs, dtype, device));
        if (hasBias) { bias = nn.Parameter(empty(outputs, dtype, device)); }
        RegisterComponents();
    }

    private Linear(Tensor weight, Tensor? bias) : base(nameof(Linear))
    {
        this.weight = nn.Parameter(weight);
        if (bias is not null) { this.bias = nn.Parameter(bias); }
        RegisterComponents();
    }

    /// <summary>Several of one input whose weights lie behind one another in memory, so that they are one matrix without a copy.</summary>
    public static Linear[] Joined(long inputs, long[] outputs, bool hasBias, ScalarType dtype, Device device)
    {
        using var noGrad = no_grad();
        using var weights = empty(outputs.Sum(), inputs, dtype, device);
        using var biases = hasBias ? empty(outputs.Sum(), dtype, device) : null;
        var starts = outputs.Select((_, i) => outputs.Take(i).Sum()).ToArray();
        return [.. outputs.Select((count, i) => new Linear(weights.narrow(0, starts[i], count), biases?.narrow(0, starts[i], count)))];
    }
}

/// <summary>Several projections of one input as one product: q, k and v, or gate and up, or a single one.</summary>
/// <remarks>
/// While training the weights are joined on the way, so that gradients reach each parameter. For inference on a CPU in float32
/// <see cref="Pack"/> keeps a joined copy, a large one in oneDNN's layout, which libtorch's own product does not use: 1.1 to 2 times the rate
/// (docs/performance.md). From 8 rows on, either product gives a row the same result however many rows there are.
/// </remarks>
internal sealed class Projection(params (Parameter Weight, Parameter? Bias)[] parts) : IDisposable
{
    // Below this a reordered weight gains less than the longer way to its operator costs.
    private const long SmallestReordered = 1 << 17;

    private Tensor? _weight;
    private Tensor? _bias;
    private bool _isReordered;

    public Projection(params Linear[] parts) : this([.. parts.Select(part => (part.weight, part.bias))]) { }

    /// <summary>x [..., in] to [..., sum of outs].</summary>
    public Tensor Apply(Tensor x)
    {
        if (_isReordered) { return Aten.PackedLinear(x, _weight!, _bias); }
        if (_weight is not null) { return F.linear(x, _weight, _bias); }
        var (weight, bias) = (JoinWeights().to_type(x.dtype), JoinBiases()?.to_type(x.dtype));
        return Floats.Support(x, weight) ? Floats.Product(x, weight, bias) : F.linear(x, weight, bias);
    }

    /// <summary>Keeps a joined copy of the weights as they are now, in the type of the inputs. Call again after they change.</summary>
    public void Pack(long rows, ScalarType type)
    {
        Unpack();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weight = JoinWeights().to_type(type);
        _isReordered = weight.device_type == DeviceType.CPU && weight.dtype == ScalarType.Float32 && weight.numel() >= SmallestReordered;
        _weight = (_isReordered ? Aten.ReorderLinearWeight(weight.detach(), rows) : weight.detach()).DetachFromDisposeScope();
        _bias = JoinBiases()?.to_type(type).detach().DetachFromDisposeScope();
    }

    public void Unpack()
    {
        _weight?.Dispose();
        _bias?.Dispose();
        (_weight, _bias, _isReordered) = (null, null, false);
    }

    public void Dispose() => Unpack();

    /// <summary>x [N, in] to [N, sum of outs] by the parameters as they are, for a pass whose backward is <see cref="Backward"/>; the weights are not copied.</summary>
    public Tensor ApplyJoined(Tensor x) => Floats.Product(x, Joined, JoinedBias);

    /// <summary>Adds the parameters' gradients and returns that of x.</summary>
    /// <param name="x">[N, in].</param>
    /// <param name="gradient">Of the result, [N, sum of outs].</param>
    public Tensor Backward(Tensor x, Tensor gradient, GradientBuffer gradients)
    {
        var start = 0L;
        foreach (var (weight, bias) in parts)
        {
            using var scope = NewDisposeScope();
            var part = gradient.narrow(1, start, weight.shape[0]);
            gradients.Of(weight).addmm_(part.t(), x, 1, 1);
            if (bias is not null) { gradients.Of(bias).PlusInPlace(part.sum([0])); }
            start += weight.shape[0];
        }
        return Floats.Product(gradient, Joined.t());
    }

    // Of parts from Linear.Joined.
    private Tensor Joined => parts.Length == 1 ? parts[0].Weight : parts[0].Weight.as_strided([Outputs, parts[0].Weight.shape[1]], [parts[0].Weight.shape[1], 1]);

    private Tensor? JoinedBias => parts.Length == 1 || parts[0].Bias is null ? parts[0].Bias : parts[0].Bias!.as_strided([Outputs], [1]);

    private long Outputs => parts.Sum(part => part.Weight.shape[0]);

    private Tensor JoinWeights() => parts.Length == 1 ? parts[0].Weight : cat([.. parts.Select(part => part.Weight)], 0);

    private Tensor? JoinBiases()
    {
        if (parts[0].Bias is null) { return null; }
        return parts.Length == 1 ? parts[0].Bias : cat([.. parts.Select(part => part.Bias!)], 0);
    }
}
