using LlmReasoning.Evaluation.Report.Study;

namespace LlmReasoning.Cli.Study;

/// <summary>What a study's report is made from; its stage.json tells whether it is written, as those of the stages do.</summary>
internal sealed class ReportRecord
{
    public const string FolderName = "report";

    // Of a stage. stage.json has the hashes of its results.
    private static readonly string[] s_read = [StageRecord.FinishedFile, "config.yaml", "manifest.json", "metrics.csv", "timings.jsonl"];

    private readonly FileHashes _hashes = new();
    private readonly StageRecord? _before;
    private readonly StageRecord _now;

    private ReportRecord(StudyDesign design)
    {
        Folder = Path.Combine(design.Folder, FolderName);
        _before = StageRecord.Read(RecordPath);
        string[] files = [StudyFolder.StudyFile, .. design.Stages.SelectMany(stage => s_read.Select(file => $"{stage.Name}/{file}"))];
        _now = new()
        {
            Stage = FolderName,
            // The second is another one whenever the report's code is.
            Settings = new Dictionary<string, string> { ["program"] = ProgramVersion.Text, ["module"] = $"{typeof(StudyReport).Module.ModuleVersionId}" },
            Files = Contents(files.Where(file => File.Exists(Path.Combine(design.Folder, file))), design.Folder, _before?.Files),
            Inputs = new SortedDictionary<string, string>(),
        };
    }

    /// <summary>The report's.</summary>
    public string Folder { get; }

    private string RecordPath => Path.Combine(Folder, StageRecord.FinishedFile);

    /// <summary>Of a finished study.</summary>
    public static ReportRecord Of(StudyDesign design) => new(design);

    /// <summary>Whether the report was made from all this, and lies there as it was written.</summary>
    public bool IsWritten() =>
        _before is { Outputs.Count: > 0 } && _before.Difference(_now, new Dictionary<string, string>()) is null
        && _before.Outputs.All(output => new FileInfo(Path.Combine(Folder, output.Key)) is { Exists: true } file && file.Length == output.Value.Bytes);

    /// <summary>Before it is written: half a report counts as none.</summary>
    public void Forget()
    {
        if (File.Exists(RecordPath)) { File.Delete(RecordPath); }
    }

    /// <summary>After it is written.</summary>
    public void Remember()
    {
        var written = Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Where(path => !StudyFolder.IsLeftover(Path.GetFileName(path)));
        (_now with { Outputs = Contents(written, Folder, null) }).WithHash().Write(RecordPath);
    }

    private SortedDictionary<string, FileContent> Contents(IEnumerable<string> files, string folder, IReadOnlyDictionary<string, FileContent>? before) =>
        new(files.ToDictionary(file => file, file => _hashes.Of(Path.Combine(folder, file), before?.GetValueOrDefault(file))), StringComparer.Ordinal);
}
