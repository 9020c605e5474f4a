namespace LlmReasoning.Torch.Generation;

/// <summary>What is to be sampled: some samples of one prompt.</summary>
/// <param name="ProblemId">Keys the random stream, with the run's seed, the sample's index and the position.</param>
/// <param name="PromptIds">Token ids, at least one.</param>
/// <param name="SampleIndexes">The samples wanted, such as 0..n-1, or those that a resumed run lacks.</param>
public sealed record GenerationRequest(string ProblemId, IReadOnlyList<int> PromptIds, IReadOnlyList<int> SampleIndexes);

/// <summary>Why a completion ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token; it is the last id.</summary>
    Eos,

    /// <summary>A stop string.</summary>
    Stop,

    /// <summary>max_new_tokens, or the model's context was full.</summary>
    Length,
}

/// <summary>One sampled continuation.</summary>
public sealed record Completion
{
    public required GenerationRequest Request { get; init; }

    public required int SampleIndex { get; init; }

    /// <summary>The sampled ids, the stop token included.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Natural-log probability of each id under softmax(logits / temperature) over the whole vocabulary, before filters unless the settings have <see cref="SamplingSettings.FilteredLogProbs"/>; temperature 0 counts as 1.</summary>
    public required IReadOnlyList<float> LogProbs { get; init; }

    public required FinishReason FinishReason { get; init; }

    /// <summary>Without the stop token, and cut before a stop string.</summary>
    public required string Text { get; init; }

    /// <summary>Ids without the stop token.</summary>
    public int TokenCount => FinishReason == FinishReason.Eos ? Ids.Count - 1 : Ids.Count;
}
