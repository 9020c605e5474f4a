namespace LlmReasoning.Evaluation.Problems;

/// <summary>Field names of a problem set that says them itself; a name that is null is recognised as docs/problems.md describes.</summary>
public sealed record ProblemFieldNames
{
    /// <summary>Config key problem_field.</summary>
    public string? Problem { get; init; }

    /// <summary>Config key answer_field. Its last closed box, else what follows ####, else the whole line is the answer.</summary>
    public string? Answer { get; init; }

    /// <summary>Config key id_field.</summary>
    public string? Id { get; init; }

    /// <summary>Config key level_field.</summary>
    public string? Level { get; init; }
}
