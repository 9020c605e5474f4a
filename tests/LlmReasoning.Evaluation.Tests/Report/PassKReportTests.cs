using System.Text.Json;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tests.Comparison;
using LlmReasoning.Evaluation.Tests.Samples;

namespace LlmReasoning.Evaluation.Tests.Report;

public sealed class PassKReportTests : IDisposable
{
    private static readonly PassKOptions Options = new() { Dataset = "toy", BootstrapDraws = 200 };

    // Problem i of 8 has i right samples of 8.
    private static readonly Problem[] Problems =
        [.. Enumerable.Range(0, 8).Select(i => new Problem { Id = $"p{i}", Text = "?", Gold = "1", Level = i < 4 ? "10" : "2", Topic = "a, \"b\"" })];

    private static readonly Sample[] Samples =
        [.. from i in Enumerable.Range(0, 8) from j in Enumerable.Range(0, 8) select Drawn.Sample($"p{i}", j, $"{j}: \\boxed{{{(j < i ? 1 : 0)}}}")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private PassKSummary Write(IEnumerable<Sample> samples, PassKOptions? options = null, string output = "out")
    {
        var path = _folder.File($"{Guid.NewGuid()}.jsonl");
        Drawn.Write(path, samples);
        return PassKReport.Write(Problems, path, _folder.File(output), options ?? Options);
    }

    [Fact]
    public void TheSummaryHoldsTheCurveAndTheBuckets()
    {
        var summary = Write(Samples);
        Assert.Equal([1, 2, 4, 8], summary.Curve.Select(point => point.K));
        Assert.Equal(28 / 64.0, summary.Curve[0].Estimate, 1e-14);
        Assert.Equal(7 / 8.0, summary.Curve[^1].Estimate, 1e-14);
        Assert.Equal(1, summary.Unsolved);
        Assert.Equal(
            ["level 2 4", "level 10 4", "success 0 1", "success 1-2 2", "success 3-4 2", "success 5-8 3"],
            summary.Buckets.Select(row => $"{row.By} {row.Bucket} {row.Problems}"));
        Assert.Equal(22 / 32.0, summary.Buckets[0].Accuracy!.Value.Estimate, 1e-14);
        Assert.Equal((1.0, 0.0, 0.0, 0), (summary.BoxedShare, summary.TruncatedShare, summary.DuplicateShare, summary.Undecided));
    }

    [Fact]
    public void ABaseGivesBucketsOfItsOwn()
    {
        var baseModel = EvaluatedModel.Read(Evaluated.Write(_folder, "base", 4, [.. Problems.Select((problem, i) => (problem.Id, i < 6 ? 0 : 4)), ("elsewhere", 1)]));
        var rows = Write(Samples, Options with { Base = baseModel }).Buckets.Where(row => row.By == "base").ToArray();
        Assert.Equal(["0 6", "1 0", "2 0", "3-4 2"], rows.Select(row => $"{row.Bucket} {row.Problems}"));
        Assert.Equal(15 / 48.0, rows[0].Accuracy!.Value.Estimate, 1e-14);                   // 0 + 1 + ... + 5 of 6 times 8
        Assert.Contains("base,0,6,0.3125", File.ReadAllText(_folder.File("out/buckets.csv")), StringComparison.Ordinal);
        Assert.Contains("| base correct of 4 | problems |", File.ReadAllText(_folder.File("out/summary.md")), StringComparison.Ordinal);

        var other = EvaluatedModel.Read(Evaluated.Write(_folder, "other", 4, [("p0", 1)]));
        Assert.Contains("problem \"p1\" is not in this evaluation", Assert.Throws<UserException>(() => Write(Samples, Options with { Base = other })).Message);
    }

    [Fact]
    public void EveryFileIsWrittenAndRepeatsToTheByte()
    {
        Write(Samples, output: "a");
        Write(Samples.Reverse(), output: "b");
        string[] files = ["buckets.csv", "consistency.csv", "cover.csv", "figures/passk.png", "figures/passk.svg", "majk.csv", "passk.csv", "problems.csv", "report.html", "summary.json", "summary.md"];
        Assert.Equal(files, Relative("a"));
        Assert.Equal(files, Relative("b"));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(_folder.File($"a/{file}")), File.ReadAllBytes(_folder.File($"b/{file}"))));

