using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Responses;

/// <summary>How responses are studied.</summary>
public sealed record ResponseOptions
{
    public required ReflectionKeywords Keywords { get; init; }

    /// <summary>Where an answer is looked for.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;

    /// <summary>Buckets for lengths and keywords, as <see cref="SuccessBuckets.Parse"/> reads them.</summary>
    public string Buckets { get; init; } = "kim4";

    /// <summary>Buckets for the entropy of answers.</summary>
    public string EntropyBuckets { get; init; } = "kim_entropy";
    public long BootstrapSeed { get; init; }

    /// <summary>1 or more.</summary>
    public int BootstrapDraws { get; init; } = Bootstrap.DefaultDraws;
}
