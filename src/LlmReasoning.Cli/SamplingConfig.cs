using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Cli;

/// <summary>How a finished samples.jsonl is compressed.</summary>
internal enum Compression
{
    /// <summary>To samples.jsonl.gz.</summary>
    Gzip,

    /// <summary>To samples.jsonl.zst: faster, and smaller too.</summary>
    Zstd,
}

/// <summary>The settings of <c>sample</c>, and the sampling part of <c>eval passk</c>; named as in TRL where TRL has the name.</summary>
internal record SamplingConfig
{
    /// <summary>A checkpoint's folder, or "embedded".</summary>
    public string? ModelNameOrPath { get; init; }

    /// <summary>What samples and tables call the model; null = model_name_or_path.</summary>
    public string? ModelId { get; init; }

    /// <summary>A file of problems, or an embedded set: embedded-test, embedded-train.</summary>
    public string? Problems { get; init; }

    /// <summary>The fields that hold a problem's text, answer, id and level, where their names are not recognised.</summary>
    public string? ProblemField { get; init; }
    public string? AnswerField { get; init; }
    public string? IdField { get; init; }
    public string? LevelField { get; init; }

    /// <summary>Only problems of these levels; null = all.</summary>
    public IReadOnlyList<string>? Levels { get; init; }

    /// <summary>So many problems, drawn by their ids; null = all.</summary>
    public int? Subset { get; init; }

    /// <summary>Other seeds draw other problems.</summary>
    public long SubsetSeed { get; init; }

    /// <summary>The first so many problems; null = all.</summary>
    public int? Limit { get; init; }

    /// <summary>Samples drawn per problem; null = the command's own default.</summary>
    public int? N { get; init; }

    /// <summary>0 = greedy.</summary>
    public double Temperature { get; init; } = 1.0;
    public double TopP { get; init; } = 1.0;

    /// <summary>0 = off.</summary>
    public int TopK { get; init; }

    /// <summary>0 = off.</summary>
    public double MinP { get; init; }

    /// <summary>1 = off.</summary>
    public double RepetitionPenalty { get; init; } = 1.0;

    /// <summary>In tokens.</summary>
    public int MaxCompletionLength { get; init; } = 512;

    /// <summary>A completion ends where its text contains one of these; null = none.</summary>
    public IReadOnlyList<string>? StopStrings { get; init; }
    public long Seed { get; init; }

    /// <summary>A preset's name, or a text file with {problem}.</summary>
    public string Template { get; init; } = "plain";

    /// <summary>Sequences decoded at a time; null = planned from the memory there is.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Processors to use; null = all.</summary>
    public int? Threads { get; init; }

    /// <summary>float32, bfloat16 or float16; null = float32 on a CPU, the checkpoint's own on a GPU.</summary>
    public string? Dtype { get; init; }

    /// <summary>cpu or cuda; null = cuda where there is one.</summary>
    public string? Device { get; init; }

    /// <summary>Write prompt and completion ids and their log-probabilities into each line.</summary>
    public bool SaveTokens { get; init; }

    /// <summary>gzip or zstd: samples.jsonl is compressed when all samples are drawn; null = left as it is.</summary>
    public Compression? Compress { get; init; }
    public string? OutputDir { get; init; }

    /// <summary>Keys without a meaning where samples are given.</summary>
    internal static IReadOnlyCollection<string> OfSamplingAlone { get; } =
    [
        nameof(ModelNameOrPath), nameof(ModelId), nameof(Temperature), nameof(TopP), nameof(TopK), nameof(MinP), nameof(RepetitionPenalty), nameof(MaxCompletionLength), nameof(StopStrings),
        nameof(Template), nameof(BatchSize), nameof(Threads), nameof(Dtype), nameof(Device), nameof(SaveTokens), nameof(Compress),
    ];

    internal ProblemFilter Filter() => new() { Levels = Levels, Subset = Subset, SubsetSeed = SubsetSeed, Limit = Limit };

    internal ProblemFieldNames FieldNames() => new() { Problem = ProblemField, Answer = AnswerField, Id = IdField, Level = LevelField };
}
