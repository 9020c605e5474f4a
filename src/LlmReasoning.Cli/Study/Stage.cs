namespace LlmReasoning.Cli.Study;

/// <summary>What a stage does.</summary>
internal enum StageKind
{
    Evaluation,
    Rlvr,
    Selection,
    Distillation,
    Comparison,
}

/// <summary>A file that a stage reads from outside the study.</summary>
/// <param name="Role">Its name in stage.json, which a move does not change, such as "model/config.json".</param>
/// <param name="Path">Where it lies.</param>
internal readonly record struct InputFile(string Role, string Path);

/// <summary>What a stage takes, for the plan; estimates where no run has shown it.</summary>
/// <param name="Samples">Completions drawn.</param>
/// <param name="SampledTokens">Their tokens.</param>
/// <param name="TrainedTokens">Tokens that go through the backward pass.</param>
/// <param name="Bytes">On the disk.</param>
internal readonly record struct StageCost(long Samples, double SampledTokens, double TrainedTokens, double Bytes);

/// <summary>One step of a study: a command of this program that fills one folder.</summary>
internal sealed record Stage
{
    /// <summary>The checkpoint of a run whose number of steps is not known before it is made.</summary>
    public const string LastCheckpoint = "checkpoints/step-*";

    /// <summary>Its folder below the study's, such as "seed-0/rlvr/run".</summary>
    public required string Name { get; init; }
    public required StageKind Kind { get; init; }

    /// <summary>Stages whose results it reads.</summary>
    public required IReadOnlyList<Stage> Inputs { get; init; }

    /// <summary>Files that it reads.</summary>
    public required IReadOnlyList<InputFile> Files { get; init; }

    /// <summary>All else that its result depends on, without paths.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>What the command takes where a setting is not given.</summary>
    public IReadOnlyDictionary<string, string> Defaults { get; init; } = new Dictionary<string, string>();

    /// <summary>The command line behind the program's name; paths are full, a path may end in <see cref="LastCheckpoint"/>.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The full path of its folder.</summary>
    public required string Folder { get; init; }
    public StageCost Cost { get; init; }

    /// <summary>Stages of one level do not read each other's results; from 1.</summary>
    public int Level => 1 + Inputs.Select(input => input.Level).DefaultIfEmpty(0).Max();

    /// <summary>Name without the seed, where one is enough: "rlvr/run".</summary>
    public string ShortName => Name[(Name.IndexOf('/') + 1)..];

    /// <summary>The files below <see cref="Folder"/> by which stages that read this one know it.</summary>
    public IReadOnlyList<string> Outputs() => Kind switch
    {
        StageKind.Evaluation => ["samples.jsonl", "problems.csv"],
        StageKind.Selection => ["sft.jsonl"],
        StageKind.Comparison => ["passk.csv"],
        _ => [Path.Combine(Path.GetRelativePath(Folder, Resolve(Path.Combine(Folder, LastCheckpoint))), "model.safetensors")],
    };

    /// <summary>The arguments with every path as it is now.</summary>
    public IReadOnlyList<string> ResolvedArguments() => [.. Arguments.Select(Resolve)];

    /// <summary>The path of a run's last checkpoint in place of <see cref="LastCheckpoint"/>.</summary>
    public static string Resolve(string path)
    {
        if (!path.EndsWith(LastCheckpoint, StringComparison.Ordinal)) { return path; }
        var folder = Path.GetDirectoryName(path)!;
        return LastCheckpointIn(folder) ?? throw new UserException($"{folder}: holds no checkpoint; run the stage that makes it first");
    }

    /// <summary>The last checkpoint in a run's folder checkpoints, or null.</summary>
    public static string? LastCheckpointIn(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder, "step-*").Max(StringComparer.Ordinal) : null;
}
