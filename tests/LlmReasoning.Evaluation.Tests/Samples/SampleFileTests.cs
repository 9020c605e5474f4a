using System.Text;
using System.Text.Json;
using CsCheck;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Tests.Samples;

public sealed class SampleFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static readonly SamplingSettings Settings = SamplingSettings.Of(Drawn.Sample());

    [Fact]
    public void ALineHasTheKeysInOrderAndLeavesOutWhatIsNull()
    {
        var path = _folder.File("samples.jsonl");
        Drawn.Write(path, [Drawn.Sample(text: "é 中 😀 \"\\\n")]);
        Assert.Equal(
            """{"run_id": "run", "model_id": "model", "problem_id": "p", "sample_idx": 0, "seed": 7, "template_id": "plain", "temperature": 0.9, "top_p": 1, "top_k": """
            + """50, "max_new_tokens": 72, "prompt_tokens": 5, "completion_tokens": 9, "completion_chars": 10, "finish_reason": "eos", "text": "é 中 😀 \"\\\n"}"""
            + "\n",
            File.ReadAllText(path));
    }

    [Fact]
    public void AnySampleIsReadBackAsItWasWritten()
    {
        var path = _folder.File("samples.jsonl");
        Gen.Select(Gen.String, Gen.String[1, 9], Gen.Double.Where(double.IsFinite), Gen.Single.Where(float.IsFinite).Array, Gen.Int.Array, Gen.Long)
            .Sample((text, id, number, logprobs, ids, seed) =>
            {
                var sample = Drawn.Sample(id, text: text) with { TokenLogprobSum = number, CompletionLogprobs = logprobs, CompletionIds = ids, PromptIds = [], Seed = seed };
                File.Delete(path);
                Drawn.Write(path, [sample]);
                var read = Assert.Single(SampleFile.Read(path));
                Assert.Equal((Utf8(text), Utf8(id), number, seed), (read.Text, read.ProblemId, read.TokenLogprobSum!.Value, read.Seed));
                Assert.Equal(logprobs, read.CompletionLogprobs!);
                Assert.Equal(ids, read.CompletionIds!);
                Assert.NotNull(JsonDocument.Parse(File.ReadAllBytes(path)));
            }, iter: 300, threads: 1);
        static string Utf8(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));   // lone surrogates become U+FFFD
    }

    [Fact]
    public void LoneSurrogatesOfOtherProgramsBecomeReplacementCharacters()
    {
        var line = Line(Drawn.Sample(text: "TEXT")).Replace("TEXT", @"a\ud83d\ude00 \ud800 \\ud800 \udc00\ud801");
        Assert.Equal("a😀 \uFFFD \\ud800 \uFFFD\uFFFD", Assert.Single(SampleFile.Read(_folder.File("s.jsonl", line))).Text);
    }

    [Fact]
    public void StopStringsAreWrittenWhereThereAreAnyAndOthersAreRefused()
    {
        var path = _folder.File("samples.jsonl");
        Drawn.Write(path, [Drawn.Sample() with { StopStrings = ["\n\n", "\"Q"] }]);
        Assert.Contains("""
            "top_k": 50, "stop_strings": ["\n\n", "\"Q"], "max_new_tokens"
            """, File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal(["\n\n", "\"Q"], Assert.Single(SampleFile.Read(path)).StopStrings!);
        Assert.Equal(1, SampleFile.Resume(path, Settings with { StopStrings = ["\n\n", "\"Q"] }).Count);
        Assert.Contains("stop_strings is [\"\\n\\n\",\"\\u0022Q\"], but none is asked for", Assert.Throws<UserException>(() => SampleFile.Resume(path, Settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThreadsMayAppendTogether()
    {
        var path = _folder.File("samples.jsonl");
        using (var writer = new SampleWriter(path))
        {
            Parallel.For(0, 500, i => writer.Append(Drawn.Sample("p", i, new string('x', i))));
            Assert.InRange(new FileInfo(path).Length, 500 * 501 / 2, long.MaxValue);        // with the operating system before the file is closed
            Assert.Contains("is another run writing it?", Assert.Throws<UserException>(() => new SampleWriter(path)).Message);
        }
        SampleFile.Sort(path, ["p"]);
        Assert.Equal(Enumerable.Range(0, 500), SampleFile.Read(path).Select(sample => sample.SampleIdx));
    }

    [Fact]
    public void ALineTornAnywhereIsCutOffAndTheRestStays()
    {
        var whole = Line(Drawn.Sample("p", 0)) + Line(Drawn.Sample("p", 1));
        var last = Encoding.UTF8.GetBytes(Line(Drawn.Sample("é", 2, "é\n")));
        for (var kept = 0; kept < last.Length; kept++)
        {
            var path = _folder.File("samples.jsonl", whole);
            using (var stream = File.Open(path, FileMode.Append)) { stream.Write(last.AsSpan(0, kept)); }
            var isComplete = kept == last.Length - 1;                      // all but the line feed
            Assert.Equal(isComplete ? 3 : 2, SampleFile.Read(path).Count());
            var keys = SampleFile.Resume(path, Settings);
            Assert.Equal((isComplete, true, isComplete ? 3 : 2), (keys.Contains("é", 2), keys.Contains("p", 1), keys.Count));
            Assert.Equal(whole + (isComplete ? Encoding.UTF8.GetString(last) : ""), File.ReadAllText(path));
        }
    }

    [Fact]
    public void AMissingFileResumesFromNothing() => Assert.Equal(0, SampleFile.Resume(_folder.File("none.jsonl"), Settings).Count);

    [Theory]
    [InlineData("\"sample_idx\": 1", "\"sample_idx\": 1.5", "sample_idx")]
    [InlineData("\"sample_idx\": 1", "\"sample_idx\": -1", "sample_idx is -1")]
    [InlineData("\"sample_idx\": 1, ", "", "sample_idx")]
    [InlineData("\"sample_idx\": 1", "\"sample_idx\": 0", "sample 0 of problem \"p\" occurs twice")]
    [InlineData("\"temperature\": 0.9", "\"temperature\": NaN", "temperature")]
    [InlineData("\"text\": \"", "\"text\": 3, \"more\": \"", "text")]
    [InlineData("\"run_id\": \"run\"", "\"run_id\": null", "run_id")]
    [InlineData("\"eos\"", "\"done\"", "finish_reason is \"done\"")]
    [InlineData("{", "", "not a JSON object")]
    public void AFaultyLineIsNamed(string good, string bad, string message)
    {
        var lines = Line(Drawn.Sample("p", 0)) + Line(Drawn.Sample("p", 1)).Replace(good, bad) + Line(Drawn.Sample("p", 2));
        var path = _folder.File("samples.jsonl", lines);
        foreach (Action read in new Action[] { () => _ = SampleFile.Read(path).Count(), () => SampleFile.Resume(path, Settings), () => SampleFile.Sort(path, ["p"]) })
        {
            var error = Assert.Throws<UserException>(read);
            Assert.StartsWith($"{path}: line 2: ", error.Message, StringComparison.Ordinal);
            Assert.Contains(message, error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
        Assert.Equal(lines, File.ReadAllText(path));
    }

    [Fact]
    public void OtherSettingsAreRefusedWithBothValues()
    {
        var path = _folder.File("samples.jsonl");
        Drawn.Write(path, [Drawn.Sample()]);
        (SamplingSettings Asked, string Message)[] cases =
        [
            (Settings with { Temperature = 0.6 }, "temperature is 0.9, but 0.6"),
            (Settings with { TemplateId = "chatml" }, "template_id is plain, but chatml"),
            (Settings with { ModelId = "other" }, "model_id is model, but other"),
            (Settings with { Seed = 8 }, "seed is 7, but 8"),
            (Settings with { MaxNewTokens = 100 }, "max_new_tokens is 72, but 100"),
            (Settings with { TopP = 0.95 }, "top_p is 1, but 0.95"),
            (Settings with { TopK = 0 }, "top_k is 50, but 0"),
        ];
        foreach (var (asked, message) in cases)
        {
            Assert.Contains(message, Assert.Throws<UserException>(() => SampleFile.Resume(path, asked)).Message);
        }
    }

    [Fact]
    public void FilesOfOtherSettingsAreNotPooledAndShardsAre()
    {
        var (a, b, c) = (_folder.File("a.jsonl"), _folder.File("b.jsonl"), _folder.File("c.jsonl"));
        Drawn.Write(a, [Drawn.Sample("p")]);
        Drawn.Write(b, [Drawn.Sample("q") with { RunId = "another" }]);
        Drawn.Write(c, [Drawn.Sample("r") with { Temperature = 1 }]);
        Assert.Equal(["p", "q"], SampleFile.Read([a, b]).Select(sample => sample.ProblemId));
        Assert.Equal(
            $"{c}: line 1: temperature is 1, but {a} began with 0.9; samples of different settings cannot be pooled, evaluate them apart",
            Assert.Throws<UserException>(() => SampleFile.Read([a, b, c]).Count()).Message);
        File.Delete(c);
        Drawn.Write(c, [Drawn.Sample("p") with { Seed = 8 }]);                              // the same sample of another run: the seed is what is wrong
        Assert.Contains("line 1: seed is 8, but", Assert.Throws<UserException>(() => SampleFile.Read([a, c]).Count()).Message);
        Assert.Contains($"{a}: line 1: sample 0 of problem \"p\" occurs twice", Assert.Throws<UserException>(() => SampleFile.Read([a, b, a]).Count()).Message);
    }

    [Fact]
    public void AnyOrderOfLinesSortsToTheSameBytes()
    {
        Sample[] samples = [.. from problem in new[] { "b", "a", "c" } from i in Enumerable.Range(0, 12) select Drawn.Sample(problem, i, $"{problem}{i} é")];
        var expected = string.Concat(samples.Select(Line));
        Gen.Shuffle(samples).Sample(shuffled =>
        {
            var path = _folder.File("samples.jsonl", string.Concat(shuffled.Select(Line)) + "{\"torn");
            SampleFile.Sort(path, ["b", "a", "c"]);
            Assert.Equal(expected, File.ReadAllText(path));
        }, iter: 20, threads: 1);
    }

    [Fact]
    public void SortingRefusesUnknownProblems()
    {
        var path = _folder.File("samples.jsonl", Line(Drawn.Sample("stranger")));
        Assert.Contains("\"stranger\" is not in the problem set", Assert.Throws<UserException>(() => SampleFile.Sort(path, ["p"])).Message);
    }

    private string Line(Sample sample)
    {
        var path = _folder.File($"{Guid.NewGuid()}.jsonl");
        Drawn.Write(path, [sample]);
        return File.ReadAllText(path);
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void CompressedSamplesAreTheSameSamples(string extension)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("samples.jsonl");
        Sample[] samples = [.. Enumerable.Range(0, 100).Select(i => Drawn.Sample("p", i, $"\\boxed{{{i}}}"))];
        Drawn.Write(path, samples);
        var compressed = SampleFile.Compress(path, extension);
        Assert.False(File.Exists(path));
        Assert.Equal(samples, SampleFile.Read(compressed));
        Assert.Equal([compressed], SampleFile.Find([folder.Path]));
        Assert.Equal(100, SampleFile.Resume(compressed, SamplingSettings.Of(samples[0])).Count);
        Assert.Equal(compressed, SampleFile.ToWrite(folder.Path));

        Assert.Equal(path, SampleFile.Decompress(compressed));
        Assert.False(File.Exists(compressed));
        Assert.Equal(samples, SampleFile.Read(path));

        var again = folder.File($"again.jsonl{extension}");
        SampleFile.Write(again, samples);
        Assert.Equal(samples, SampleFile.Read(again));
    }

    /// <summary>As a process leaves it that is killed between writing the one form and removing the other.</summary>
    [Theory]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void OfTwoFormsOfOneFileThePlainOneStays(string extension)
    {
        using var folder = new TemporaryFolder();
        var (plain, compressed) = (folder.File("samples.jsonl"), folder.File($"samples.jsonl{extension}"));
        Drawn.Write(plain, [Drawn.Sample()]);
        SampleFile.Write(compressed, [Drawn.Sample()]);
        Assert.Equal(plain, SampleFile.ToWrite(folder.Path));
        Assert.False(File.Exists(compressed));

        SampleFile.Write(compressed, [Drawn.Sample("other")]);
        Assert.Contains("remove one of them", Assert.Throws<UserException>(() => SampleFile.ToWrite(folder.Path)).Message);
        File.WriteAllBytes(compressed, [1, 2, 3]);
        Assert.Contains("remove one of them", Assert.Throws<UserException>(() => SampleFile.ToWrite(folder.Path)).Message);
        Assert.True(File.Exists(compressed));
    }

    [Fact]
    public void ADamagedFileIsNotDecompressed()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("samples.jsonl.gz");
        SampleFile.Write(path, Enumerable.Range(0, 100).Select(i => Drawn.Sample("p", i)));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^20]);
        Assert.Contains("damaged or cut off", Assert.Throws<UserException>(() => SampleFile.Decompress(path)).Message);
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void AFolderStandsForItsSamplesOrThoseOfItsShards()
    {
        using var folder = new TemporaryFolder();
        var (one, two) = (folder.File("shard-1/samples.jsonl"), folder.File("shard-2/samples.jsonl.gz"));
        Drawn.Write(one, [Drawn.Sample()]);
        SampleFile.Write(two, [Drawn.Sample("q")]);
        Assert.Equal([one, two], SampleFile.Find([folder.Path]));
        Assert.Equal([one], SampleFile.Find([one]));
        Assert.Contains("no samples.jsonl", Assert.Throws<UserException>(() => SampleFile.Find([Directory.CreateDirectory(folder.File("empty")).FullName])).Message);
        SampleFile.Write(folder.File("shard-2/samples.jsonl"), [Drawn.Sample("q")]);
        Assert.Contains("holds samples.jsonl and samples.jsonl.gz", Assert.Throws<UserException>(() => SampleFile.Find([folder.Path])).Message);
    }
}
