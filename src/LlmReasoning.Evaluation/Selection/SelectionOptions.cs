using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Selection;

/// <summary>Which problems responses are taken for, by what the base model can do.</summary>
public enum ProblemRange
{
    /// <summary>Every problem.</summary>
    All,

    /// <summary>Problems that the base solved at least <see cref="SelectionOptions.MinBaseCorrect"/> times.</summary>
    InDistribution,

    /// <summary>Problems that the base never solved.</summary>
    OutOfDistribution,
}

/// <summary>How a training set is selected from responses.</summary>
public sealed record SelectionOptions
{
    /// <summary>Correct responses kept a problem; 1 or more.</summary>
    public int MaxPerProblem { get; init; } = 8;

    public ProblemRange Where { get; init; } = ProblemRange.All;

    /// <summary>1 or more. One success may be luck; problems between 0 and this are in neither range.</summary>
    public int MinBaseCorrect { get; init; } = 1;

    /// <summary>Examples in all, spread evenly over problems; null = as many as there are.</summary>
    public int? Total { get; init; }

    /// <summary>
    /// This share of the examples are responses to problems out of distribution, used in turn as often as needed, the others to problems in distribution.
    /// 0..1, with <see cref="Where"/> All; null = no mixture.
    /// </summary>
    public double? OutOfDistributionShare { get; init; }

    /// <summary>Keep one of several responses of a problem with the same text.</summary>
    public bool Distinct { get; init; }

    /// <summary>Where an answer is looked for.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;

    public long Seed { get; init; }
}
