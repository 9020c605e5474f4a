using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>How evaluations are compared.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Buckets by the base's success count, as <see cref="SuccessBuckets.Parse"/> reads them.</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>Sort problems into buckets by one half of the base's samples and measure its rate on the other half: no regression to the mean.</summary>
    public bool SplitHalf { get; init; }

    /// <summary>Only so many problems, those with the lowest success of the base (ties by id); null = all.</summary>
    public int? Hardest { get; init; }

    /// <summary>Samples a problem, drawn from those there are; null = all, which must then be equally many.</summary>
    public int? N { get; init; }

    /// <summary>k beside the powers of two up to n; 1..n.</summary>
    public IReadOnlyList<int> K { get; init; } = [];

    /// <summary>Of the bootstrap, of subsamples and of halves.</summary>
    public long Seed { get; init; }

    /// <summary>1 or more.</summary>
    public int BootstrapDraws { get; init; } = Bootstrap.DefaultDraws;
}
