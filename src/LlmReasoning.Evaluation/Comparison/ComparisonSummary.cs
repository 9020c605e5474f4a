using System.Text.Json.Serialization;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>The numbers of one comparison: what summary.json, summary.md, the tables, the figures and the console show.</summary>
public sealed record ComparisonSummary
{
    public required string Dataset { get; init; }
    public required int Problems { get; init; }

    /// <summary>Samples a problem, of every model.</summary>
    public required int N { get; init; }

    /// <summary>Success counts of the base, hardest first: rows and columns of the transition matrices.</summary>
    public required IReadOnlyList<string> Buckets { get; init; }

    /// <summary>The same for the gains: out of half of the base's samples where buckets come from one half.</summary>
    public required IReadOnlyList<string> GainBuckets { get; init; }

    /// <summary>Whether the gains' buckets come from one half of the base's samples and its rates from the other.</summary>
    public required bool SplitHalf { get; init; }

    /// <summary>The number of problems asked for as the base's hardest; null = all problems.</summary>
    public int? Hardest { get; init; }

    /// <summary>95 % upper bound of the success rate of a problem with c = 0.</summary>
    public required double UnsolvedRateBound { get; init; }
    public required ModelCurve Base { get; init; }
    public required IReadOnlyList<ComparedModel> Models { get; init; }

    /// <summary>A second run of the base, compared as a model; null without one.</summary>
    public ComparedModel? Control { get; init; }
    public required long Seed { get; init; }
    public required int BootstrapDraws { get; init; }

    /// <summary>By id; problems.csv has it, summary.json does not.</summary>
    [JsonIgnore]
    public IReadOnlyList<ComparedProblem> PerProblem { get; init; } = [];

    /// <summary>What a reader of the numbers should know, one sentence each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The models, and the second run of the base where there is one.</summary>
    internal IEnumerable<ComparedModel> Compared => Control is null ? Models : [.. Models, Control];
}

/// <summary>What one problem came to.</summary>
/// <param name="Id">As in the problem set.</param>
/// <param name="Level">The data set's own difficulty, or null.</param>
/// <param name="Topic">The data set's own subject, or null.</param>
/// <param name="Bucket">Of the base's success, an index into the buckets.</param>
/// <param name="Correct">Correct samples of n: the base's, each model's, the control's where there is one.</param>
public sealed record ComparedProblem(string Id, string? Level, string? Topic, int Bucket, IReadOnlyList<int> Correct);
