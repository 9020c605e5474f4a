using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Evaluation.Tests.Comparison;
using LlmReasoning.Evaluation.Tests.Samples;

namespace LlmReasoning.Evaluation.Tests.Report.Html;

public sealed partial class HtmlReportTests : IDisposable
{
    private const string Hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \ud800 \u202e \u0000 <!-- ' \" &amp; 日本語";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Problem[] Problems(int count, string text = "What?") =>
        [.. Enumerable.Range(0, count).Select(i => new Problem { Id = $"p{i:D4}", Text = text, Gold = "1", Level = $"{i % 5}", Topic = text })];

    /// <summary>Evaluates samples of which every third is right, every third wrong and every third without an answer, and reads the page.</summary>
    private string Evaluate(Problem[] problems, int n, string text, string name = "out", string model = "model")
    {
        var path = _folder.File($"{name}.jsonl");
        Drawn.Write(path, from problem in problems
                          from i in Enumerable.Range(0, n)
                          select Drawn.Sample(problem.Id, i, i % 3 == 2 ? "" : $"{text} \\boxed{{{i % 3 + 1}}}") with { ModelId = model });
        PassKReport.Write(problems, path, _folder.File(name), new PassKOptions { Dataset = "toy", BootstrapDraws = 20 });
        File.Copy(path, _folder.File($"{name}/samples.jsonl"));
        return File.ReadAllText(_folder.File($"{name}/report.html"));
    }

    private static JsonElement DataOf(string page) => JsonDocument.Parse(DataPattern().Match(page).Groups[1].Value).RootElement;

    [GeneratedRegex("""<script type="application/json" id="problems-data">(.*?)</script>""", RegexOptions.Singleline)]
    private static partial Regex DataPattern();

    [Fact]
    public void AnEvaluationIsOnePageThatNeedsNothingElse()
    {
        var page = Evaluate(Problems(4), 6, "Hm.");
        Assert.Contains("default-src 'none'", page);
        Assert.DoesNotMatch("(src|href)=\"(?!#|data:)", page);
        Assert.DoesNotContain("@import", page);
        Assert.DoesNotMatch("url\\((?!#)", page);
        Assert.Contains("<svg ", page);
        Assert.Contains("One of 4 problems is 25.0 points.", page);
        Assert.True(page.IndexOf("class=\"warnings\"", StringComparison.Ordinal) < page.IndexOf("<table>", StringComparison.Ordinal));
    }

    [Fact]
    public void TheFirstSamplesOfEveryOutcomeAreShownWithVerdictReasonAndAnswer()
    {
        var problem = DataOf(Evaluate(Problems(1), 9, "Hm.")).GetProperty("problems")[0];
        Assert.Equal("3/9", problem.GetProperty("counts")[0].GetString());
        Assert.Equal(
            ["0 correct 1", "3 correct 1", "1 wrong 2", "4 wrong 2", "2 none ", "5 none "],
            problem.GetProperty("samples")[0].EnumerateArray().Select(sample =>
                $"{sample.GetProperty("index").GetInt32()} {sample.GetProperty("outcome").GetString()} {(sample.TryGetProperty("answer", out var answer) ? answer.GetString() : "")}"));
        Assert.All(problem.GetProperty("samples")[0].EnumerateArray(), sample => Assert.NotEqual("", sample.GetProperty("reason").GetString()));
    }

    [Fact]
    public void HostileTextStaysText()
    {
        var page = Evaluate(Problems(2, Hostile), 3, Hostile, model: "m/<b onload=x>\"'&");
        // The page's own two scripts and nothing of the texts.
        Assert.Equal(2, Regex.Count(page, "<script"));
        Assert.DoesNotContain("<img", page);
        Assert.DoesNotContain("<b ", page);
        Assert.DoesNotContain('\0', page);
        Assert.DoesNotContain('\ud800', page);
        var text = DataOf(page).GetProperty("problems")[0].GetProperty("text").GetString()!;
        Assert.StartsWith("</script><script>alert(1)</script>", text, StringComparison.Ordinal);
        Assert.Contains("日本語", text);
    }

    [Fact]
    public void LongTextsAreCutInTheMiddleAndThePageStaysUnderFiveMegabytes()
    {
        var page = Evaluate(Problems(300, new string('q', 20_000)), 6, new string('<', 9_000));
        Assert.InRange(Encoding.UTF8.GetByteCount(page), 1_000_000, 5_000_000);
        Assert.Contains("characters left out", page);
        Assert.Contains("problems are listed without samples", page);
        var samples = DataOf(page).GetProperty("problems")[0].GetProperty("samples")[0];
        Assert.EndsWith("\\boxed{1}", samples[0].GetProperty("text").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public void AComparisonShowsWhatWasGainedAndLostFirst()
    {
        var problems = Problems(3);
        Evaluate(problems, 3, "a", "a");
        Drawn.Write(_folder.File("b.jsonl"), from problem in problems from i in Enumerable.Range(0, 3) select Drawn.Sample(problem.Id, i, problem.Id == "p0002" ? "no" : "\\boxed{1}"));
        PassKReport.Write(problems, _folder.File("b.jsonl"), _folder.File("b"), new PassKOptions { Dataset = "toy", BootstrapDraws = 20 });
        var models = EvaluatedModel.ReadAll([_folder.File("a"), _folder.File("b")], ["base", "<rl>"]);
        var summary = ModelComparison.Of(models[0], [models[1]], null, new ComparisonOptions { BootstrapDraws = 20 });
        ComparisonReport.Write(summary, _folder.File("out"), problems, models);
        var page = File.ReadAllText(_folder.File("out/report.html"));
        var data = DataOf(page);
        Assert.Equal("p0002", data.GetProperty("problems")[0].GetProperty("id").GetString());
        Assert.Equal("lost", data.GetProperty("problems")[0].GetProperty("changes")[0].GetString());
        // b was graded from another place: its folder holds no samples to show.
        Assert.Equal([3, 0], data.GetProperty("problems")[0].GetProperty("samples").EnumerateArray().Select(samples => samples.GetArrayLength()));
        Assert.Contains("&lt;rl&gt; against base on toy", page);
        foreach (var name in new[] { "problems.csv", "buckets.csv", "transition_counts.csv", "transition_pct.csv", "coverage.csv", "solvable.json", "passk.csv", "summary.json", "summary.md", "figures/gains.svg" })
        {
            Assert.True(File.Exists(_folder.File($"out/{name}")), name);
        }
        Assert.Contains("problem \"p0000\" was evaluated, but is not among", Assert.Throws<UserException>(() => ComparisonReport.Write(summary, _folder.File("none"), problems[1..], models)).Message);
        Assert.False(Directory.Exists(_folder.File("none")));
    }

    [Fact]
    public void EveryFileOfAComparisonRepeatsToTheByte()
    {
        var models = EvaluatedModel.ReadAll([Evaluated.Write(_folder, "a", 8, [("p", 1), ("q", 0)]), Evaluated.Write(_folder, "b", 8, [("p", 8), ("q", 2)])], []);
        var summary = ModelComparison.Of(models[0], [models[1]], null, new ComparisonOptions { BootstrapDraws = 50 });
        ComparisonReport.Write(summary, _folder.File("1"));
        ComparisonReport.Write(ModelComparison.Of(models[0], [models[1]], null, new ComparisonOptions { BootstrapDraws = 50 }), _folder.File("2"));
        Assert.All(Directory.GetFiles(_folder.File("1"), "*", SearchOption.AllDirectories), file =>
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_folder.File("2"), Path.GetRelativePath(_folder.File("1"), file)))));
    }
}
