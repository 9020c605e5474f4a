using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Distillation;

/// <summary>A prompt and a response to learn. The response's tokens and the stop token behind it are trained, the prompt's are context.</summary>
/// <param name="PromptIds">As the sampler would get them.</param>
/// <param name="ResponseIds">With the stop token.</param>
public sealed record SftExample(IReadOnlyList<int> PromptIds, IReadOnlyList<int> ResponseIds)
{
    public int Length => PromptIds.Count + ResponseIds.Count;

    /// <summary>Tokenizes prompt and response apart: the student meets exactly the prompt tokens that it will be sampled with, and the border needs no search.</summary>
    /// <param name="place">For messages: file and line.</param>
    /// <exception cref="UserException">The prompt or the response is empty.</exception>
    public static SftExample Of(Tokenizer tokenizer, string prompt, string response, int stopId, string place)
    {
        var (promptIds, responseIds) = (tokenizer.Encode(prompt), tokenizer.Encode(response));
        if (promptIds.Length == 0) { throw new UserException($"{place}: the prompt is empty; every response needs one"); }
        if (responseIds.Length == 0) { throw new UserException($"{place}: the response is empty, nothing in it can be trained; remove the line"); }
        return new(promptIds, responseIds[^1] == stopId ? responseIds : [.. responseIds, stopId]);
    }
}
