using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Distillation;

/// <summary>Tokens to learn from. Which of them are trained stands beside them: never inferred from an id, so that a stop token that is the padding token too is trained.</summary>
/// <param name="Ids">Of the whole text.</param>
/// <param name="IsTrained">Of each id; the first has no predecessor and is never trained.</param>
public sealed record SftExample(IReadOnlyList<int> Ids, IReadOnlyList<bool> IsTrained)
{
    public int Length => Ids.Count;

    /// <summary>Tokens with a loss.</summary>
    public int TrainedTokens { get; } = IsTrained.Skip(1).Count(isTrained => isTrained);

    /// <summary>What stands before the first trained token: the prompt.</summary>
    public IReadOnlyList<int> PromptIds => [.. Ids.Take(IsTrained.TakeWhile(isTrained => !isTrained).Count())];

    /// <summary>A prompt and what follows it; all that follows is trained.</summary>
    /// <param name="promptIds">At least one.</param>
    /// <param name="responseIds">With the stop token, where there is one.</param>
    public static SftExample Of(IReadOnlyList<int> promptIds, IReadOnlyList<int> responseIds)
    {
        var isTrained = new bool[promptIds.Count + responseIds.Count];
        Array.Fill(isTrained, true, promptIds.Count, responseIds.Count);
        return new([.. promptIds, .. responseIds], isTrained);
    }

    /// <summary>Tokenizes prompt and response apart: the student meets exactly the prompt tokens that it will be sampled with, and the border needs no search.</summary>
    /// <param name="stopId">Put behind the response, unless it ends with it.</param>
    /// <param name="place">For messages: file and line.</param>
    /// <exception cref="UserException">The prompt or the response is empty.</exception>
    public static SftExample Of(Tokenizer tokenizer, string prompt, string response, int stopId, string place)
    {
        var (promptIds, responseIds) = (tokenizer.Encode(prompt), tokenizer.Encode(response));
        if (promptIds.Length == 0) { throw new UserException($"{place}: the prompt is empty; every response needs one"); }
        if (responseIds.Length == 0) { throw new UserException($"{place}: the response is empty, nothing in it can be trained; remove the line"); }
        return Of(promptIds, responseIds[^1] == stopId ? responseIds : [.. responseIds, stopId]);
    }

    /// <summary>
    /// Tokenizes a text whole and trains the tokens that begin within one of the spans. A token that reaches over the start of a span belongs to what stands before it.
    /// </summary>
    /// <param name="trained">Ranges of UTF-16 units of the text, end excluded.</param>
    /// <param name="stopId">Put behind the text and trained, unless the text ends with it; null = nothing is put there.</param>
    /// <param name="place">For messages: file and line.</param>
    /// <exception cref="UserException">No token would be trained.</exception>
    public static SftExample Of(Tokenizer tokenizer, string text, IReadOnlyList<Range> trained, int? stopId, string place)
    {
        var (ids, offsets) = tokenizer.EncodeWithOffsets(text);
        List<int> all = [.. ids];
        List<bool> isTrained = [.. offsets.Select((offset, i) => i > 0 && trained.Any(span => offset.Start >= span.Start.Value && offset.Start < span.End.Value))];
        if (stopId is { } stop && (ids.Length == 0 || ids[^1] != stop))
        {
            all.Add(stop);
            isTrained.Add(ids.Length > 0);
        }
        if (!isTrained.Contains(true)) { throw new UserException($"{place}: no token of it would be trained; remove the line"); }
        return new(all, isTrained);
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
            yield return Of(ids[start..(start + 1)], ids[(start + 1)..Math.Min(start + limit, ids.Length)]);
        }
    }
}
