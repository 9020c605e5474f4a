namespace LlmReasoning.Cli.Study;

/// <summary>How far a stage is.</summary>
internal enum StageStatus
{
    ToDo,

    /// <summary>Begun with what is asked for now; goes on.</summary>
    Unfinished,

    /// <summary>Made from something else than what is asked for now; made anew.</summary>
    Stale,
    Done,
}

/// <summary>How far a stage is, and why that is not further.</summary>
internal sealed record StageState(StageStatus Status, string Reason = "")
{
    public override string ToString() => Status switch
    {
        StageStatus.Done => "done",
        StageStatus.ToDo => "to do",
        StageStatus.Unfinished => "unfinished",
        _ => $"stale: {Reason}",
    };
}

/// <summary>Which stages of a study are done, from the records in their folders.</summary>
internal sealed class StageStates(FileHashes hashes)
{
    // What a stage of this kind has written whenever it was run by hand, so that a study may take it over.
    private static readonly string[] s_ownFiles = ["config.yaml", "manifest.json", "summary.json", "samples.jsonl"];

    private readonly Dictionary<string, (StageState State, string Hash)> _states = [];

    /// <summary>The state of a stage whose inputs were asked for before.</summary>
    /// <exception cref="UserException">The stage's folder holds something that no stage of a study wrote.</exception>
    public StageState Of(Stage stage)
    {
        var (state, hash) = Find(stage);
        _states[stage.Name] = (state, hash);
        return state;
    }

    /// <summary>What the stage is made from now. Its inputs are done.</summary>
    public StageRecord RecordOf(Stage stage, StageRecord? before = null) => new()
    {
        Stage = stage.Name,
        Settings = stage.Settings,
        Files = new SortedDictionary<string, FileContent>(
            stage.Files.ToDictionary(file => file.Role, file => hashes.Of(file.Path, before?.Files.GetValueOrDefault(file.Role))), StringComparer.Ordinal),
        Inputs = new SortedDictionary<string, string>(stage.Inputs.ToDictionary(input => input.ShortName, input => _states[input.Name].Hash), StringComparer.Ordinal),
    };

    private (StageState State, string Hash) Find(Stage stage)
    {
        if (File.Exists(stage.Folder)) { throw new UserException($"{stage.Folder}: is a file, where the study needs a folder; choose another --output"); }
        var finishedPath = Path.Combine(stage.Folder, StageRecord.FinishedFile);
        var startedPath = Path.Combine(stage.Folder, StageRecord.StartedFile);
        var isFinished = File.Exists(finishedPath);
        if (!isFinished && !File.Exists(startedPath)) { return (WithoutRecord(stage), ""); }
        if (StageRecord.Read(isFinished ? finishedPath : startedPath) is not { } record)
        {
            return (new(StageStatus.Stale, $"{(isFinished ? StageRecord.FinishedFile : StageRecord.StartedFile)} cannot be read"), "");
        }
        if (record.Difference(RecordOf(stage, record), stage.Defaults) is { } difference) { return (new(StageStatus.Stale, difference), ""); }
        foreach (var input in stage.Inputs)
        {
            var (state, hash) = _states[input.Name];
            if (state.Status != StageStatus.Done) { return (new(StageStatus.Stale, $"depends on {input.ShortName}"), ""); }
            if (record.Inputs.GetValueOrDefault(input.ShortName) != hash) { return (new(StageStatus.Stale, $"depends on {input.ShortName}, which was made anew"), ""); }
        }
        if (!isFinished) { return (new(StageStatus.Unfinished), ""); }
        foreach (var (path, content) in record.Outputs)
        {
            var file = new FileInfo(Path.Combine(stage.Folder, path));
            if (content is null || !file.Exists) { return (new(StageStatus.Stale, $"{path} is missing"), ""); }
            if (file.Length != content.Bytes) { return (new(StageStatus.Stale, $"{path} was changed by something else"), ""); }
        }
        return (new(StageStatus.Done), record.Hash);
    }

    private static StageState WithoutRecord(Stage stage)
    {
        if (!Directory.Exists(stage.Folder)) { return new(StageStatus.ToDo); }
        string[] entries = [.. Directory.EnumerateFileSystemEntries(stage.Folder).Select(path => Path.GetFileName(path)!).Where(name => name != OutputFolder.LockFile && !StudyFolder.IsLeftover(name))];
        if (entries.Length == 0) { return new(StageStatus.ToDo); }
        if (!entries.Any(s_ownFiles.Contains))
        {
            throw new UserException($"{stage.Folder}: holds {entries.Min(StringComparer.Ordinal)}, which is not of this study; move it away, or choose another --output");
        }
        // Run by hand: the command itself refuses to go on with other settings, but does not look at everything that it once read.
        if (NewestInput(stage) is var (path, written) && OwnResult(stage) is { Exists: true } result && written > result.LastWriteTimeUtc)
        {
            throw new UserException($"{stage.Folder}: was run by hand before {path} was written; remove it, or choose another --output");
        }
        return new(StageStatus.Unfinished);
    }

    private static (string Path, DateTime Written)? NewestInput(Stage stage)
    {
        // What ships with the program has the time of its build.
        var files = stage.Files.Where(file => !file.Path.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal)).Select(file => new FileInfo(file.Path)).Concat(stage.Inputs.Select(OwnResult).OfType<FileInfo>()).Where(file => file.Exists);
        return files.MaxBy(file => file.LastWriteTimeUtc) is { } newest ? (newest.FullName, newest.LastWriteTimeUtc) : null;
    }

    // What a stage writes first of all that others read. A training run that has no checkpoint yet has none.
    private static FileInfo? OwnResult(Stage stage) =>
        stage.Kind is StageKind.Rlvr or StageKind.Distillation && Stage.LastCheckpointIn(Path.Combine(stage.Folder, "checkpoints")) is null ? null : new(Path.Combine(stage.Folder, stage.Outputs()[0]));
}