        string[] Relative(string output) =>
            [.. Directory.GetFiles(_folder.File(output), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.File(output), file)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void TablesAreCsvWithHeadersAndInvariantNumbers()
    {
        Write(Samples);
        var problems = File.ReadAllText(_folder.File("out/problems.csv")).Split("\r\n");
        Assert.Equal(
            "problem_id,level,subject,n,c,rate,lo95,hi95,bucket,n_distinct_answers,entropy,maj_answer,maj_correct,undecided,answered_rate,boxed_rate,cap_rate,duplicate_rate,mean_tokens", problems[0]);
        Assert.StartsWith("p4,2,\"a, \"\"b\"\"\",8,4,0.5,0.2", problems[5], StringComparison.Ordinal);
        Assert.EndsWith(",3-4,2,0.6931471805599453,1,0.5,0,1,1,0,0,9", problems[5], StringComparison.Ordinal);
        var passk = File.ReadAllText(_folder.File("out/passk.csv")).Split("\r\n");
        Assert.Equal("model,dataset,scorer,k,n_min,n_max,problems,estimate,lo,hi,method", passk[0]);
        Assert.StartsWith("model,toy,lenient,1,8,8,8,0.4375,", passk[1], StringComparison.Ordinal);
        Assert.EndsWith("\"bootstrap over problems, 200 draws, seed 0, 95 % percentile\"", passk[1], StringComparison.Ordinal);
        var majk = File.ReadAllText(_folder.File("out/majk.csv")).Split("\r\n");
        Assert.StartsWith("model,toy,lenient,8,8,8,8,0.4375,", majk[4], StringComparison.Ordinal);       // three right, one tied, of 8
        var cover = File.ReadAllText(_folder.File("out/cover.csv")).Split("\r\n");
        Assert.StartsWith("model,toy,lenient,0.5,8,8,8,0.5,", cover[7], StringComparison.Ordinal);
        var consistency = File.ReadAllText(_folder.File("out/consistency.csv")).Split("\r\n");
        Assert.StartsWith("model,toy,lenient,pass^k,1,,8,8,8,0.4375,", consistency[1], StringComparison.Ordinal);
        Assert.StartsWith("model,toy,lenient,bayes@n,,,8,8,8,0.4499999999", consistency[^2], StringComparison.Ordinal);
        var buckets = File.ReadAllText(_folder.File("out/buckets.csv")).Split("\r\n");
        Assert.Equal("model,dataset,scorer,by,bucket,problems,accuracy,accuracy_lo,accuracy_hi,k,pass_at_k,pass_at_k_lo,pass_at_k_hi", buckets[0]);
        Assert.Equal("model,toy,lenient,success,0,1,0,0,0,8,0,0,0", buckets[3]);
    }

    [Fact]
    public void TheSummaryIsWrittenAsJsonAndMarkdownAndShownAsText()
    {
        var summary = Write(Samples);
        var json = JsonDocument.Parse(File.ReadAllBytes(_folder.File("out/summary.json"))).RootElement;
        Assert.Equal(28 / 64.0, json.GetProperty("curve")[0].GetProperty("estimate").GetDouble());
        Assert.Equal("model", json.GetProperty("sampling").GetProperty("model_id").GetString());
        Assert.Contains("| pass@8 | 87.5 % | ", File.ReadAllText(_folder.File("out/summary.md")));
        var text = SummaryTable.ToText(summary);
        Assert.StartsWith("model on toy\n8 problems, n = 8 samples each, template plain, temperature 0.9, top_p 1, top_k 50, max_new_tokens 72, seed 7, scorer lenient\n", text, StringComparison.Ordinal);
        Assert.Contains("pass@1    43.8 %", text);
        Assert.Contains("undecided 0, failed 0, truncated 0.0 %, boxed 100.0 %, answered 100.0 %, duplicates 0.0 %, 9.0 tokens a completion", text);
        Assert.Contains("unsolved in 8 samples: 1 of 8 problems; a success rate above 31.2 % is ruled out for each (95 %)", text);
    }

    [Fact]
    public void AskedKAndNAreUsed()
    {
        Assert.Equal([1, 2, 3, 4, 8], Write(Samples, Options with { K = [3] }).Curve.Select(point => point.K));
        Assert.Equal([1, 2, 4], Write(Samples, Options with { N = 4 }).Curve.Select(point => point.K));
    }

    [Fact]
    public void ShardsOfAnyCutGiveTheSameBytes()
    {
        Write(Samples, output: "whole");
        var (a, b) = (_folder.File("1.jsonl"), _folder.File("2.jsonl"));
        Drawn.Write(a, Samples[40..]);
        Drawn.Write(b, Samples[..40]);
        PassKReport.Write(Problems, [a, b], _folder.File("parts"), Options);
        Assert.Equal(File.ReadAllText(_folder.File("whole/summary.json")), File.ReadAllText(_folder.File("parts/summary.json")));
        Assert.Equal(File.ReadAllText(_folder.File("whole/problems.csv")), File.ReadAllText(_folder.File("parts/problems.csv")));
    }

    [Fact]
    public void WhatCannotBeEvaluatedIsRefusedAndNothingIsWritten()
    {
        (IEnumerable<Sample> Samples, PassKOptions Options, string Message)[] cases =
        [
            (Samples, Options with { K = [9] }, "k is 9, but there are n = 8 samples a problem"),
            (Samples, Options with { K = [0] }, "k is 0; it must be 1 or more"),
            (Samples, Options with { K = [5], N = 4 }, "k is 5, but there are n = 4"),
            (Samples, Options with { K = [2], N = 9 }, "has 8 of 9"),
            (Samples, Options with { N = 0 }, "n is 0"),
            (Samples, Options with { Buckets = "kim5" }, "buckets is \"kim5\""),
            (Samples.Select(sample => sample with { Temperature = 0 }), Options, "temperature is 0 with n = 8"),
            (Samples[1..], Options, "problem \"p0\" has 7 of 8"),
            (Samples.Append(Drawn.Sample("stranger")), Options, "line 65: problem_id \"stranger\""),
            (Samples.Append(Samples[0] with { SampleIdx = 8, Temperature = 1 }), Options, "temperature is 1, but"),
            ([], Options, "there are no samples"),
        ];
        foreach (var (samples, options, message) in cases)
        {
            Assert.Contains(message, Assert.Throws<UserException>(() => Write(samples, options)).Message);
        }
        Assert.Contains("file not found", Assert.Throws<UserException>(() => PassKReport.Write(Problems, _folder.File("none"), _folder.File("out"), Options)).Message);
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    [Fact]
    public void UnequalNumbersOfSamplesAreAllowedOnRequestAndSaid()
    {
        var summary = Write(Samples[..^3], Options with { AllowUnequalN = true });
        Assert.Equal((5, 8), (summary.NMin, summary.N));
        Assert.Equal([1, 2, 4], summary.Curve.Select(point => point.K));
        Assert.Equal((21 / 8.0 + 1) / 8, summary.Curve[0].Estimate, 1e-14);        // the last problem has 5 of 5
        Assert.Contains("n = 5 to 8 samples each", SummaryTable.ToText(summary));
        Assert.Contains(summary.Warnings, warning => warning.StartsWith("The problems have 5 to 8 samples", StringComparison.Ordinal));
    }

    [Fact]
    public void TheOrderOfTheProblemsChangesNothingButTheOrderOfProblemsCsv()
    {
        var path = _folder.File("samples.jsonl");
        Drawn.Write(path, Samples);
        PassKReport.Write(Problems, path, _folder.File("a"), Options);
        PassKReport.Write([.. Problems.Reverse()], path, _folder.File("b"), Options);
        foreach (var file in new[] { "summary.json", "passk.csv", "majk.csv", "cover.csv", "consistency.csv", "buckets.csv" })
        {
            Assert.Equal(File.ReadAllText(_folder.File($"a/{file}")), File.ReadAllText(_folder.File($"b/{file}")));
        }
        Assert.Equal(File.ReadAllLines(_folder.File("a/problems.csv")).Order(), File.ReadAllLines(_folder.File("b/problems.csv")).Order());
    }

    [Fact]
    public void OneGreedySampleIsFine() =>
        Assert.Equal(1, Assert.Single(Write(Samples.Where(sample => sample.SampleIdx == 0).Select(sample => sample with { Temperature = 0 })).Curve).K);

    [Fact]
    public void WarningsNameWhatAReaderShouldKnow()
    {
        var warnings = Write(Samples.Select(sample => sample.ProblemId == "p0" ? sample with { FinishReason = "length" } : sample), Options with { N = 2 }).Warnings;
        Assert.Contains("12.5 % of the samples were cut at max_new_tokens = 72.", warnings);
        Assert.Contains("One of 8 problems is 12.5 points.", warnings);
        Assert.Contains("3 of the buckets kim6 cannot be told apart with n = 2 and are left out.", warnings);
    }
}
