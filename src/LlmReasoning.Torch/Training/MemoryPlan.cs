using System.Globalization;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Training;

/// <summary>What a training step works on, as far as its memory depends on it.</summary>
public sealed record StepShape
{
    /// <summary>Of the largest micro-batch, padding included.</summary>
    public required long MicroBatchTokens { get; init; }

    /// <summary>Rows that are sampled at a time; 0 = the step samples nothing.</summary>
    public int SampledRows { get; init; }

    /// <summary>Prompt and completion of the longest sampled row, in tokens.</summary>
    public int SampledTokens { get; init; }

    /// <summary>Other models in memory: a reference, a teacher.</summary>
    public IReadOnlyList<ModelConfig> OtherModels { get; init; } = [];

    public bool GradientCheckpointing { get; init; }

    /// <summary>Forward and backward in bfloat16.</summary>
    public bool Bf16 { get; init; }

    /// <summary>Of the sampler, as <see cref="CausalLM.SamplesInBfloat16"/>.</summary>
    public bool SamplesInBfloat16 { get; init; }
}

/// <summary>The peak of resident memory of a training step on a CPU, predicted from the model's and the step's sizes.</summary>
/// <remarks>
/// Axes: D hidden, F of the MLP, H and K heads of size d, L layers, V vocabulary. Sampling and training take turns: of their passing memory the larger counts. Exact for the backward by hand
/// (<see cref="TrunkPass"/>), whose temporaries leave no holes in the heap (<see cref="Interop.Floats"/>): within 15 % of the measured peak (docs/performance.md). By autograd and in bfloat16
/// an estimate of what is alive.
/// </remarks>
public sealed record MemoryPlan
{
    private const long Float = 4;

    /// <summary>Runtime, libtorch's code and its buffers: train rlvr with next to no rows.</summary>
    internal const long Program = 255L << 20;

    /// <summary>The parts that are there throughout, in bytes.</summary>
    public required IReadOnlyList<(string What, long Bytes)> Kept { get; init; }

    /// <summary>What sampling takes while it lasts.</summary>
    public required IReadOnlyList<(string What, long Bytes)> Sampling { get; init; }

    /// <summary>What forward and backward of a micro-batch take while they last.</summary>
    public required IReadOnlyList<(string What, long Bytes)> Training { get; init; }

    /// <summary>The predicted peak.</summary>
    public long PeakBytes => Sum(Kept) + Math.Max(Sum(Sampling), Sum(Training));

    /// <summary>How many numbers the weights of a model hold.</summary>
    public static long Parameters(ModelConfig model)
    {
        long hidden = model.HiddenSize, queries = model.NumAttentionHeads * model.HeadDim, keys = model.NumKeyValueHeads * model.HeadDim;
        var biases = (model.AttentionBias ? queries + (2 * keys) : 0) + (model.AttentionOutputBias ? hidden : 0) + (model.MlpBias ? (2L * model.IntermediateSize) + hidden : 0);
        var norms = (2 * hidden) + (model.QkNorm ? 2 * model.HeadDim : 0);
        var layer = (hidden * (queries + (2 * keys))) + (queries * hidden) + (3 * hidden * model.IntermediateSize) + norms + biases;
        return ((model.TieWordEmbeddings ? 1 : 2) * model.VocabSize * hidden) + (model.NumHiddenLayers * layer) + hidden;
    }

