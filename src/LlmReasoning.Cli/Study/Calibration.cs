using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tables;
using Serilog;

namespace LlmReasoning.Cli.Study;

/// <summary>The measured speed of this machine with a model of a study's size, kept in the user's cache folder. Only estimates depend on it.</summary>
internal static class Calibration
{
    private const double SamplingSeconds = 8;
    private const int TrainingSteps = 6;

    private static string CacheFile => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "llm-reasoning", "speed.json");

    /// <summary>What <see cref="Measure"/> found on this machine, or null.</summary>
    public static Speed? Read(StudyDesign design) => ReadAll().GetValueOrDefault(KeyOf(design));

    /// <summary>Samples the base model for some seconds and trains it for some steps, by the commands that the stages are.</summary>
    public static Speed Measure(Command root, StudyDesign design)
    {
        var folder = Directory.CreateTempSubdirectory("llm-reasoning-calibration-").FullName;
        try
        {
            var (samplingRate, samples) = Sampling(root, design, folder);
            var speed = new Speed(samplingRate, Training(root, design, folder, samples));
            Remember(design, speed);
            return speed;
        }
        finally
        {
            Logging.Close();
            Directory.Delete(folder, recursive: true);
        }
    }

    // What was measured serves this plan even where it cannot be kept for later ones.
    private static void Remember(StudyDesign design, Speed speed)
    {
        var all = ReadAll();
        all[KeyOf(design)] = speed;
        try
        {
            AtomicFile.WriteText(CacheFile, JsonSerializer.Serialize(all) + "\n");
        }
        catch (UserException e)
        {
            Log.Warning("the measured speed is not kept for later plans: {Reason:l}", e.Message);
        }
    }

    // The first run warms up and tells how many samples the second can draw.
    private static (double Rate, List<Sample> Samples) Sampling(Command root, StudyDesign design, string folder)
    {
        var problems = Math.Min(16, design.TestProblems.Count);
        var first = Sample(root, design, Path.Combine(folder, "first"), problems, n: 1);
        var perSample = first.Samples.Average(sample => (double)sample.CompletionTokens);
        var n = (int)Math.Clamp(2 * SamplingSeconds * first.Rate / perSample / problems, 2, 256);
        return Sample(root, design, Path.Combine(folder, "second"), problems, n);
    }

    private static (double Rate, List<Sample> Samples) Sample(Command root, StudyDesign design, string folder, int problems, int n)
    {
        var watch = Stopwatch.StartNew();
        var config = design.Config;
        List<string> arguments =
        [
            "sample", "--model", design.Model, "--problems", design.TestSource,
            "--limit", Text(problems), "--n", Text(n), "--max-new-tokens", Text(config.MaxCompletionLength), "--template", config.Template, "--output", folder,
        ];
        if (config.BatchSize is { } batch) { arguments.AddRange(["--batch-size", Text(batch)]); }
        if (config.Threads is { } threads) { arguments.AddRange(["--threads", Text(threads)]); }
        if (config.Dtype is { } dtype) { arguments.AddRange(["--dtype", dtype]); }
        if (config.Device is { } device) { arguments.AddRange(["--device", device]); }
        Program.Run(root, arguments);
        var seconds = watch.Elapsed.TotalSeconds;
        var samples = SampleFile.Read(SampleFile.InFolder(folder)!).ToList();
        return (samples.Sum(sample => (double)sample.CompletionTokens) / seconds, samples);
    }

    private static double Training(Command root, StudyDesign design, string folder, List<Sample> samples)
    {
        var texts = design.TestProblems.ToDictionary(problem => problem.Id, problem => problem.Text, StringComparer.Ordinal);
        var data = Path.Combine(folder, "data.jsonl");
        File.WriteAllLines(data, samples.Select(sample => JsonSerializer.Serialize(new { problem = texts[sample.ProblemId], response = sample.Text })));
        var run = Path.Combine(folder, "run");
        Program.Run(root,
        [
            "train", "distill", "--model", design.Model, "--teacher-data", data, "--output", run,
            "--set", $"max_steps={Text(TrainingSteps)}", "--set", "per_device_train_batch_size=32", "--set", $"template={design.Config.Template}", "--set", "learning_rate=1e-12", "--set", "drop_overlong=true",
        ]);
        var rows = File.ReadAllLines(Path.Combine(run, "metrics.csv")).Select(line => line.Split(',')).ToList();
        double Sum(string column) => rows.Skip(2).Sum(row => double.Parse(row[Array.IndexOf(rows[0], column)], CultureInfo.InvariantCulture));      // without the first step
        var prompts = samples.Sum(sample => (double)(sample.PromptTokens + sample.CompletionTokens)) / samples.Sum(sample => (double)sample.CompletionTokens);
        var seconds = StepTimings.Read(Path.Combine(run, StepTimings.FileName)).Skip(1).Sum(timing => timing.Seconds);
        return Sum("trained_tokens") * prompts / seconds;
    }

    private static string KeyOf(StudyDesign design) =>
        string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}, {Environment.ProcessorCount} processors, {design.Parameters} parameters, device {design.Config.Device ?? "default"}");

    private static Dictionary<string, Speed> ReadAll()
    {
        try
        {
            return File.Exists(CacheFile) ? JsonSerializer.Deserialize<Dictionary<string, Speed>>(RegularFile.ReadText(CacheFile)) ?? [] : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or UserException)
        {
            return [];
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
