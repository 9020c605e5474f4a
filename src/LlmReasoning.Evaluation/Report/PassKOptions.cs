using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Report;

/// <summary>How samples are graded and summarised.</summary>
public sealed record PassKOptions
{
    /// <summary>The problem set's name in tables and titles.</summary>
    public required string Dataset { get; init; }

    /// <summary>k beside the powers of two up to n; 1..n.</summary>
    public IReadOnlyList<int> K { get; init; } = [];

    /// <summary>Samples a problem; null = as many as there are.</summary>
    public int? N { get; init; }

    /// <summary>Whether problems may have fewer samples than others; every problem's own n is used then, and k goes up to the smallest.</summary>
    public bool AllowUnequalN { get; init; }

    /// <summary>Where an answer is looked for.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;

    /// <summary>Buckets by success count, as <see cref="SuccessBuckets.Parse"/> reads them.</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>The base's evaluation of the same problems: a second table has buckets by its success count. Null = none.</summary>
    public EvaluatedModel? Base { get; init; }

    public long BootstrapSeed { get; init; }

    /// <summary>1 or more.</summary>
    public int BootstrapDraws { get; init; } = Bootstrap.DefaultDraws;
}
