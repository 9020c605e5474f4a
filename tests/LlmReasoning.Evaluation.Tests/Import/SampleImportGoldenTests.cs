using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Import;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Tests.Import;

/// <summary>Files that the tools wrote themselves, and the counts that were read from them with other programs.</summary>
[Trait("Category", "Golden")]
public sealed class SampleImportGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Folder => Path.GetDirectoryName(Golden.Files("harness", "expected_counts.json")[0])!;

    private static (string Path, JsonElement Expected)[] Files(string folder, string extension)
    {
        var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected_counts.json"))).RootElement;
        var files = expected.EnumerateObject()
            .Where(file => file.Name.StartsWith(folder, StringComparison.Ordinal) && file.Name.EndsWith(extension, StringComparison.Ordinal))
            .Select(file => (Existing(file.Name), file.Value))
            .ToArray();
        if (files.Length == 0) { Assert.Skip($"no {folder} in {Folder}"); }
        return files;
    }

    /// <summary>The bar of lighteval's file names is not allowed everywhere, and is an underscore in the repository.</summary>
    private static string Existing(string name)
    {
        var path = Path.Combine(Folder, name);
        return File.Exists(path) ? path : Path.Combine(Folder, name.Replace('|', '_'));
    }

    private (Dictionary<string, ProblemResult> Results, Dictionary<string, Problem> Problems, ILookup<string, Sample> Samples) Import(
        string path, ImportFormat format, double? temperature = 1, IReadOnlyList<Problem>? problems = null)
    {
        var summary = SampleImport.Run([path], _folder.Path, new() { Format = format, Temperature = temperature }, problems ?? []);
        var read = ProblemFile.Read(_folder.File("problems.jsonl"));
        Assert.Equal(summary.Problems, read);
        var samples = SampleFile.Read(_folder.File("samples.jsonl")).ToArray();
        return (
            Grader.Grade(read, samples, allowUnequalN: true).ToDictionary(result => result.ProblemId),
            read.ToDictionary(problem => problem.Id),
            samples.ToLookup(sample => sample.ProblemId));
    }

    private static int Correct(JsonElement metrics, int n)
    {
        foreach (var metric in metrics.EnumerateObject())
        {
            if (metric.Name.StartsWith("avg@n", StringComparison.Ordinal) || metric.Name == "pass@1" || metric.Name == $"math_pass@1:{n}_samples" || n == 1)
            {
                return (int)Math.Round(metric.Value.GetDouble() * n);
            }
        }
        return -1;
    }

    [Fact]
    public void LightevalRepliesAreCountedAndGradedAsItDid()
    {
        foreach (var (path, expected) in Files("lighteval/", ".parquet"))
        {
            var (results, problems, _) = Import(path, ImportFormat.Lighteval);
            foreach (var row in expected.EnumerateArray())
            {
                var result = results.Single(one => one.Key.EndsWith($"/{row.GetProperty("id").GetString()}", StringComparison.Ordinal)).Value;
                Assert.Equal(row.GetProperty("n").GetInt32(), result.N);
                Assert.Equal(row.GetProperty("gold")[0].GetString(), problems[result.ProblemId].Gold);
                Assert.Equal(Correct(row.GetProperty("metrics"), result.N), result.C);
            }
            Assert.Equal(expected.GetArrayLength(), results.Count);
        }
    }

    [Fact]
    public void OldLightevalFilesAreUnderstood()
    {
        foreach (var (path, expected) in Files("lighteval-0.10/", ".parquet"))
        {
            var (results, problems, _) = Import(path, ImportFormat.Lighteval);
            foreach (var row in expected.EnumerateArray())
            {
                var result = results.Single(one => one.Key.EndsWith($"/{row.GetProperty("row").GetInt32()}", StringComparison.Ordinal)).Value;
                Assert.Equal(row.GetProperty("n").GetInt32(), result.N);
                Assert.Equal(row.GetProperty("gold")[0].GetString(), problems[result.ProblemId].Gold);
                Assert.Equal(Correct(row.GetProperty("metrics"), result.N), result.C);
            }
        }
    }

    [Fact]
    public void LmEvalDocumentsAreTakenOnceWhateverTheFilters()
    {
        foreach (var (path, filters) in Files("lm-eval/", ".jsonl"))
        {
            var (results, _, _) = Import(path, ImportFormat.LmEval, temperature: null);
            foreach (var filter in filters.EnumerateObject())
            {
                Assert.Equal(filter.Value.GetArrayLength(), results.Count);
                foreach (var row in filter.Value.EnumerateArray())
                {
                    var result = results.Single(one => one.Key.EndsWith($"/{row.GetProperty("doc_id").GetInt32()}", StringComparison.Ordinal)).Value;
                    Assert.Equal(row.GetProperty("n").GetInt32(), result.N);
                    var metrics = row.GetProperty("metrics");
                    if (metrics.TryGetProperty("pass@1", out _)) { Assert.Equal(Correct(metrics, result.N), result.C); }
                    if (filter.Name.StartsWith("maj@", StringComparison.Ordinal))
                    {
                        Assert.Equal(metrics.GetProperty("exact_match").GetDouble(), MajorityAtK.Estimate(result.Answers!, [result.N])[0].Estimate);
                    }
                }
            }
        }
    }

    [Fact]
    public void LimitOfRlvrRepliesAreCountedAndGradedAsItDid()
    {
        foreach (var (path, expected) in Files("limit-of-rlvr/", ".jsonl"))
        {
            var (results, _, samples) = Import(path, ImportFormat.LimitOfRlvr, temperature: null);
            foreach (var row in expected.EnumerateArray())
            {
                var id = $"{Path.GetFileName(Path.GetDirectoryName(path))}/{row.GetProperty("idx")}";
                Assert.Equal((row.GetProperty("n").GetInt32(), row.GetProperty("c").GetInt32()), (results[id].N, results[id].C));
                Assert.All(samples[id], sample => Assert.Contains($"_t{sample.Temperature.ToString(CultureInfo.InvariantCulture)}_", path));
            }
        }
    }

    [Fact]
    public void HumanEvalRepliesAreGradedAgainstTheProblemsThatAreNamed()
    {
        foreach (var (path, expected) in Files("human-eval/", ".jsonl"))
        {
            var problems = ProblemFile.Read(Path.Combine(Folder, "inputs/data/gsm8k_short.jsonl")).Select((problem, i) => problem with { Id = $"gsm8k/{i}" }).ToArray();
            var summary = SampleImport.Run([path], _folder.File("summary"), new() { Format = ImportFormat.HumanEval, Temperature = 1 }, problems);
            var (results, _, _) = Import(path, ImportFormat.HumanEval, problems: problems);
            foreach (var task in expected.EnumerateObject())
            {
                if (!results.TryGetValue(task.Name, out var result))
                {
                    Assert.Contains(task.Name, summary.WithoutProblem);
                    continue;
                }
                Assert.Equal((task.Value.GetProperty("n").GetInt32(), task.Value.GetProperty("c").GetInt32()), (result.N, result.C));
            }
        }
    }
}