    /// <summary>The plan of a step.</summary>
    public static MemoryPlan Of(ModelConfig model, StepShape step)
    {
        var weights = Parameters(model) * Float;
        var isSliced = SlicedTrunk.IsSmall(Parameters(model)) && !step.Bf16;
        List<(string, long)> kept =
        [
            ("program and libtorch", Program), ("weights", weights), ("gradients", weights), ("moments of AdamW", 2 * weights),
        ];
        if (step.OtherModels.Count > 0) { kept.Add(("other models", step.OtherModels.Sum(other => Parameters(other) * Float))); }
        List<(string, long)> sampling = step.SampledRows == 0 ? [] :
        [
            ("joined weights of the sampler", step.SamplesInBfloat16 ? weights / 2 : weights),
            ("keys and values", step.SampledRows * (long)step.SampledTokens * KvCache.BytesPerToken(model, step.SamplesInBfloat16 ? ScalarType.BFloat16 : ScalarType.Float32)),
            ("logits of the rows", (long)step.SampledRows * model.VocabSize * Float),
        ];
        var tokens = step.MicroBatchTokens;
        var (lasting, passing) = ActivationBytes(model, step);
        var atOnce = isSliced ? Math.Min(tokens, SlicedTrunk.TokensAtOnce) : tokens;
        List<(string, long)> training =
        [
            (step.GradientCheckpointing ? "activations, checkpointed" : "activations", (tokens * lasting) + (atOnce * passing)),
            ("states and their gradients", tokens * 5 * model.HiddenSize * Float),
            ("logits", Math.Min(tokens, Head.TokensAlive(model.VocabSize, tokens)) * model.VocabSize * Float * (step.Bf16 ? 3 : 1)),
        ];
        if (isSliced) { training.Add(("gradients of the lanes", SlicedTrunk.Lanes * weights)); }
        if (step.Bf16) { training.Add(("weights in bfloat16", weights / 2)); }
        return new() { Kept = kept, Sampling = sampling, Training = training };
    }

    /// <summary>The plan in lines of text.</summary>
    public IEnumerable<string> Explain()
    {
        yield return $"memory: {Text(PeakBytes)} at the peak of a step";
        foreach (var (what, bytes) in Kept) { yield return $"  {Text(bytes),9}  {what}"; }
        if (Sampling.Count > 0)
        {
            yield return $"  {Text(Sum(Sampling)),9}  while sampling: {List(Sampling)}";
        }
        yield return $"  {Text(Sum(Training)),9}  while training: {List(Training)}";
    }

    // Of a token, over all layers: from its forward to its backward, and while one layer is at work.
    private static (long Lasting, long Passing) ActivationBytes(ModelConfig model, StepShape step)
    {
        long hidden = model.HiddenSize, inner = model.IntermediateSize, queries = model.NumAttentionHeads * model.HeadDim;
        var qkv = queries + (2L * model.NumKeyValueHeads * model.HeadDim);
        // By hand: input, q k v, attended, what lies between, gate and up. Autograd keeps the inputs and outputs of each operator.
        var layer = step.Bf16
            ? ((10 * hidden) + (4 * qkv) + (2 * queries) + (6 * inner)) * 2
            : ((2 * hidden) + qkv + queries + model.NumAttentionHeads + (2 * inner)) * Float;
        var passing = Math.Max((4 * inner) + (2 * hidden), (2 * hidden) + queries + qkv) * Float;
        var input = hidden * (step.Bf16 ? 2 : Float);
        return step.GradientCheckpointing
            ? (model.NumHiddenLayers * input, layer + passing)
            : (model.NumHiddenLayers * layer, passing);
    }

    private static long Sum(IEnumerable<(string, long Bytes)> parts) => parts.Sum(part => part.Bytes);

    private static string List(IEnumerable<(string What, long Bytes)> parts) => string.Join(", ", parts.Select(part => $"{part.What} {Text(part.Bytes)}"));

    private static string Text(long bytes) => bytes >= 10L << 30
        ? (bytes / (double)(1L << 30)).ToString("F0", CultureInfo.InvariantCulture) + " GiB"
        : bytes >= 1L << 30 ? (bytes / (double)(1L << 30)).ToString("F1", CultureInfo.InvariantCulture) + " GiB"
        : (bytes / (double)(1L << 20)).ToString(bytes >= 10L << 20 ? "F0" : "F1", CultureInfo.InvariantCulture) + " MiB";
}
