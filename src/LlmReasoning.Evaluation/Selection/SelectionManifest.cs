namespace LlmReasoning.Evaluation.Selection;

/// <summary>What a selection took and left; manifest.json.</summary>
public sealed record SelectionManifest
{
    public required SelectionOptions Options { get; init; }

    /// <summary>Problems of the set.</summary>
    public required int Problems { get; init; }

    /// <summary>Those that are also in a test set, and were left out.</summary>
    public required IReadOnlyList<string> LeakedProblems { get; init; }

    /// <summary>Problems in distribution for the base; null without one.</summary>
    public int? InDistributionProblems { get; init; }

    /// <summary>Problems that the base never solved; null without one.</summary>
    public int? OutOfDistributionProblems { get; init; }

    /// <summary>Problems that responses were taken for.</summary>
    public required int EligibleProblems { get; init; }

    /// <summary>Eligible problems with at least one example.</summary>
    public required int CoveredProblems { get; init; }

    /// <summary>Responses read.</summary>
    public required int Responses { get; init; }

    /// <summary>Responses to problems out of range or leaked.</summary>
    public required int NotEligible { get; init; }

    /// <summary>Responses to eligible problems that are not correct, undecided ones among them.</summary>
    public required int NotCorrect { get; init; }

    /// <summary>Correct responses beyond MaxPerProblem, of a text that is kept already where Distinct, or beyond Total.</summary>
    public required int CorrectLeft { get; init; }

    /// <summary>Examples written, repeats among them.</summary>
    public required int Examples { get; init; }

    /// <summary>Examples whose response is used a second time or more.</summary>
    public required int RepeatedExamples { get; init; }

    /// <summary>Files the selection was made from.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];
}

/// <summary>The examples of a selection, in the order of the problems, and its manifest.</summary>
public sealed record SelectedExamples(IReadOnlyList<SftExample> Examples, SelectionManifest Manifest);
