namespace LlmReasoning.Torch.Generation;

/// <summary>How completions are drawn; the names are transformers'.</summary>
public sealed record SamplingSettings
{
    /// <summary>The logits are divided by it; 0 = greedy.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Only the k largest logits can be drawn, and those equal to the smallest of them; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>The most probable tokens whose probabilities before theirs sum to less than this, in (0, 1]; 1 = all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Tokens less probable than this times the most probable one are never drawn, in [0, 1]; 0 = all can be.</summary>
    public double MinP { get; init; }

    /// <summary>Logits of tokens seen before are divided by it where positive, multiplied where negative; 1 = off.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>A completion ends here at the latest.</summary>
    public int MaxNewTokens { get; init; } = 512;

    public long Seed { get; init; }

    /// <summary>Log-probabilities are those after the filters: of the token among those that could be drawn.</summary>
    public bool FilteredLogProbs { get; init; }

    /// <summary>A completion ends where its text contains one of these.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    /// <exception cref="UserException">A setting is outside its range or not a number.</exception>
    public SamplingSettings Validate()
    {
        UserException.Require(Temperature is >= 0 and <= 1e6, "temperature", Temperature, "it must be 0 (greedy), or positive and at most 1e6");
        UserException.Require(Temperature is 0 or >= 1e-4, "temperature", Temperature, "below 0.0001 the logits overflow; use 0 for greedy");
        UserException.Require(TopK >= 0, "top_k", TopK, "it must be 0 (off) or positive");
        UserException.Require(TopP is > 0 and <= 1, "top_p", TopP, "it must be above 0 and at most 1 (off)");
        UserException.Require(MinP is >= 0 and <= 1, "min_p", MinP, "it must be from 0 (off) to 1");
        UserException.Require(RepetitionPenalty is > 0 and <= 1e6, "repetition_penalty", RepetitionPenalty, "it must be positive and at most 1e6; 1 is off");
        UserException.Require(MaxNewTokens >= 1, "max_completion_length", MaxNewTokens, "it must be at least 1");
        UserException.Require(StopStrings.All(stop => !string.IsNullOrEmpty(stop)), "stop_strings", "an empty text", "it would end every completion at once; remove it");
        return this;
    }
}
