using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Optimisation;

/// <summary>AdamW with decoupled weight decay (arXiv 1711.05101), on matrices alone.</summary>
/// <remarks>
/// Moments are float32, and so are the weights that are updated: parameters of another type have a float32 copy, since a step of ordinary size is lost in
/// bfloat16's rounding (docs/objectives.md). Parameters without a gradient keep weight, moments and step count.
/// </remarks>
public sealed class AdamW : IDisposable
{
    private readonly List<Slot> _slots;
    private readonly AdamWSettings _settings;

    /// <summary>All moments 0.</summary>
    /// <param name="parameters">By name; they are changed in place and not owned.</param>
    public AdamW(IReadOnlyDictionary<string, Tensor> parameters, AdamWSettings settings)
    {
        using var noGrad = no_grad();
        _settings = settings;
        _slots = [.. parameters.Select(pair => new Slot(pair.Key, pair.Value))];
    }

    /// <summary>True for matrices whose name has neither "bias" nor "norm", as transformers decides.</summary>
    public static bool Decays(string name, Tensor parameter) =>
        parameter.dim() >= 2 && !name.Contains("bias", StringComparison.OrdinalIgnoreCase) && !name.Contains("norm", StringComparison.OrdinalIgnoreCase);

    /// <summary>One update from the parameters' gradients.</summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var group in _slots.Where(slot => slot.Parameter.grad is not null).GroupBy(slot => slot.Decays))
        {
            foreach (var slot in group) { slot.Steps.PlusInPlace(1); }
            Aten.FusedAdamW(
                group.Select(slot => slot.Weight),
                group.Select(slot => slot.Parameter.grad!.to_type(ScalarType.Float32)),
                group.Select(slot => slot.Mean),
                group.Select(slot => slot.Square),
                group.Select(slot => slot.Steps),
                learningRate, _settings.Beta1, _settings.Beta2, group.Key ? _settings.WeightDecay : 0, _settings.Epsilon);
            foreach (var slot in group.Where(slot => slot.HasCopy)) { slot.Parameter.copy_(slot.Weight); }
        }
    }

    /// <summary>Sets every gradient to 0.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var slot in _slots) { slot.Parameter.grad?.zero_(); }
    }

    /// <summary>All that a resumed run needs beside the weights: exp_avg.NAME, exp_avg_sq.NAME, step.NAME, and weight.NAME of parameters not in float32. Not copies.</summary>
    public IReadOnlyDictionary<string, Tensor> State() => _slots.SelectMany(slot => slot.State()).ToDictionary();

    /// <summary>Takes over what <see cref="State"/> gave, bit for bit.</summary>
    /// <exception cref="UserException">The file lacks a tensor or has one of another shape.</exception>
    public void Restore(SafetensorsFile file)
    {
        var state = State();
        foreach (var (name, tensor) in state)
        {
            if (!file.Tensors.TryGetValue(name, out var entry) || !entry.Shape.AsSpan().SequenceEqual(tensor.shape))
            {
                var found = entry is null ? "missing" : $"[{string.Join(", ", entry.Shape)}]";
                throw new UserException($"{file.Path}: {name} is {found}, the model needs [{string.Join(", ", tensor.shape)}]; it is the state of another model, start without it");
            }
        }
        foreach (var (name, tensor) in state) { file.ReadInto(name, tensor); }
    }

    public void Dispose()
    {
        foreach (var slot in _slots) { slot.Dispose(); }
    }

    private sealed class Slot : IDisposable
    {
        public Slot(string name, Tensor parameter)
        {
            (Name, Parameter, Decays) = (name, parameter, AdamW.Decays(name, parameter));
            HasCopy = parameter.dtype != ScalarType.Float32;
            Weight = HasCopy ? parameter.detach().to_type(ScalarType.Float32).DetachFromDisposeScope() : parameter;
            Mean = zeros(parameter.shape, dtype: ScalarType.Float32, device: parameter.device).DetachFromDisposeScope();
            Square = zeros(parameter.shape, dtype: ScalarType.Float32, device: parameter.device).DetachFromDisposeScope();
            Steps = zeros([], dtype: ScalarType.Float32, device: parameter.device).DetachFromDisposeScope();
        }

        public string Name { get; }

        public Tensor Parameter { get; }

        public bool Decays { get; }

        public bool HasCopy { get; }

        public Tensor Weight { get; }

        public Tensor Mean { get; }

        public Tensor Square { get; }

        public Tensor Steps { get; }

        public IEnumerable<KeyValuePair<string, Tensor>> State()
        {
            yield return new("exp_avg." + Name, Mean);
            yield return new("exp_avg_sq." + Name, Square);
            yield return new("step." + Name, Steps);
            if (HasCopy) { yield return new("weight." + Name, Weight); }
        }

        public void Dispose()
        {
            if (HasCopy) { Weight.Dispose(); }
            Mean.Dispose();
            Square.Dispose();
            Steps.Dispose();
        }
    }
}
