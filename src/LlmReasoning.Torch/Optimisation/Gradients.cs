using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Optimisation;

/// <summary>The gradients of a model as one vector.</summary>
public static class Gradients
{
    /// <summary>The L2 norm over all parameters that have a gradient.</summary>
    public static double Norm(IEnumerable<Tensor> parameters)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var norms = parameters.Select(parameter => parameter.grad).OfType<Tensor>().Select(gradient => gradient.to_type(ScalarType.Float32).norm()).ToList();
        return norms.Count == 0 ? 0 : stack(norms).to_type(ScalarType.Float64).norm().item<double>();
    }

    /// <summary>Multiplies every gradient by min(1, max / (norm + 1e-6)), as torch's clip_grad_norm_.</summary>
    /// <param name="norm">From <see cref="Norm"/>.</param>
    /// <returns>The factor.</returns>
    public static double Clip(IEnumerable<Tensor> parameters, double norm, double maxNorm)
    {
        var factor = Math.Min(1, maxNorm / (norm + 1e-6));
        if (factor == 1) { return 1; }
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var parameter in parameters) { parameter.grad?.TimesInPlace(factor); }
        return factor;
    }
}
