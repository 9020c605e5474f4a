using System.Diagnostics;

namespace LlmReasoning.Cli.Tests;

/// <summary>train rlvr as a process, with the embedded model: what a run leaves, and how it goes on.</summary>
public sealed class TrainRlvrCommandTests : IDisposable
{
    private const int Steps = 8;

    private readonly TemporaryFolder _folder = new();
    private readonly string _config;

    public TrainRlvrCommandTests()
    {
        BuiltProgram.NeedsLibtorch();
        var heldOut = _folder.File("held-out.jsonl", """
            {"id": "a", "problem": "Compute 12+30.", "answer": "42", "level": "1"}
            {"id": "b", "problem": "Compute 7*6-2.", "answer": "40", "level": "2"}
            """);
        _config = _folder.File("config.yaml", $"""
            model_name_or_path: embedded
            problems: embedded-train
            limit: 40
            eval_problems: {heldOut}
            eval_steps: 2
            eval_n: 4
            eval_on_start: true
            prompts_per_step: 6
            num_generations: 4
            max_completion_length: 48
            max_steps: {Steps}
            save_steps: 2
            save_total_limit: 1
            metric_for_best_model: eval/pass@1
            log_completions_steps: 1
            learning_rate: 1.0e-3
            threads: 1
            """);
    }

    public void Dispose() => _folder.Dispose();

    private string Folder(string name) => Path.Combine(_folder.Path, name);

    private string[] Arguments(string name, params string[] more) => ["train", "rlvr", "--config", _config, "--output", Folder(name), .. more];

    [Fact]
    public void ARunThatIsKilledOrInterruptedGoesOnToTheSameBytes()
    {
        Assert.Equal(0, BuiltProgram.Run(Arguments("whole")).ExitCode);

        // Killed at a moment that no checkpoint marks, then interrupted, then left alone.
        StopAfterStep("parts", 3, Random.Shared.Next(300), process => process.Kill(), []);
        var interrupted = StopAfterStep("parts", 5, 0, process => Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit(), ["--resume"]);
        Assert.True(interrupted.ExitCode is 130 or 0, interrupted.Error);                // 0 where it was done before the signal came
        var rest = BuiltProgram.Run(Arguments("parts", "--resume"));
        Assert.True(rest.ExitCode == 0, rest.Error);

        foreach (var file in (string[])["model.safetensors", "trainer/optimizer.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Checkpoint("whole"), file)), File.ReadAllBytes(Path.Combine(Checkpoint("parts"), file)));
        }
        foreach (var file in (string[])["metrics.csv", "buckets.csv", "eval_buckets.csv", "checkpoints/best.json", "figures/curves.svg"])
        {
            Assert.Equal(File.ReadAllText(Path.Combine(Folder("whole"), file)), File.ReadAllText(Path.Combine(Folder("parts"), file)));
        }
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("whole"), "figures/curves.png")), File.ReadAllBytes(Path.Combine(Folder("parts"), "figures/curves.png")));
        var timings = File.ReadAllLines(Path.Combine(Folder("parts"), "timings.jsonl"));
        Assert.Equal(Enumerable.Range(1, Steps), timings.Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32()));
        var samples = Directory.GetFiles(Path.Combine(Folder("whole"), "samples")).Select(path => Path.GetFileName(path)).Order().ToList();
        Assert.Equal(Steps, samples.Count);
        foreach (var file in samples) { Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("whole"), "samples", file)), File.ReadAllBytes(Path.Combine(Folder("parts"), "samples", file))); }
        foreach (var file in (string[])["config.yaml", "manifest.json", "log.txt"]) { Assert.True(File.Exists(Path.Combine(Folder("parts"), file)), file); }
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(Folder("parts"), "tensorboard"), "events.out.tfevents.*"));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(Path.Combine(Folder("parts"), "checkpoints")), path => Path.GetFileName(path).StartsWith('.'));
    }

    [Fact]
    public void AFinishedRunIsLeftAlone()
    {
        Assert.Equal(0, BuiltProgram.Run(Arguments("a", "--set", "max_steps=1", "--completions", "2")).ExitCode);
        var metrics = File.ReadAllText(Path.Combine(Folder("a"), "metrics.csv"));
        var again = BuiltProgram.Run(Arguments("a", "--set", "max_steps=1", "--resume"));
        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.Equal(metrics, File.ReadAllText(Path.Combine(Folder("a"), "metrics.csv")));
    }

    [Fact]
    public void CurvesThatAKillLeftOutAreDrawnWhenAFinishedRunIsStartedAgain()
    {
        string[] arguments = Arguments("a", "--set", "max_steps=1", "--set", "eval_steps=1", "--set", "save_steps=1");
        Assert.Equal(0, BuiltProgram.Run(arguments).ExitCode);
        var curves = Path.Combine(Folder("a"), "figures", "curves.svg");
        var drawn = File.ReadAllText(curves);
        Directory.Delete(Path.Combine(Folder("a"), "figures"), recursive: true);
        Assert.Equal(0, BuiltProgram.Run([.. arguments, "--resume"]).ExitCode);
        Assert.Equal(drawn, File.ReadAllText(curves));
        var time = File.GetLastWriteTimeUtc(curves);
        Assert.Equal(0, BuiltProgram.Run([.. arguments, "--resume"]).ExitCode);
        Assert.Equal(time, File.GetLastWriteTimeUtc(curves));
    }

    [Theory]
    [InlineData("metric_for_best_model=eval/pass1", "metric_for_best_model is eval/pass1; the evaluation's columns are eval/pass@k for k = 1")]
    [InlineData("metric_for_best_model=rewardd", "metric_for_best_model is rewardd, which is no column of metrics.csv; did you mean reward?")]
    [InlineData("save_steps=3", "save_steps is 3; metric_for_best_model is eval/pass@1")]
    [InlineData("base_eval=nowhere", "nowhere: no such folder")]
    [InlineData("device=gpu", "--set: device is gpu; it must be cpu or cuda")]
    [InlineData("dtype=float16", "--set: dtype is float16; gradients underflow in it")]
    [InlineData("max_steps=0", "--set: max_steps is 0; it must be at least 1")]
    [InlineData("log_completions_steps=0", "log_completions_steps is 0; no step writes completions")]
    public void AMistakeIsOneLine(string setting, string message)
    {
        var run = BuiltProgram.Run(Arguments("a", "--set", setting, "--completions", "1"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(message, run.Error.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
    }

    private BuiltProgram.Finished StopAfterStep(string name, int step, int milliseconds, Action<Process> stop, string[] more)
    {
        using var process = BuiltProgram.Start(BuiltProgram.Folder, BuiltProgram.TorchLib, Arguments(name, more));
        var metrics = Path.Combine(Folder(name), "metrics.csv");
        while (!process.HasExited && !(File.Exists(metrics) && LinesOf(metrics).Any(line => line.StartsWith($"{step},", StringComparison.Ordinal)))) { Thread.Sleep(5); }
        Thread.Sleep(milliseconds);
        if (!process.HasExited) { stop(process); }
        return BuiltProgram.Finish(process);
    }

    // As the program leaves it, half lines included.
    private static string[] LinesOf(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n');
    }

    private string Checkpoint(string name) => Path.Combine(Folder(name), "checkpoints", $"step-{Steps:D6}");
}
