namespace LlmReasoning.Evaluation.Samples;

/// <summary>One completion of one problem: one line of samples.jsonl (snake_case keys, in the order given here).</summary>
public sealed record Sample
{
    public required string RunId { get; init; }
    public required string ModelId { get; init; }
    public required string ProblemId { get; init; }

    /// <summary>0..n-1 within the problem.</summary>
    public required int SampleIdx { get; init; }
    public required long Seed { get; init; }

    /// <summary>Name of the prompt template.</summary>
    public required string TemplateId { get; init; }
    public required double Temperature { get; init; }
    public required double TopP { get; init; }

    /// <summary>0 = off.</summary>
    public required int TopK { get; init; }

    /// <summary>Null = off; only written where it acts.</summary>
    public double? MinP { get; init; }

    /// <summary>Null = off; only written where it acts.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>A completion ends before any of these; null = none, and then not written.</summary>
    public IReadOnlyList<string>? StopStrings { get; init; }
    public required int MaxNewTokens { get; init; }
    public required int PromptTokens { get; init; }

    /// <summary>Without the stop token.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>UTF-16 units of <see cref="Text"/>.</summary>
    public required int CompletionChars { get; init; }

    /// <summary>eos | stop | length | error.</summary>
    public required string FinishReason { get; init; }
    public required string Text { get; init; }

    /// <summary>Sum of the natural-log probabilities of the sampled tokens, the stop token included.</summary>
    public double? TokenLogprobSum { get; init; }

    /// <summary>Prompt token ids; only with --save-tokens.</summary>
    public IReadOnlyList<int>? PromptIds { get; init; }

    /// <summary>Completion token ids, the stop token included; only with --save-tokens.</summary>
    public IReadOnlyList<int>? CompletionIds { get; init; }

    /// <summary>Natural-log probability of each completion id; only with --save-tokens.</summary>
    public IReadOnlyList<float>? CompletionLogprobs { get; init; }
}
