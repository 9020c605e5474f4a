namespace LlmReasoning.Cli;

/// <summary>The settings of <c>eval passk</c>, named as in TRL where TRL has the name.</summary>
internal sealed record EvalPassKConfig
{
    /// <summary>A checkpoint's folder, or "embedded".</summary>
    public string? ModelNameOrPath { get; init; }

    /// <summary>A file of problems, or the name of an embedded set.</summary>
    public string? Problems { get; init; }

    /// <summary>Only problems of these levels; null = all.</summary>
    public IReadOnlyList<string>? Levels { get; init; }

    /// <summary>The first so many problems; null = all.</summary>
    public int? Limit { get; init; }

    /// <summary>Samples drawn per problem; null = as many as <see cref="K"/>.</summary>
    public int? N { get; init; }

    /// <summary>The largest k of pass@k.</summary>
    public int K { get; init; } = 256;

    /// <summary>0 = greedy.</summary>
    public double Temperature { get; init; } = 1.0;
    public double TopP { get; init; } = 1.0;

    /// <summary>0 = off.</summary>
    public int TopK { get; init; }
    public double MinP { get; init; }
    public double RepetitionPenalty { get; init; } = 1.0;

    /// <summary>In tokens.</summary>
    public int MaxCompletionLength { get; init; } = 512;
    public long Seed { get; init; }

    /// <summary>A preset's name, or a text file with {problem}.</summary>
    public string Template { get; init; } = "plain";

    /// <summary>Sequences decoded at a time; null = planned from the memory there is.</summary>
    public int? BatchSize { get; init; }

    /// <summary>float32, bfloat16 or float16; null = float32 on a CPU, the checkpoint's own on a GPU.</summary>
    public string? Dtype { get; init; }
    public string? OutputDir { get; init; }
}
