using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmReasoning.Cli.Study;

/// <summary>A study's folder: whether it is one, and what killed processes left there.</summary>
internal static class StudyFolder
{
    public const string StudyFile = "study.json";

    private static readonly JsonSerializerOptions s_style = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Refuses a folder that holds something else than a study.</summary>
    /// <exception cref="UserException">It does, or is a file.</exception>
    public static void RequireOwn(string folder)
    {
        if (File.Exists(folder)) { throw new UserException($"{folder}: is a file; choose another --output"); }
        if (!Directory.Exists(folder) || File.Exists(Path.Combine(folder, StudyFile))) { return; }
        var foreign = Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)
            .FirstOrDefault(name => !IsLeftover(name) && name != OutputFolder.LockFile && !name.StartsWith("seed-", StringComparison.Ordinal));
        if (foreign is not null) { throw new UserException($"{folder}: holds {foreign} and no {StudyFile}, so it is no study's folder; choose another --output"); }
    }

    /// <summary>Writes study.json, which the report reads.</summary>
    public static void Describe(StudyDesign design)
    {
        var config = design.Config;
        var study = new
        {
            name = design.Name,
            description = config.Description,
            model = config.ModelNameOrPath,
            synthetic = config.TestProblems.StartsWith("embedded-", StringComparison.Ordinal),
            seeds = design.Seeds,
            arms = design.Arms,
            k = config.K,
            n_train = config.NTrain,
            n_train_rlvr = config.NTrainRlvr,
            min_base_correct = config.MinBaseCorrect,
            train_problems = config.TrainProblems,
            test_problems = config.TestProblems,
            teacher = config.Teacher ?? (config.TeacherData is { } data ? string.Join(", ", data) : null),
            buckets = config.Buckets,
        };
        AtomicFile.WriteText(Path.Combine(design.Folder, StudyFile), JsonSerializer.Serialize(study, s_style) + "\n");
    }

    /// <summary>Whether a name is of something that is written beside its target and renamed when whole.</summary>
    public static bool IsLeftover(string name) => name.StartsWith('.') && name.EndsWith(".tmp", StringComparison.Ordinal);

    /// <summary>Removes a stage's folder, all of it or nothing: a killed removal leaves no folder that looks like a stage.</summary>
    public static void Remove(string folder)
    {
        var beside = Path.Combine(Path.GetDirectoryName(folder)!, $".{Path.GetFileName(folder)}.{Environment.ProcessId}.tmp");
        if (Directory.Exists(beside)) { Directory.Delete(beside, recursive: true); }
        Directory.Move(folder, beside);
        Directory.Delete(beside, recursive: true);
    }

    /// <summary>Removes what killed processes left half written in and beside a stage's folder. Called with the lock held.</summary>
    public static void Sweep(string folder)
    {
        foreach (var parent in (string[])[Path.GetDirectoryName(folder)!, folder, Path.Combine(folder, "checkpoints"), Path.Combine(folder, "figures")])
        {
            if (!Directory.Exists(parent)) { continue; }
            foreach (var entry in Directory.EnumerateFileSystemEntries(parent).Where(path => IsLeftover(Path.GetFileName(path))))
            {
                if (Directory.Exists(entry)) { Directory.Delete(entry, recursive: true); }
                else { File.Delete(entry); }
            }
        }
    }
}
