using System.Globalization;
using System.Text.Json;

namespace LlmReasoning.Cli.Tests;

/// <summary>sample, eval passk, eval perplexity and data synthesize as processes, with the embedded model.</summary>
public sealed class SamplingCommandTests : IDisposable
{
    private static readonly string[] s_small = ["--model", "embedded", "--problems", "embedded-test", "--limit", "3", "--max-new-tokens", "60"];

    private readonly TemporaryFolder _folder = new();

    public SamplingCommandTests() => BuiltProgram.NeedsLibtorch();

    public void Dispose() => _folder.Dispose();

    private string Folder(string name) => Path.Combine(_folder.Path, name);

    private static BuiltProgram.Finished EvalPassK(string output, params string[] more) =>
        BuiltProgram.Run(["eval", "passk", .. s_small, "--output", output, .. more]);

    [Fact]
    public void EvalPassKWritesSamplesTablesAndPlotAndPrintsTheBuckets()
    {
        var run = EvalPassK(Folder("a"), "--k", "8");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("pass@8", run.Output, StringComparison.Ordinal);
        Assert.Contains("correct of 8", run.Output, StringComparison.Ordinal);
        foreach (var file in (string[])["samples.jsonl", "problems.csv", "passk.csv", "buckets.csv", "summary.json", "summary.md", "manifest.json", "config.yaml", "log.txt", "figures/passk.svg", "figures/passk.png"])
        {
            Assert.True(File.Exists(Path.Combine(Folder("a"), file)), file);
        }
        Assert.Equal(24, File.ReadLines(Path.Combine(Folder("a"), "samples.jsonl")).Count());
    }

