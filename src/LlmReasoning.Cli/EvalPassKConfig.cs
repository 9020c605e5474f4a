using LlmReasoning.Verification;

namespace LlmReasoning.Cli;

/// <summary>The settings of <c>eval passk</c>: those of sampling, and how to grade and summarise.</summary>
internal sealed record EvalPassKConfig : SamplingConfig
{
    /// <summary>The largest k of pass@k; n where that is not given.</summary>
    public int K { get; init; } = 256;

    /// <summary>Where an answer is looked for: reward (the last box alone) or lenient.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;

    /// <summary>Buckets by success count: kim4, kim6, kim8, kim_entropy, or upper ends such as "0,4,16".</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>The base's evaluation folder of the same problems, for a table by its success counts too; null = none.</summary>
    public string? Base { get; init; }

    /// <summary>Only part i of n of the problems, such as "3/16": for job arrays; null = all.</summary>
    public string? Shard { get; init; }

    /// <summary>Problems may have fewer samples than others; each one's own n is used then.</summary>
    public bool AllowUnequalN { get; init; }

    /// <summary>Grade these files or folders instead of sampling; null = sample.</summary>
    public IReadOnlyList<string>? Samples { get; init; }
}
