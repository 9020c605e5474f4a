using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tables;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Runs;
using SamplingSettings = LlmReasoning.Evaluation.Samples.SamplingSettings;

namespace LlmReasoning.Torch.Training;

/// <summary>A run's folder: metrics.csv and other tables by step, timings.jsonl, tensorboard/, figures/, samples/ and checkpoints/step-000100/ with the trainer's state in trainer/.</summary>
/// <remarks>All else that a step depends on (data order, random numbers) is a function of seed and step, so weights, moments and step continue a run bit for bit.</remarks>
public sealed class TrainingRun
{
    private const string Prefix = "step-";

    private readonly EventFile _events;
    private readonly StepTimings _timings;
    private readonly Dictionary<string, StepTable> _tables = [];
    private readonly BestMetric? _best;

    private TrainingRun(string folder, int lastStep, BestMetric? best)
    {
        (Folder, LastStep, _best) = (folder, lastStep, best);
        if (File.Exists(folder)) { throw new UserException($"{folder}: is a file; name a folder to write to"); }
        Directory.CreateDirectory(folder);
        RemoveRemains();
        Metrics = Table("metrics.csv");
        _timings = new StepTimings(Path.Combine(folder, StepTimings.FileName), lastStep);
        _events = new EventFile(Path.Combine(folder, "tensorboard"), lastStep);
    }

    public string Folder { get; }

    /// <summary>The step of the last checkpoint; 0 = a new run.</summary>
    public int LastStep { get; }

    /// <summary>Whether metrics.csv ends with the last step and has no evaluation of it: one that was due was interrupted.</summary>
    public bool LacksEval => LastStep > 0 && Metrics.Last("step") == LastStep && Metrics.Last("eval/pass@1") is null;

    /// <summary>metrics.csv.</summary>
    public StepTable Metrics { get; }

    /// <summary>Opens a folder for a new run, or for one that goes on: what was written after its last checkpoint is removed.</summary>
    /// <param name="best">By what the best checkpoint is chosen; null = there is none.</param>
    /// <exception cref="UserException">There are checkpoints and <paramref name="resume"/> is false.</exception>
    public static TrainingRun Open(string folder, bool resume, BestMetric? best = null)
    {
        var last = LastStepOf(folder);
        if (last > 0 && !resume) { throw new UserException($"{folder}: holds a run up to step {last}; go on with --resume, or choose another --output"); }
        return new(folder, last, best);
    }

    /// <summary>The step of a folder's last checkpoint; 0 = there is none.</summary>
    public static int LastStepOf(string folder) => Steps(folder).LastOrDefault();

    /// <summary>The folder of a step's checkpoint, a model folder like any other.</summary>
    public static string CheckpointOf(string folder, int step) => Path.Combine(folder, "checkpoints", $"{Prefix}{step:D6}");

    /// <summary>A table of the run, such as buckets.csv; when it is first asked for, the rows after the last checkpoint are removed.</summary>
    public StepTable Table(string name)
    {
        if (!_tables.TryGetValue(name, out var table)) { _tables.Add(name, table = new(Path.Combine(Folder, name), LastStep)); }
        return table;
    }

    /// <summary>Takes the optimizer's state from the last checkpoint; its weights are loaded with the model.</summary>
    public void Restore(AdamW optimizer)
    {
        using var file = SafetensorsFile.Open(Path.Combine(CheckpointOf(Folder, LastStep), "trainer", "optimizer.safetensors"));
        optimizer.Restore(file);
    }

    /// <summary>Appends one row to metrics.csv and its numbers to TensorBoard; the columns are those of the first row.</summary>
    /// <param name="row">The first is the step.</param>
    /// <exception cref="UserException">The metric of the best checkpoint is no column.</exception>
    public void WriteMetrics(IReadOnlyList<(string Name, double? Value)> row)
    {
        string[] names = [.. row.Select(column => column.Name)];
        if (_best is not null && !names.Contains(_best.Column))
        {
            var nearest = NearestName.Of(_best.Column, names);
            throw new UserException($"metric_for_best_model is {_best.Column}, which is no column of metrics.csv; {(nearest is null ? $"they are {string.Join(", ", names[1..])}" : $"did you mean {nearest}?")}");
        }
        Metrics.Append(names, [.. row.Select(column => (object?)column.Value)]);
        WriteScalars((int)row[0].Value!.Value, row.Skip(1));
    }

    /// <summary>Fills empty fields of the last row, that of an evaluation which was interrupted.</summary>
    public void CompleteMetrics(IReadOnlyList<(string Name, double? Value)> columns)
    {
        var values = columns.ToDictionary(column => column.Name, column => column.Value);
        Metrics.ReplaceLast([.. Metrics.Header.Select(name => (object?)(values.GetValueOrDefault(name) ?? Metrics.Last(name)))]);
        WriteScalars((int)Metrics.Last("step")!.Value, columns);
        WriteBest();
    }

