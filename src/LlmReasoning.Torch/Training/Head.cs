using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Training;

/// <summary>The product with the vocabulary's weight, cut into chunks of tokens, and its backward by hand.</summary>
internal static class Head
{
    private const long ChunkElements = 1 << 24;     // of logits alive at a time: 64 MB in float32
    private const long SmallChunkElements = 1 << 20;    // with a small vocabulary less, which stays in the cache, as long as it is a chunk of hundreds of tokens

    /// <summary>Start and count of each chunk of N tokens.</summary>
    public static IEnumerable<(long Start, long Count)> Chunks(CausalLM model, long tokens, long? chunkTokens = null)
    {
        var chunk = chunkTokens ?? TokensOf(model.Config.VocabSize);
        for (long start = 0; start < tokens; start += chunk) { yield return (start, Math.Min(chunk, tokens - start)); }
    }

    /// <summary>Tokens of a chunk.</summary>
    public static long TokensOf(long vocabulary) => Math.Max(Math.Max(1, SmallChunkElements / vocabulary), Math.Min(512, ChunkElements / vocabulary));

    /// <summary>Of how many tokens the logits are alive at a time.</summary>
    public static long TokensAlive(long vocabulary, long tokens) => tokens * vocabulary <= ChunkElements ? tokens : Math.Min(tokens, TokensOf(vocabulary));

    /// <summary>Whether the log-probabilities [N, V] of all tokens may be kept between forward and backward.</summary>
    public static bool KeepsAll(CausalLM model, long tokens) => tokens * model.Config.VocabSize <= ChunkElements;

    /// <summary>[N] of the type that log-probabilities have.</summary>
    public static Tensor Empty(Tensor hidden, long tokens) => empty(tokens, Wide(hidden.dtype), hidden.device);

    /// <summary>Logits [n, V] in float32 at least.</summary>
    public static Tensor Logits(CausalLM model, Tensor hidden) => model.Logits(hidden).to_type(Wide(hidden.dtype));

    /// <summary>From d loss / d logits [n, V]: adds to the weight's gradient and writes that of the hidden states [n, D].</summary>
    public static void AddGradient(CausalLM model, Tensor hidden, Tensor logitGradient, Tensor hiddenGradient)
    {
        var weight = model.HeadWeight;
        var gradient = logitGradient.to_type(hidden.dtype);
        hiddenGradient.copy_(gradient.mm(weight.to_type(hidden.dtype)));
        var sum = GradientBuffer.Own.Of(weight);
        if (weight.dtype == hidden.dtype) { sum.addmm_(gradient.t(), hidden, 1, 1); }
        else { sum.PlusInPlace(gradient.t().mm(hidden).to_type(weight.dtype)); }
    }

    private static ScalarType Wide(ScalarType dtype) => dtype == ScalarType.Float64 ? dtype : ScalarType.Float32;
}
