using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Scoring;

/// <summary>Exact log-probabilities of given tokens, in float32, a chunk of tokens at a time: [tokens, vocabulary] never exists whole.</summary>
internal static class TokenLogProbs
{
    private const long ChunkElements = 1 << 24;     // of logits alive at a time: 64 MB

    /// <summary>log softmax(logits / temperature)[target] without gradients.</summary>
    /// <param name="model">Its head gives the logits.</param>
    /// <param name="hidden">[N, D].</param>
    /// <param name="targets">[N] long.</param>
    /// <param name="temperature">Above 0.</param>
    /// <returns>[N] float32.</returns>
    public static Tensor Of(CausalLM model, Tensor hidden, Tensor targets, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var count = hidden.shape[0];
        var chunk = Math.Max(1, ChunkElements / model.Config.VocabSize);
        var result = empty(count, ScalarType.Float32, hidden.device);
        for (long start = 0; start < count; start += chunk)
        {
            using var inner = NewDisposeScope();
            var size = Math.Min(chunk, count - start);
            var logits = model.Logits(hidden.narrow(0, start, size)).to_type(ScalarType.Float32);
            if (temperature != 1) { logits = logits / temperature; }
            var logProbs = logits.log_softmax(-1).gather(1, targets.narrow(0, start, size).unsqueeze(1));
            result.narrow(0, start, size).copy_(logProbs.squeeze(1));
        }
        return result.MoveToOuterDisposeScope();
    }
}
