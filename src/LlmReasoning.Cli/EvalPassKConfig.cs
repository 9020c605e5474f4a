using LlmReasoning.Verification;

namespace LlmReasoning.Cli;

/// <summary>The settings of <c>eval passk</c>: those of sampling, and how to grade and summarise.</summary>
internal sealed record EvalPassKConfig : SamplingConfig
{
    /// <summary>The largest k of pass@k; n where that is not given.</summary>
    public int K { get; init; } = 256;

    /// <summary>Where an answer is looked for: reward (the last box alone) or lenient.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;

    /// <summary>Buckets by success count: kim4, kim6, kim8, kim_entropy, or the lower edges, such as "0,1,5,17".</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>Grade these files instead of sampling; null = sample.</summary>
    public IReadOnlyList<string>? Samples { get; init; }
}
