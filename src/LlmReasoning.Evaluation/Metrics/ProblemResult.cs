namespace LlmReasoning.Evaluation.Metrics;

/// <summary>What the samples of one problem came to: n drawn, c correct.</summary>
public sealed record ProblemResult
{
    public required string ProblemId { get; init; }
    public string? Level { get; init; }
    public string? Topic { get; init; }

    /// <summary>Samples drawn, 1 or more.</summary>
    public required int N { get; init; }

    /// <summary>Samples judged correct, 0..n.</summary>
    public required int C { get; init; }

    /// <summary>Samples the verifier could not judge; not part of c.</summary>
    public int Undecided { get; init; }

    /// <summary>Samples in which the verifier found an answer, right or wrong.</summary>
    public int Answered { get; init; }

    /// <summary>Samples that contain a \boxed or \fbox.</summary>
    public int Boxed { get; init; }

    /// <summary>Samples that ended at the token limit.</summary>
    public int Truncated { get; init; }

    /// <summary>Samples whose generation failed (finish_reason error).</summary>
    public int Failed { get; init; }

    /// <summary>Samples whose text an other sample of the problem has too, beyond the first of each.</summary>
    public int Duplicates { get; init; }

    /// <summary>Of all n samples together.</summary>
    public long CompletionTokens { get; init; }

    /// <summary>The answers by class; null where only counts are known.</summary>
    public AnswerClasses? Answers { get; init; }

    /// <summary>c / n.</summary>
    public double Rate => (double)C / N;
}
