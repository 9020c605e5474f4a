namespace LlmReasoning.Evaluation.Problems;

/// <summary>One problem with a verifiable answer.</summary>
public sealed record Problem
{
    /// <summary>Unique within its set; random streams and resumed files are keyed by it.</summary>
    public required string Id { get; init; }

    /// <summary>What the model is asked, without any template.</summary>
    public required string Text { get; init; }

    /// <summary>The reference answer as the data set gives it: a number, LaTeX, or a text.</summary>
    public required string Gold { get; init; }

    /// <summary>The data set's own difficulty, such as "3"; null where it has none.</summary>
    public string? Level { get; init; }

    /// <summary>The data set's own subject or type, such as "algebra".</summary>
    public string? Topic { get; init; }

    /// <summary>A worked solution, where the data set has one.</summary>
    public string? Solution { get; init; }
}
