using System.Diagnostics;

namespace LlmReasoning.Cli.Tests.Study;

/// <summary>A study that ran from end to end, undisturbed.</summary>
public sealed class FinishedStudy : IDisposable
{
    internal TinyStudy Study { get; } = new();

    internal BuiltProgram.Finished Run { get; }

    public FinishedStudy()
    {
        BuiltProgram.NeedsLibtorch();
        Run = Study.Run("whole");
    }

    public void Dispose() => Study.Dispose();
}

/// <summary>study run and study plan as processes, with the embedded model.</summary>
public sealed class StudyCommandTests(FinishedStudy finished) : IClassFixture<FinishedStudy>
{
    private const string Few = "arms=[base, rlvr, base-base]";

    private readonly TinyStudy _study = finished.Study;

    [Fact]
    public void EveryArmIsMadeEvaluatedAndCompared()
    {
        Assert.True(finished.Run.ExitCode == 0, finished.Run.Error);
        foreach (var arm in (string[])["rlvr", "base-base", "base-rlvr", "rlvr-rlvr", "reasoning-only", "new-knowledge"])
        {
            foreach (var file in (string[])["test/report.html", "train/passk.csv", "run/metrics.csv", "run/checkpoints/step-000004/model.safetensors", "compare/buckets.csv", "compare/report.html"])
            {
                Assert.True(File.Exists(Path.Combine(_study.Path("whole"), "seed-0", arm, file)), $"{arm}/{file}");
            }
            Assert.Contains(arm, finished.Run.Output, StringComparison.Ordinal);
        }
        Assert.Contains("base again (control)", finished.Run.Output, StringComparison.Ordinal);
        Assert.Matches("a1 RLVR raises pass@1\\. .* not enough data", finished.Run.Output);
        Assert.All((string[])["report.html", "summary.md", "figures/study.png", "tables/claims.csv"], file => Assert.True(File.Exists(_study.Path($"whole/report/{file}")), file));
        var description = System.Text.Json.JsonDocument.Parse(File.ReadAllText(_study.Path("whole/study.json"))).RootElement;
        Assert.Equal(("tiny", 7, 4), (description.GetProperty("name").GetString(), description.GetProperty("arms").GetArrayLength(), description.GetProperty("k").GetInt32()));
    }

