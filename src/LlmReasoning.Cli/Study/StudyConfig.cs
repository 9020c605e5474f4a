using LlmReasoning.Verification;

namespace LlmReasoning.Cli.Study;

/// <summary>The settings of a study: what is compared, on what, and how it is sampled. How an arm is trained stands in <see cref="RlvrConfig"/> and <see cref="DistillConfig"/>.</summary>
internal sealed record StudyConfig
{
    /// <summary>For titles and for the default of output_dir; null = the name of the config file.</summary>
    public string? Name { get; init; }

    /// <summary>One sentence for the report; null = none.</summary>
    public string? Description { get; init; }

    /// <summary>The base model: a checkpoint's folder, or "embedded".</summary>
    public required string ModelNameOrPath { get; init; }

    /// <summary>A preset's name, or a text file with {problem}; for every arm.</summary>
    public string Template { get; init; } = "plain";
    public required string TrainProblems { get; init; }
    public required string TestProblems { get; init; }

    /// <summary>Of <see cref="StudyArms"/>; the base is one of them.</summary>
    public required IReadOnlyList<string> Arms { get; init; }

    /// <summary>Every arm is made once for each.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [0];

    /// <summary>Samples a test problem, and the largest k.</summary>
    public int K { get; init; } = 256;

    /// <summary>The base's samples a train problem: for selection, and for its accuracy there; 0 = none.</summary>
    public int NTrain { get; init; } = 32;

    /// <summary>The trained models' samples a train problem; 0 = none.</summary>
    public int NTrainRlvr { get; init; } = 16;

    /// <summary>Correct responses kept a train problem.</summary>
    public int MaxPerProblem { get; init; } = 8;

    /// <summary>In distribution are problems with so many correct base samples.</summary>
    public int MinBaseCorrect { get; init; } = 2;

    /// <summary>Of the examples of new-knowledge, those to problems that the base never solved.</summary>
    public double OutOfDistributionShare { get; init; } = 0.33;

    /// <summary>"solutions": the train problems' own worked solutions are the teacher's responses; null = teacher_data.</summary>
    public string? Teacher { get; init; }

    /// <summary>The teacher's responses to the train problems: samples.jsonl files or folders that hold them.</summary>
    public IReadOnlyList<string>? TeacherData { get; init; }

    /// <summary>Config of <c>train rlvr</c>, relative to the study's config.</summary>
    public string? RlvrConfig { get; init; }

    /// <summary>Config of <c>train distill</c>, relative to the study's config.</summary>
    public string? DistillConfig { get; init; }

    /// <summary>Sampling of every evaluation, as in <see cref="SamplingConfig"/>.</summary>
    public double Temperature { get; init; } = 1.0;
    public double TopP { get; init; } = 1.0;
    public int TopK { get; init; }
    public double MinP { get; init; }
    public double RepetitionPenalty { get; init; } = 1.0;
    public int MaxCompletionLength { get; init; } = 512;
    public IReadOnlyList<string>? StopStrings { get; init; }

    /// <summary>Where an answer is looked for: reward (the last box alone) or lenient.</summary>
    public ExtractionPolicy Policy { get; init; } = ExtractionPolicy.Lenient;

    /// <summary>By the base's success count, as in <c>eval passk</c>.</summary>
    public string Buckets { get; init; } = "kim6";
    public int? BatchSize { get; init; }
    public int? Threads { get; init; }
    public string? Dtype { get; init; }
    public string? Device { get; init; }

    /// <summary>Tokens of a completion, for the plan's estimates alone; null = guessed.</summary>
    public int? ExpectedCompletionLength { get; init; }

    /// <summary>Null = runs/NAME.</summary>
    public string? OutputDir { get; init; }
}
