namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>How the operations lead to the answer.</summary>
public enum ProblemKind
{
    /// <summary>The operations run forward from the start value.</summary>
    Forward,

    /// <summary>Forward too: (n - 1) * growth + start.</summary>
    Sequence,

    /// <summary>The start value is the given result; the operations are to be undone.</summary>
    Inverse,

    /// <summary>Forward from the size of a unit, which the text does not give.</summary>
    Units,
}

/// <summary>One problem of the embedded family: a text and the chain of operations behind it.</summary>
public sealed record SyntheticProblem
{
    /// <summary>SPLIT-SEED-INDEX; empty in the pretraining corpus.</summary>
    public string Id { get; init; } = "";
    public required string Text { get; init; }
    public required string Topic { get; init; }

    /// <summary>1..5.</summary>
    public required int Level { get; init; }
    public required ProblemKind Kind { get; init; }

    /// <summary>The value the operations start from; of a units problem the right size, of an inverse problem the given result.</summary>
    public required int Start { get; init; }
    internal IReadOnlyList<Operation> Operations { get; init; } = [];

    /// <summary>1..199.</summary>
    public required int Answer { get; init; }

    /// <summary>The unit's word, of a units problem.</summary>
    internal string? Unit { get; init; }

    /// <summary>With the careful solution, which is right.</summary>
    public Problem ToProblem() => new()
    {
        Id = Id,
        Text = Text,
        Gold = $"{Answer}",
        Level = $"{Level}",
        Topic = Topic,
        Solution = SyntheticProblems.Teacher(this),
    };
}