    [Fact]
    public void AFinishedStudyIsNotMadeAgain()
    {
        string[] Times() => [.. Directory.EnumerateFiles(_study.Path("whole"), "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) is not ("study.json" or ".lock"))
            .Order().Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O}")];
        var before = Times();
        var again = _study.Run("whole");
        Assert.Equal((0, finished.Run.Output, ""), (again.ExitCode, again.Output, again.Error));
        Assert.Equal(before, Times());
    }

    [Theory]
    [InlineData("summary.md")]
    [InlineData("../seed-0/rlvr/run/timings.jsonl")]
    public void AReportThatIsNotThatOfTheFoldersIsWrittenAgain(string changed)
    {
        Assert.Equal(0, _study.Run("report again", "--set", "arms=[base, rlvr]").ExitCode);
        var (summary, file) = (_study.Path("report again/report/summary.md"), _study.Path($"report again/report/{changed}"));
        var (text, time) = (File.ReadAllText(summary), File.GetLastWriteTimeUtc(summary));
        File.AppendAllText(file, "\n");
        Assert.Equal(0, _study.Run("report again", "--set", "arms=[base, rlvr]").ExitCode);
        Assert.Equal(text, File.ReadAllText(summary));
        Assert.True(File.GetLastWriteTimeUtc(summary) > time);
    }

    [Fact]
    public void AStudyThatIsKilledAgainAndAgainEndsWithTheSameFiles()
    {
        var random = new Random(1);
        for (var kill = 0; kill < 4; kill++)
        {
            using var process = Start("killed");
            var files = Files("killed") + random.Next(1, 40);
            while (!process.HasExited && Files("killed") < files) { Thread.Sleep(1); }
            Thread.Sleep(random.Next(100));
            process.Kill();
            process.WaitForExit();
        }
        Assert.Equal(0, _study.Run("killed", "--set", Few).ExitCode);
        AssertSame("killed");
    }

    [Fact]
    public void AnInterruptedStudyEndsWith130AndGoesOn()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("signals are sent by kill"); }
        using (var process = Start("interrupted"))
        {
            while (!process.HasExited && !File.Exists(_study.Path("interrupted/seed-0/base/test/samples.jsonl"))) { Thread.Sleep(5); }
            Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit();
            var run = BuiltProgram.Finish(process);
            Assert.True(run.ExitCode == 130, run.Error);
        }
        Assert.Equal(0, _study.Run("interrupted", "--set", Few).ExitCode);
        AssertSame("interrupted");
    }

    [Fact]
    public void StagesRunByHandGiveTheSameFilesAndTheStudyTakesThemOver()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("the lines are for a POSIX shell"); }
        var script = BuiltProgram.Run("study", "plan", "--config", _study.Config, "--output", _study.Path("by hand"), "--set", Few, "--commands").Output;
        var program = $"llm-reasoning() {{ '{BuiltProgram.Dotnet}' '{Path.Combine(BuiltProgram.Folder, "llm-reasoning.dll")}' \"$@\"; }}\nset -e\n";
        var start = new ProcessStartInfo("bash", ["-c", program + script]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var run = BuiltProgram.Finish(process);
        Assert.True(run.ExitCode == 0, run.Error);
        AssertSame("by hand");
        Assert.True(File.Exists(_study.Path("by hand/seed-0/base-base/compare/stage.json")));
    }

    [Fact]
    public void AChangeMakesAnewWhatDependsOnItAndSaysWhy()
    {
        Assert.Equal(0, _study.Run("changed", "--set", "arms=[base, rlvr]").ExitCode);
        var before = File.GetLastWriteTimeUtc(_study.Path("changed/seed-0/base/test/stage.json"));
        var config = _study.Path("slower.yaml");
        File.WriteAllText(config, File.ReadAllText(_study.Path("rlvr.yaml")).Replace("3.0e-4", "1.0e-4", StringComparison.Ordinal));
        var run = _study.Run("changed", "--set", "arms=[base, rlvr]", "--set", "rlvr_config=slower.yaml");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("seed-0/rlvr/run is made anew (learning_rate changed from 0.0003 to 0.0001)", run.Error, StringComparison.Ordinal);
        Assert.Contains("seed-0/rlvr/test is made anew (depends on rlvr/run", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("base/test is made anew", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.GetLastWriteTimeUtc(_study.Path("changed/seed-0/base/test/stage.json")));
    }

    [Theory]
    [InlineData("--seeds is 0", "--seeds", "0")]
    [InlineData("--seeds is 1,1", "--seeds", "1,1")]
    [InlineData("--seeds is two", "--seeds", "two")]
    [InlineData("add rlvr", "--set", "arms=[base, rlvr-rlvr]")]
    public void AMistakeIsOneLine(string message, string option, string value)
    {
        var run = _study.Run("mistake", option, value);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.OneErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_study.Path("mistake")));
    }

    private int Files(string output)
    {
        try
        {
            return Directory.Exists(_study.Path(output)) ? Directory.EnumerateFiles(_study.Path(output), "*", SearchOption.AllDirectories).Count() : 0;
        }
        catch (DirectoryNotFoundException)          // a checkpoint that was just renamed
        {
            return 0;
        }
    }

    private Process Start(string output) =>
        BuiltProgram.Start(BuiltProgram.Folder, BuiltProgram.TorchLib, "study", "run", "--config", _study.Config, "--output", _study.Path(output), "--set", Few);

    /// <summary>Tables, samples, training sets, weights and figures are those of the undisturbed study, byte for byte; timings.jsonl is the clock's.</summary>
    private void AssertSame(string output)
    {
        string[] kinds = [".csv", ".jsonl", ".safetensors", ".svg", ".png"];
        var compared = 0;
        foreach (var path in Directory.EnumerateFiles(_study.Path(output), "*", SearchOption.AllDirectories).Where(path => kinds.Contains(Path.GetExtension(path))))
        {
            var name = Path.GetRelativePath(_study.Path(output), path);
            if (name.StartsWith("report", StringComparison.Ordinal)) { continue; }      // of all arms there, of few here
            if (Path.GetFileName(path) == "timings.jsonl") { continue; }
            var expected = Path.Combine(_study.Path("whole"), name);
            Assert.True(File.ReadAllBytes(expected).AsSpan().SequenceEqual(File.ReadAllBytes(path)), name);
            compared++;
        }
        Assert.True(compared > 60, $"{compared} files");
    }
}
