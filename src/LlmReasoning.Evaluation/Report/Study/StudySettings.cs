using System.Text.Json;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>How a study's runs were made: what their config.yaml and manifest.json say.</summary>
/// <param name="Stages">Name for the reader and settings of each kind of run, of the first seed.</param>
/// <param name="Versions">Of program, libraries, model, device.</param>
/// <param name="Warnings">Settings that differ where they should not.</param>
internal sealed record StudySettings(
    IReadOnlyList<(string Kind, string Name, IReadOnlyDictionary<string, string> Settings)> Stages, IReadOnlyList<(string Name, string Value)> Versions, IReadOnlyList<string> Warnings)
{
    // Paths, what is meant to differ, and what changes time and memory alone.
    private static readonly string[] NotCompared =
        ["output_dir", "teacher_data", "model_name_or_path", "model_id", "seed", "threads", "save_steps", "save_total_limit", "micro_batch_tokens"];

    public static StudySettings Read(StudyRuns runs)
    {
        var stages = new List<(string, string, IReadOnlyDictionary<string, string>)>();
        var warnings = new List<string>();
        var seed = runs.Seeds[0];
        Add("test", "evaluation", [.. runs.Arms.Select(arm => (arm, runs.FolderOf(seed, arm, "test")))]);
        if (runs.Has(Arm.Rlvr)) { Add("rlvr", "RLVR", [(Arm.Rlvr, runs.FolderOf(seed, Arm.Rlvr, "run"))]); }
        Add("distill", "distillation", [.. runs.Arms.Where(arm => arm is not (Arm.Base or Arm.Rlvr)).Select(arm => (arm, runs.FolderOf(seed, arm, "run")))]);
        return new StudySettings(stages, Manifest(Path.Combine(runs.FolderOf(seed, Arm.Base, "test"), "manifest.json")), warnings);

        void Add(string kind, string name, IReadOnlyList<(string Arm, string Folder)> folders)
        {
            (string Arm, Dictionary<string, string> Settings)[] read = [.. folders.Select(one => (one.Arm, Config(Path.Combine(one.Folder, "config.yaml")))).Where(one => one.Item2.Count > 0)];
            if (read.Length == 0) { return; }
            // Evaluations are compared by their summary.json, which knows what acts on samples.
            foreach (var (arm, settings) in kind == "test" ? [] : read[1..])
            {
                foreach (var (key, value) in settings.Where(pair => !NotCompared.Contains(pair.Key) && read[0].Settings.GetValueOrDefault(pair.Key, pair.Value) != pair.Value))
                {
                    warnings.Add($"{name}: {key} is {value} for {Study.Arm.Name(arm)}, but {read[0].Settings[key]} for {Study.Arm.Name(read[0].Arm)}; differences may come from it.");
                }
            }
            stages.Add((kind, name, read[0].Settings));
        }
    }

    /// <summary>Settings other than the defaults: stage, key, value, default ("" where there is none).</summary>
    /// <param name="defaults">By kind and key; null = not known, then all settings are given.</param>
    public IEnumerable<(string Stage, string Key, string Value, string Default)> Departures(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? defaults)
    {
        foreach (var (kind, name, settings) in Stages)
        {
            var known = defaults?.GetValueOrDefault(kind);
            foreach (var (key, value) in settings)
            {
                if (key is "output_dir" or "teacher_data" or "model_id" || value == "null") { continue; }
                if (known is null || known.GetValueOrDefault(key) != value) { yield return (name, key, value, known?.GetValueOrDefault(key) ?? ""); }
            }
        }
    }

    /// <summary>Wall time of a stage of <c>study run</c>, from its stage.json; null where there is none.</summary>
    public static double? StageSeconds(string folder)
    {
        var path = Path.Combine(folder, "stage.json");
        if (!File.Exists(path)) { return null; }
        try
        {
            using var record = JsonDocument.Parse(RegularFile.ReadBytes(path));
            return record.RootElement.TryGetProperty("seconds", out var seconds) && seconds.TryGetDouble(out var known) ? known : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A config.yaml as this program writes it, one "key: value" a line; empty where there is none.</summary>
    public static Dictionary<string, string> Config(string path)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(path)) { return settings; }
        foreach (var line in RegularFile.ReadText(path).Split('\n'))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0 && line[0] is not ('#' or ' ')) { settings[line[..colon]] = line[(colon + 2)..].Trim(); }
        }
        return settings;
    }

    /// <summary>A text of a config without its quotes; null for null.</summary>
    public static string? Unquoted(string? value)
    {
        if (value is null or "null") { return null; }
        try
        {
            return value.StartsWith('"') ? JsonSerializer.Deserialize(value, StudyJson.Snake.String) : value;
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private static List<(string, string)> Manifest(string path)
    {
        var versions = new List<(string, string)>();
        if (!File.Exists(path)) { return versions; }
        try
        {
            using var manifest = JsonDocument.Parse(RegularFile.ReadBytes(path));
            foreach (var property in manifest.RootElement.EnumerateObject())
            {
                // What differs between equal runs is left out: the report's bytes must not.
                if (property.Name is "started_at" or "command" or "problems") { continue; }
                if (property.Value.ValueKind != JsonValueKind.Object) { versions.Add((property.Name, property.Value.ToString())); }
                else if (property.Name == "model")
                {
                    versions.AddRange(property.Value.EnumerateObject().Where(part => part.Value.ValueKind != JsonValueKind.Object).Select(part => ($"model {part.Name}", part.Value.ToString())));
                }
            }
            return versions;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserException($"{path}: not a manifest ({e.Message.Split('\n')[0].TrimEnd('.')}); make the evaluation anew", e);
        }
    }
}
