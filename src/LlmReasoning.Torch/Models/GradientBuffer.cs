using System.Runtime.CompilerServices;

namespace LlmReasoning.Torch.Models;

/// <summary>Where a backward pass adds the gradients of parameters: their own, or a set apart for a pass that runs beside others.</summary>
internal sealed class GradientBuffer : IDisposable
{
    private readonly Dictionary<Tensor, Tensor>? _apart;

    private GradientBuffer(Dictionary<Tensor, Tensor>? apart) => _apart = apart;

    /// <summary>The parameters' own gradients.</summary>
    public static GradientBuffer Own { get; } = new(apart: null);

    /// <summary>A set of zeros beside the parameters' own.</summary>
    public static GradientBuffer Apart() => new(new(ReferenceComparer.Instance));

    /// <summary>The tensor to add to, of the parameter's shape; 0 at first.</summary>
    public Tensor Of(Tensor parameter)
    {
        if (_apart is null) { return parameter.grad ??= zeros_like(parameter); }
        if (!_apart.TryGetValue(parameter, out var gradient))
        {
            gradient = zeros_like(parameter).DetachFromDisposeScope();
            _apart[parameter] = gradient;
        }
        return gradient;
    }

    /// <summary>Makes the gradients of these parameters before a pass needs memory of its own: what lasts, made between what passes, would keep the holes around it from being one.</summary>
    public void Reserve(IEnumerable<Tensor> parameters)
    {
        using var scope = NewDisposeScope();
        foreach (var parameter in parameters) { Of(parameter); }
    }

    /// <summary>Adds the set to the parameters' own gradients and makes it 0.</summary>
    public void Flush()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (parameter, gradient) in _apart!)
        {
            Interop.Arithmetic.PlusInPlace(Own.Of(parameter), gradient);
            gradient.zero_();
        }
    }

    public void Dispose()
    {
        foreach (var gradient in _apart?.Values ?? Enumerable.Empty<Tensor>()) { gradient.Dispose(); }
    }

    // Tensors compare by their values' identity in TorchSharp only where asked; the object is the key here.
    private sealed class ReferenceComparer : IEqualityComparer<Tensor>
    {
        public static ReferenceComparer Instance { get; } = new();

        public bool Equals(Tensor? x, Tensor? y) => ReferenceEquals(x, y);

        public int GetHashCode(Tensor tensor) => RuntimeHelpers.GetHashCode(tensor);
    }
}