    [Fact]
    public void AnInterruptedRunGoesOnToTheSameBytes()
    {
        EvalPassK(Folder("whole"), "--n", "12", "--k", "4");
        var whole = File.ReadAllBytes(Path.Combine(Folder("whole"), "samples.jsonl"));
        Directory.CreateDirectory(Folder("cut"));
        var cut = Path.Combine(Folder("cut"), "samples.jsonl");
        File.WriteAllBytes(cut, whole[..(whole.Length * 2 / 5)]);
        var again = EvalPassK(Folder("cut"), "--n", "12", "--k", "4", "--threads", "1", "--batch-size", "8");
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(whole, File.ReadAllBytes(cut));
        foreach (var table in (string[])["problems.csv", "passk.csv", "buckets.csv", "summary.md", "figures/passk.svg", "figures/passk.png"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("whole"), table)), File.ReadAllBytes(Path.Combine(Folder("cut"), table)));
        }
    }

    [Fact]
    public void ARunThatIsKilledLosesNoFinishedSampleAndGoesOn()
    {
        string[] arguments = ["sample", "--model", "embedded", "--problems", "embedded-test", "--limit", "20", "--n", "64", "--max-new-tokens", "60", "--threads", "1", "--batch-size", "8", "--output"];
        BuiltProgram.Run([.. arguments, Folder("whole")]);
        var samples = Path.Combine(Folder("killed"), "samples.jsonl");
        using (var process = BuiltProgram.Start(BuiltProgram.Folder, BuiltProgram.TorchLib, [.. arguments, Folder("killed")]))
        {
            while (!process.HasExited && (!File.Exists(samples) || new FileInfo(samples).Length < 20_000)) { Thread.Sleep(5); }
            process.Kill();
            process.WaitForExit();
        }
        var before = File.ReadLines(samples).Count();
        Assert.True(before > 10, $"{before} lines");
        Assert.Equal(0, BuiltProgram.Run([.. arguments, Folder("killed")]).ExitCode);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("whole"), "samples.jsonl")), File.ReadAllBytes(samples));
    }

    [Fact]
    public void WideningNAddsOnlyWhatIsMissing()
    {
        EvalPassK(Folder("a"), "--k", "4");
        var narrow = File.ReadAllLines(Path.Combine(Folder("a"), "samples.jsonl"));
        EvalPassK(Folder("a"), "--k", "8");
        EvalPassK(Folder("b"), "--k", "8");
        var wide = File.ReadAllLines(Path.Combine(Folder("a"), "samples.jsonl"));
        Assert.Equal(File.ReadAllLines(Path.Combine(Folder("b"), "samples.jsonl")), wide);
        Assert.Superset(narrow.ToHashSet(), wide.ToHashSet());
    }

    [Theory]
    [InlineData("gzip", "samples.jsonl.gz")]
    [InlineData("zstd", "samples.jsonl.zst")]
    public void CompressedSamplesAreWidenedAndReadByEveryCommand(string compression, string name)
    {
        EvalPassK(Folder("plain"), "--k", "8");
        Assert.Equal(0, EvalPassK(Folder("a"), "--k", "4", "--compress", compression).ExitCode);
        Assert.Equal(name, Path.GetFileName(Assert.Single(Directory.GetFiles(Folder("a"), "samples.*"))));
        var written = File.GetLastWriteTimeUtc(Path.Combine(Folder("a"), name));
        Assert.Equal(0, EvalPassK(Folder("a"), "--k", "4").ExitCode);                       // complete: left as it is
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(Folder("a"), name)));

        Assert.Equal(0, EvalPassK(Folder("a"), "--k", "8", "--compress", compression).ExitCode);
        Assert.Equal(name, Path.GetFileName(Assert.Single(Directory.GetFiles(Folder("a"), "samples.*"))));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("plain"), "problems.csv")), File.ReadAllBytes(Path.Combine(Folder("a"), "problems.csv")));

        Assert.Equal(0, BuiltProgram.Run("eval", "text", "--samples", Folder("a"), "--base", Folder("plain"), "--output", Folder("text")).ExitCode);
        var run = BuiltProgram.Run("eval", "compare", "--base", Folder("plain"), "--model", Folder("a"), "--problems", "embedded-test", "--output", Folder("compare"));
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(0, BuiltProgram.Run("data", "select", "--problems", "embedded-test", "--samples", Folder("a"), "--output", Folder("sft")).ExitCode);
        run = BuiltProgram.Run("eval", "perplexity", "--scorer", "embedded", "--samples", Folder("a"), "--problems", "embedded-test", "--output", Folder("ppl"));
        Assert.Equal((0, 25), (run.ExitCode, File.ReadLines(Path.Combine(Folder("ppl"), "ppl.csv")).Count()));
        foreach (var file in (string[])["ppl_summary.csv", "summary.md", "figures/perplexity.svg", "figures/perplexity.png"]) { Assert.True(File.Exists(Path.Combine(Folder("ppl"), file)), file); }
    }

    [Fact]
    public void ASubsetIsTheSameProblemsWhateverTheirOrderAndFieldsMayHaveNamesOfTheirOwn()
    {
        string[] rows = [.. Enumerable.Range(0, 12).Select(i => $$"""{"Nummer": "{{i}}", "Frage": "Compute {{i}}+14.", "Antwort": "{{i + 14}}", "Stufe": "{{i % 2}}"}""")];
        var (forth, back) = (_folder.File("forth.jsonl", string.Join('\n', rows)), _folder.File("back.jsonl", string.Join('\n', rows.Reverse())));
        string[] fields = ["--problem-field", "Frage", "--answer-field", "Antwort", "--id-field", "Nummer", "--level-field", "Stufe"];
        foreach (var (name, file) in (ReadOnlySpan<(string, string)>)[("a", forth), ("b", back)])
        {
            var run = BuiltProgram.Run(["eval", "passk", "--model", "embedded", "--problems", file, .. fields, "--level", "1", "--subset", "3", "--subset-seed", "4", "--k", "2", "--max-new-tokens", "30", "--output", Folder(name)]);
            Assert.Equal(0, run.ExitCode);
        }
        string[] Rows(string name) => [.. File.ReadAllLines(Path.Combine(Folder(name), "problems.csv")).Skip(1).Order(StringComparer.Ordinal)];
        Assert.Equal(3, Rows("a").Length);
        Assert.Equal(Rows("a"), Rows("b"));
        Assert.Equal(0, BuiltProgram.Run(["eval", "text", "--problems", forth, .. fields, "--samples", Folder("a"), "--output", Folder("text")]).ExitCode);
        Assert.Equal(0, BuiltProgram.Run(["eval", "compare", "--problems", forth, .. fields, "--base", Folder("a"), "--model", Folder("b"), "--output", Folder("compare")]).ExitCode);
        Assert.Equal(0, BuiltProgram.Run(["eval", "perplexity", "--problems", forth, .. fields, "--scorer", "embedded", "--samples", Folder("a")]).ExitCode);
    }

    [Fact]
    public void GivenSamplesAreGradedWithoutTheModel()
    {
        EvalPassK(Folder("a"), "--n", "4");
        var drawn = File.ReadAllText(Path.Combine(Folder("a"), "config.yaml"));
        var run = BuiltProgram.Run("eval", "passk", "--samples", Path.Combine(Folder("a"), "samples.jsonl"), "--problems", "embedded-test", "--limit", "3", "--output", Folder("b"));
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("a"), "problems.csv")), File.ReadAllBytes(Path.Combine(Folder("b"), "problems.csv")));

        // What it was made with: what grading depends on, and nothing that only sampling does.
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder("b"), "manifest.json")));
        Assert.Equal(64, manifest.RootElement.GetProperty("samples")[0].GetProperty("sha256").GetString()!.Length);
        var config = Path.Combine(Folder("b"), "config.yaml");
        var keys = File.ReadLines(config).Select(line => line.Split(':')[0]).ToList();
        Assert.Contains("policy", keys);
        Assert.DoesNotContain("temperature", keys);

        // A config.yaml that was written makes the same again; beside samples it stays that of the sampling.
        Assert.Equal(0, BuiltProgram.Run("eval", "passk", "--config", config, "--output", Folder("c")).ExitCode);
        Assert.Equal(0, BuiltProgram.Run("eval", "passk", "--config", Path.Combine(Folder("a"), "config.yaml")).ExitCode);
        Assert.Equal(0, BuiltProgram.Run("eval", "passk", "--samples", Folder("a"), "--problems", "embedded-test", "--limit", "3", "--output", Folder("a")).ExitCode);
        Assert.Equal(drawn, File.ReadAllText(Path.Combine(Folder("a"), "config.yaml")));
    }

    public static TheoryData<string, string[]> Mistakes => new()
    {
        { "k is 0; it must be from 1 to 100000", ["--k", "0"] },
        { "raise n or lower k", ["--n", "4", "--k", "8"] },
        { "temperature is 0 with n = 4", ["--k", "4", "--temperature", "0"] },
        { "top_p is 2", ["--k", "4", "--top-p", "2"] },
        { "did you mean smollm2?", ["--k", "4", "--template", "smollm"] },
        { "model is nowhere, which does not exist", ["--k", "4", "--model", "nowhere"] },
        { "problems is missing.jsonl, which does not exist", ["--k", "4", "--problems", "missing.jsonl"] },
        { "dtype is int4", ["--k", "4", "--dtype", "int4"] },
        { "did you mean temperature?", ["--set", "temperatur=1"] },
        { "batch_size is 0", ["--k", "4", "--batch-size", "0"] },
        { "--n: n is 0; it must be from 1 to 100000", ["--n", "0"] },
        { "--n: n is -1; it must be from 1 to 100000", ["--n", "-1"] },
        { "--n: n is 2000000000; it must be from 1 to 100000", ["--n", "2000000000"] },
        { "buckets is \"0,9\"", ["--k", "4", "--buckets", "0,9"] },
        { "stop_strings is an empty text", ["--k", "4", "--stop", ""] },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void AMistakeIsOneLineThatNamesItAndNothingIsSampled(string message, string[] arguments)
    {
        // The later of two equal options wins nowhere: those under test stand alone.
        List<string> all = ["eval", "passk", "--output", Folder("a")];
        foreach (var (option, value) in (ReadOnlySpan<(string, string)>)[("--model", "embedded"), ("--problems", "embedded-test"), ("--limit", "3")])
        {
            if (!arguments.Contains(option)) { all.AddRange([option, value]); }
        }
        var run = BuiltProgram.Run([.. all, .. arguments]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.OneErrorLine, StringComparison.Ordinal);
        foreach (var file in (string[])["config.yaml", "manifest.json", "samples.jsonl", "problems.csv"]) { Assert.False(File.Exists(Path.Combine(Folder("a"), file)), file); }
    }

    [Fact]
    public void OtherSettingsThanThoseOfTheFileAreRefused()
    {
        EvalPassK(Folder("a"), "--k", "2");
        var run = EvalPassK(Folder("a"), "--k", "2", "--temperature", "0.5");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("temperature is 1, but 0.5 is asked for", run.OneErrorLine, StringComparison.Ordinal);
    }

    /// <summary>A run may be killed between its last sample and the sort.</summary>
    [Fact]
    public void ACompleteFileIsPutInOrder()
    {
        EvalPassK(Folder("a"), "--k", "4");
        var samples = Path.Combine(Folder("a"), "samples.jsonl");
        var lines = File.ReadAllLines(samples);
        File.WriteAllLines(samples, lines.Reverse());
        Assert.Equal(0, EvalPassK(Folder("a"), "--k", "4").ExitCode);
        Assert.Equal(lines, File.ReadAllLines(samples));
    }

    [Fact]
    public void SamplesOfOtherProblemsAreRefusedBeforeAnythingIsSampled()
    {
        string[] arguments = ["sample", "--model", "embedded", "--problems", "embedded-test", "--max-new-tokens", "8", "--output", Folder("a")];
        BuiltProgram.Run([.. arguments, "--limit", "2"]);
        var before = File.ReadAllBytes(Path.Combine(Folder("a"), "samples.jsonl"));
        var run = BuiltProgram.Run([.. arguments, "--limit", "1", "--n", "2"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("it holds samples of problem \"test-0-00001\"", run.OneErrorLine, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Folder("a"), "samples.jsonl")));
    }

    [Fact]
    public void SamplesOfAModelThatHasChangedSinceAreRefused()
    {
        var model = Directory.CreateDirectory(Folder("model")).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(BuiltProgram.Folder, "embedded"))) { File.Copy(file, Path.Combine(model, Path.GetFileName(file))); }
        string[] arguments = ["sample", "--model", model, "--problems", "embedded-test", "--limit", "1", "--max-new-tokens", "8", "--output", Folder("a")];
        BuiltProgram.Run([.. arguments, "--n", "1"]);
        var weights = Path.Combine(model, "model.safetensors");
        File.SetLastWriteTimeUtc(weights, DateTime.UtcNow.AddMinutes(1));
        Assert.Equal(0, BuiltProgram.Run([.. arguments, "--n", "2"]).ExitCode);        // touched, not changed

        var bytes = File.ReadAllBytes(weights);
        bytes[^4] ^= 1;
        File.WriteAllBytes(weights, bytes);
        File.SetLastWriteTimeUtc(weights, DateTime.UtcNow.AddMinutes(1));
        var run = BuiltProgram.Run([.. arguments, "--n", "3"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("model.safetensors: has changed since", run.OneErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void APromptBeyondTheContextIsOneLineAndNothingIsWritten()
    {
        var prompts = _folder.File("prompts.jsonl", $$"""{"id": "x", "prompt": "{{new string('1', 300)}}"}""");
        var run = BuiltProgram.Run("sample", "--model", "embedded", "--prompts", prompts, "--output", Folder("a"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the prompt has 300 tokens and the model's context is 256", run.OneErrorLine, StringComparison.Ordinal);
        Assert.Equal([".lock", "log.txt"], Directory.GetFileSystemEntries(Folder("a")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"id": "a", "sample_idx": "x", "prompt": "1", "completion": "2"}""", "line 1: sample_idx is \"x\"; it counts from 0")]
    [InlineData("""{"id": "a", "prompt": "\ud800", "completion": "2"}""", "line 1: a text holds half of a surrogate pair")]
    [InlineData("""{"id": "a", "prompt_ids": [1], "completion_ids": [448]}""", "line 1: token id 448 is outside the scorer's vocabulary of 448")]
    [InlineData("""{"id": "a", "prompt_ids": [], "completion_ids": []}""", "line 1: the text has no tokens")]
    public void ATextThatCannotBeScoredIsNamedWithItsLine(string line, string message)
    {
        var run = BuiltProgram.Run("eval", "perplexity", "--scorer", "embedded", "--samples", _folder.File("texts.jsonl", line));
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.OneErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void PerplexityOfAModelsOwnSamplesIsThatOfTheirLogProbs()
    {
        var prompts = _folder.File("prompts.jsonl", """{"id": "x", "prompt": "Compute 12+30.\n"}""" + "\n");
        Assert.Equal(0, BuiltProgram.Run("sample", "--model", "embedded", "--prompts", prompts, "--n", "3", "--max-new-tokens", "40", "--save-tokens", "--output", Folder("s")).ExitCode);
        var samples = Path.Combine(Folder("s"), "samples.jsonl");
        var perToken = Folder("tokens.jsonl");
        var run = BuiltProgram.Run("eval", "perplexity", "--scorer", "embedded", "--samples", samples, "--per-token", perToken);
        Assert.Equal(0, run.ExitCode);
        var table = run.Output.TrimEnd().Split("\r\n");
        Assert.Equal(4, table.Length);
        foreach (var ((line, scored), row) in File.ReadLines(samples).Zip(File.ReadLines(perToken)).Zip(table[1..]))
        {
            var expected = Floats(line, "completion_logprobs");
            Assert.All(expected.Zip(Floats(scored, "logprobs")), pair => Assert.Equal(pair.First, pair.Second, 2e-5));
            var perplexity = Math.Exp(-expected.Average());
            Assert.Equal(perplexity, double.Parse(row.Split(',')[^1], CultureInfo.InvariantCulture), 1e-3);
        }
    }

    [Fact]
    public void SynthesizedProblemsCanBeEvaluated()
    {
        var file = Folder("test.jsonl");
        Assert.Equal(0, BuiltProgram.Run("data", "synthesize", "--split", "test", "--count", "4", "--seed", "5", "--output", file).ExitCode);
        Assert.Equal(0, BuiltProgram.Run("eval", "passk", "--model", "embedded", "--problems", file, "--k", "2", "--output", Folder("a")).ExitCode);
    }

    [Theory]
    [InlineData("""{"id": "a"}""", "line 1: prompt is missing")]
    [InlineData("""{"prompt": "a"}""", "line 1: id is missing")]
    [InlineData("""{"id": "a", "prompt": 3}""", "line 1: prompt is 3; it must be a text")]
    [InlineData("{\"id\": \"a\", \"prompt\": \"x\"}\n{\"id\": \"a\", \"prompt\": \"y\"}", "line 2: id \"a\" occurs twice")]
    [InlineData("""[1]""", "line 1: not a JSON object")]
    [InlineData("""{"id": """, "line 1: not JSON")]
    [InlineData("", "the file is empty")]
    public void AFaultyPromptFileIsNamedWithItsLine(string content, string message)
    {
        var prompts = _folder.File("prompts.jsonl", content);
        var run = BuiltProgram.Run("sample", "--model", "embedded", "--prompts", prompts, "--output", Folder("s"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(message, run.OneErrorLine, StringComparison.Ordinal);
    }

    private static double[] Floats(string line, string key)
    {
        using var json = JsonDocument.Parse(line);
        return [.. json.RootElement.GetProperty(key).EnumerateArray().Select(value => value.GetDouble())];
    }
}
