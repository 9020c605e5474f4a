using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmReasoning.Torch.Training;

/// <summary>A loss, a gradient or a weight that is no number; nothing of the step is saved.</summary>
public sealed class NonFiniteException(string what) : Exception(what);

/// <summary>One row of the batch that gave it. Log-probabilities are of <see cref="Ids"/>, natural logs.</summary>
public sealed record NonFiniteRow
{
    public string? ProblemId { get; init; }
    public required IReadOnlyList<int> PromptIds { get; init; }

    /// <summary>What trains.</summary>
    public required IReadOnlyList<int> Ids { get; init; }
    public double? Reward { get; init; }
    public double? Advantage { get; init; }
    public IReadOnlyList<float>? SamplerLogProbs { get; init; }
    public IReadOnlyList<float>? LogProbs { get; init; }
}

/// <summary>Stops a run at the first value that is not finite, before a checkpoint is spoiled.</summary>
public static class NonFinite
{
    private static readonly JsonSerializerOptions s_style = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Between backward and the optimizer's step.</summary>
    /// <param name="loss">Of the step.</param>
    /// <param name="gradNorm">Before clipping.</param>
    /// <param name="weights">By name, with their gradients.</param>
    /// <exception cref="NonFiniteException">One of them is not finite; it is named.</exception>
    public static void Refuse(double loss, double gradNorm, IReadOnlyDictionary<string, Tensor> weights)
    {
        if (double.IsFinite(loss) && double.IsFinite(gradNorm)) { return; }
        using var scope = NewDisposeScope();
        var weight = weights.FirstOrDefault(weight => !weight.Value.isfinite().all().item<bool>()).Key;
        var gradient = weights.FirstOrDefault(weight => weight.Value.grad is { } grad && !grad.isfinite().all().item<bool>()).Key;
        throw new NonFiniteException(
            weight is not null ? $"the weight {weight} is not finite"
            : !double.IsFinite(loss) ? $"the loss is {loss}"
            : gradient is not null ? $"the gradient of {gradient} is not finite"
            : $"the gradient's norm is {gradNorm}");
    }

    /// <summary>After the optimizer's step: one pass over the weights.</summary>
    /// <param name="weights">By name.</param>
    /// <exception cref="NonFiniteException">The L2 norm of one of them in float32 is not finite: an element is not, or is above about 1e19, and no product with it would be.</exception>
    public static void RefuseWeights(IReadOnlyDictionary<string, Tensor> weights)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var norms = stack(weights.Values.Select(weight => weight.to_type(ScalarType.Float32).norm())).cpu().data<float>().ToArray();
        var first = Array.FindIndex(norms, norm => !float.IsFinite(norm));
        if (first >= 0) { throw new NonFiniteException($"after the update the norm of the weight {weights.Keys.ElementAt(first)} is not finite"); }
    }

    /// <summary>Writes RUN/nonfinite-step-000012.jsonl, a line a row.</summary>
    /// <returns>What to throw.</returns>
    public static UserException Dump(string folder, int step, NonFiniteException cause, IEnumerable<NonFiniteRow> rows)
    {
        var path = Path.Combine(folder, $"nonfinite-step-{step:D6}.jsonl");
        var log = rows.ToList();
        AtomicFile.WriteText(path, string.Concat(log.Select(row => JsonSerializer.Serialize(row, s_style) + "\n")));
        var first = log.FindIndex(row => row.LogProbs?.All(float.IsFinite) == false);
        return new UserException(
            $"step {step}: {cause.Message}{(first < 0 ? "" : $", and so are log-probabilities from row {first + 1} of the batch on")}; the run stops, nothing of this step is saved, and the batch is in {path}: lower learning_rate and go on with --resume, or start anew",
            cause);
    }
}
