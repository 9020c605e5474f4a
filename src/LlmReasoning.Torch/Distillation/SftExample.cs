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

    /// <summary>A text of which every token but the first is trained, with the stop token behind it; cut into pieces that share a token, so that every token has a predecessor.</summary>
    /// <param name="limit">Tokens of a piece at most, 2 or more.</param>
    /// <exception cref="UserException">The text is empty.</exception>
    public static IEnumerable<SftExample> OfText(Tokenizer tokenizer, string text, int stopId, int limit, string place)
    {
        var ids = tokenizer.Encode(text);
        if (ids.Length == 0) { throw new UserException($"{place}: the text is empty; remove the line"); }
        if (ids[^1] != stopId) { ids = [.. ids, stopId]; }
        for (var start = 0; start < ids.Length - 1; start += limit - 1)
        {
            yield return new(ids[start..(start + 1)], ids[(start + 1)..Math.Min(start + limit, ids.Length)]);
        }
    }
}
