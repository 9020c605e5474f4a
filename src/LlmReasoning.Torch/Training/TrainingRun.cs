using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Training;

/// <summary>A run's folder: metrics.csv, samples/ and checkpoints/step-000100/ with the trainer's state in trainer/.</summary>
/// <remarks>All else that a step depends on (data order, random numbers) is a function of seed and step, so weights, moments and step continue a run bit for bit.</remarks>
public sealed class TrainingRun
{
    private const string Prefix = "step-";

    private readonly string _metrics;
    private string? _header;

    private TrainingRun(string folder, int lastStep)
    {
        (Folder, LastStep) = (folder, lastStep);
        _metrics = Path.Combine(folder, "metrics.csv");
        Directory.CreateDirectory(folder);
        KeepMetricsUntil(lastStep);
    }

    public string Folder { get; }

    /// <summary>The step of the last checkpoint; 0 = a new run.</summary>
    public int LastStep { get; }

    /// <summary>Opens a folder for a new run, or for one that goes on.</summary>
    /// <exception cref="UserException">There are checkpoints and <paramref name="resume"/> is false.</exception>
    public static TrainingRun Open(string folder, bool resume)
    {
        var last = Steps(folder).LastOrDefault();
        if (last > 0 && !resume) { throw new UserException($"{folder}: holds a run up to step {last}; go on with --resume, or choose another --output"); }
        return new(folder, last);
    }

    /// <summary>The folder of a step's checkpoint, a model folder like any other.</summary>
    public static string CheckpointOf(string folder, int step) => Path.Combine(folder, "checkpoints", $"{Prefix}{step:D6}");

    /// <summary>Takes the optimizer's state from the last checkpoint; its weights are loaded with the model.</summary>
    public void Restore(AdamW optimizer)
    {
        using var file = SafetensorsFile.Open(Path.Combine(CheckpointOf(Folder, LastStep), "trainer", "optimizer.safetensors"));
        optimizer.Restore(file);
    }

    /// <summary>Writes a checkpoint, whole or not at all, and removes the oldest beyond the limit.</summary>
    /// <param name="step">The step just done.</param>
    /// <param name="sourceFolder">Whose config and tokenizer files go with the weights.</param>
    /// <param name="limit">How many checkpoints stay; null = all.</param>
    public void Save(int step, CausalLM model, AdamW optimizer, string sourceFolder, int? limit)
    {
        var target = CheckpointOf(Folder, step);
        if (Directory.Exists(target)) { return; }
        AtomicFolder.Write(target, beside =>
        {
            Checkpoint.Write(beside, File.ReadAllText(Path.Combine(sourceFolder, "config.json")), model.Weights(), Checkpoint.Companions(sourceFolder));
            Directory.CreateDirectory(Path.Combine(beside, "trainer"));
            SafetensorsWriter.Write(Path.Combine(beside, "trainer", "optimizer.safetensors"), optimizer.State(), metadata: null);
            AtomicFile.WriteText(Path.Combine(beside, "trainer", "state.json"), JsonSerializer.Serialize(new { step }) + "\n");
        });
        if (limit is null) { return; }
        foreach (var old in Steps(Folder).SkipLast(limit.Value)) { Directory.Delete(CheckpointOf(Folder, old), recursive: true); }
    }

    /// <summary>Appends one row to metrics.csv; the columns are those of the first row.</summary>
    public void WriteMetrics(IReadOnlyList<(string Name, double? Value)> row)
    {
        var header = string.Join(',', row.Select(column => column.Name));
        if (_header is not null && _header != header) { throw new ArgumentException($"the columns are {_header}", nameof(row)); }
        var text = new StringBuilder();
        if (_header is null) { text.Append(header).Append("\r\n"); }
        text.AppendJoin(',', row.Select(column => column.Value?.ToString("R", CultureInfo.InvariantCulture) ?? "")).Append("\r\n");
        File.AppendAllText(_metrics, text.ToString());
        _header = header;
    }

    // Rows that a killed run wrote after its last checkpoint are written again.
    private void KeepMetricsUntil(int lastStep)
    {
        if (!File.Exists(_metrics)) { return; }
        var lines = File.ReadAllLines(_metrics);
        if (lines.Length == 0 || lastStep == 0)
        {
            File.Delete(_metrics);
            return;
        }
        _header = lines[0];
        var kept = lines.Skip(1).Where(line => int.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out var step) && step <= lastStep);
        AtomicFile.WriteText(_metrics, string.Concat(kept.Prepend(_header).Select(line => line + "\r\n")));
    }

    private static List<int> Steps(string folder)
    {
        var checkpoints = Path.Combine(folder, "checkpoints");
        if (!Directory.Exists(checkpoints)) { return []; }
        return [.. Directory.GetDirectories(checkpoints, Prefix + "*")
            .Select(path => int.TryParse(Path.GetFileName(path)[Prefix.Length..], CultureInfo.InvariantCulture, out var step) ? step : 0)
            .Where(step => step > 0)
            .Order()];
    }
}