    /// <summary>Appends a step's seconds to timings.jsonl; TensorBoard has them as seconds/NAME.</summary>
    public void WriteTimings(int step, IReadOnlyList<(string Name, double Seconds)> parts)
    {
        _timings.Append(step, parts);
        WriteScalars(step, parts.Select(part => ($"seconds/{part.Name}", (double?)part.Seconds)));
    }

    /// <summary>Numbers for TensorBoard alone; those that are null are left out.</summary>
    public void WriteScalars(int step, IEnumerable<(string Name, double? Value)> scalars)
    {
        (string, double)[] known = [.. scalars.Where(scalar => scalar.Value is not null).Select(scalar => (scalar.Name, scalar.Value!.Value))];
        if (known.Length > 0) { _events.Write(step, known); }
    }

    /// <summary>Writes a step's completions to samples/, in the format of the command sample.</summary>
    /// <param name="shared">What they have in common.</param>
    public void WriteSamples(int step, SamplingSettings shared, IEnumerable<Completion> completions)
    {
        var path = Path.Combine(Folder, "samples", $"{Prefix}{step:D6}.jsonl");
        if (File.Exists(path)) { File.Delete(path); }
        using var writer = new SampleWriter(path);
        foreach (var completion in completions) { writer.Append(SamplingRun.SampleOf(completion, shared, $"{Prefix}{step:D6}")); }
    }

    /// <summary>Writes a checkpoint, whole or not at all, and the curves so far; removes the oldest checkpoints beyond the limit, but never the best.</summary>
    /// <param name="step">The step just done; its metrics are written.</param>
    /// <param name="sourceFolder">Whose config and tokenizer files go with the weights.</param>
    /// <param name="limit">How many checkpoints stay, the best one not counted; null = all.</param>
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
        Complete(limit);
    }

    /// <summary>Does what follows a checkpoint: names the best, draws the curves where they are missing or older than metrics.csv, removes the oldest checkpoints. Of a run that was killed in this the next start makes up for it.</summary>
    /// <param name="limit">As in <see cref="Save"/>.</param>
    public void Complete(int? limit)
    {
        var best = WriteBest();
        if (AreCurvesOld()) { TrainingCurves.Write(this); }
        if (limit is null) { return; }
        foreach (var old in Steps(Folder).SkipLast(limit.Value).Where(old => old != best)) { Remove(CheckpointOf(Folder, old)); }
    }

    // A file that is missing has a time long ago. Equal times say nothing: the clock of files is coarse.
    private bool AreCurvesOld()
    {
        var metrics = File.GetLastWriteTimeUtc(Path.Combine(Folder, "metrics.csv"));
        return TrainingCurves.Files.Any(file => File.GetLastWriteTimeUtc(Path.Combine(Folder, "figures", file)) <= metrics);
    }

    // checkpoints/best.json. Chosen anew from metrics.csv among the checkpoints that are there: nothing to carry over where a run goes on.
    private int? WriteBest()
    {
        if (_best is null) { return null; }
        var steps = Steps(Folder);
        var rows = Metrics.Column(_best.Column).Where(row => steps.Contains((int)row.Step) && double.IsFinite(row.Value)).ToList();
        if (rows.Count == 0) { return null; }
        var (step, value) = _best.GreaterIsBetter ? rows.MaxBy(row => row.Value) : rows.MinBy(row => row.Value);
        AtomicFile.WriteText(
            Path.Combine(Folder, "checkpoints", "best.json"),
            JsonSerializer.Serialize(new { step = (int)step, checkpoint = $"{Prefix}{(int)step:D6}", metric = _best.Column, value }) + "\n");
        return (int)step;
    }

    // Out of the way first: half a folder would look like a checkpoint.
    private static void Remove(string checkpoint)
    {
        var aside = Path.Combine(Path.GetDirectoryName(checkpoint)!, $".{Path.GetFileName(checkpoint)}.removed");
        Directory.Move(checkpoint, aside);
        Directory.Delete(aside, recursive: true);
    }

    // What a killed run left: halves of checkpoints and files, and completions of steps that are done again.
    private void RemoveRemains()
    {
        foreach (var folder in new[] { Folder, Path.Combine(Folder, "figures"), Path.Combine(Folder, "checkpoints"), Path.Combine(Folder, "samples") }.Where(Directory.Exists))
        {
            foreach (var half in Directory.GetDirectories(folder, $".{Prefix}*")) { Directory.Delete(half, recursive: true); }
            foreach (var half in Directory.GetFiles(folder, ".*.tmp")) { File.Delete(half); }
            foreach (var file in Directory.GetFiles(folder, $"{Prefix}*.jsonl").Where(file => StepOf(Path.GetFileNameWithoutExtension(file)) > LastStep)) { File.Delete(file); }
        }
    }

    private static List<int> Steps(string folder)
    {
        var checkpoints = Path.Combine(folder, "checkpoints");
        if (!Directory.Exists(checkpoints)) { return []; }
        return [.. Directory.GetDirectories(checkpoints, Prefix + "*").Select(path => StepOf(Path.GetFileName(path))).Where(step => step > 0).Order()];
    }

    private static int StepOf(string name) => int.TryParse(name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : 0;
}
