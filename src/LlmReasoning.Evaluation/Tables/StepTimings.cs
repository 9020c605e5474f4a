using System.Text.Json;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>timings.jsonl of a training run, a line a step: its parts' seconds by the clock. They stand apart because two equal runs differ in them, and in no other file of numbers.</summary>
public sealed class StepTimings
{
    public const string FileName = "timings.jsonl";

    private readonly string _path;

    /// <param name="path">Made with the first step.</param>
    /// <param name="lastStep">Lines of later steps are removed: those steps are done again.</param>
    public StepTimings(string path, int lastStep)
    {
        _path = path;
        if (!File.Exists(path)) { return; }
        string[] lines = Lines(path);
        string[] kept = [.. lines.Where(line => Parse(line) is { } timing && timing.Step <= lastStep)];
        if (kept.Length < lines.Length) { AtomicFile.WriteText(path, string.Concat(kept.Select(line => line + "\n"))); }
    }

    /// <summary>Appends a step: {"step":3,"rollout":0.41,"train":0.25}.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="parts">Seconds of each part.</param>
    public void Append(int step, IReadOnlyList<(string Name, double Seconds)> parts)
    {
        var line = new Dictionary<string, object> { ["step"] = step };
        foreach (var (name, seconds) in parts) { line.Add(name, Math.Round(seconds, 6)); }
        File.AppendAllText(_path, JsonSerializer.Serialize(line) + "\n");
    }

    /// <summary>The seconds of each step, all its parts together; empty where there is no file. A line that a kill has torn does not count.</summary>
    public static IReadOnlyList<(int Step, double Seconds)> Read(string path) =>
        File.Exists(path) ? [.. Lines(path).Select(Parse).OfType<(int, double)>()] : [];

    private static string[] Lines(string path) => RegularFile.ReadText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static (int Step, double Seconds)? Parse(string line)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            return (parsed.RootElement.GetProperty("step").GetInt32(), parsed.RootElement.EnumerateObject().Where(part => part.Name != "step").Sum(part => part.Value.GetDouble()));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
