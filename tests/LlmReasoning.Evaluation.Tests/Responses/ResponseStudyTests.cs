using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Evaluation.Responses;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tests.Comparison;
using LlmReasoning.Evaluation.Tests.Samples;

namespace LlmReasoning.Evaluation.Tests.Responses;

public sealed class ResponseStudyTests : IDisposable
{
    private static readonly Problem[] Problems = [.. new[] { "p", "q" }.Select(id => new Problem { Id = id, Text = "?", Gold = "1/2" })];

    private static readonly ResponseOptions Options = new()
    {
        Keywords = ReflectionKeywords.Read(ReflectionKeywords.DefaultPath),
        BootstrapDraws = 100,
        Buckets = "0",
        EntropyBuckets = "0",
    };

    // p: two right answers in two forms, one wrong, one without an answer. q: never right.
    private static readonly Sample[] Samples =
    [
        Sample("p", 0, "wait, \\boxed{1/2}", 4), Sample("p", 1, "\\boxed{0.5}", 6), Sample("p", 2, "Wait. OK, wait: \\boxed{3}", 8), Sample("p", 3, "", 2, "length"),
        Sample("q", 0, "\\boxed{3}", 10), Sample("q", 1, "\\boxed{3}", 10), Sample("q", 2, "\\boxed{3.0}", 10), Sample("q", 3, "\\boxed{3}", 10),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Sample Sample(string problem, int index, string text, int tokens, string finish = "eos") =>
        Drawn.Sample(problem, index, text, finish) with { CompletionTokens = tokens };

    private ResponseSummary Study(IEnumerable<Sample> samples, IReadOnlyList<Problem>? problems, EvaluatedModel? baseModel = null)
    {
        var path = _folder.File($"{Guid.NewGuid()}.jsonl");
        Drawn.Write(path, samples);
        return ResponseStudy.Of([new ModelSamples("m", [path])], problems, baseModel, "toy", Options);
    }

    [Fact]
    public void LengthsAreByCorrectnessAndBucket()
    {
        var summary = Study(Samples, Problems);
        Assert.Equal(
            ["all all 8 7.5 9", "correct all 2 5 5", "wrong all 6 8.333 10", "all 0 4 10 10", "correct 0 0  ", "wrong 0 4 10 10", "all 1-4 4 5 5", "correct 1-4 2 5 5", "wrong 1-4 2 5 5"],
            summary.Lengths.Select(row => FormattableString.Invariant($"{row.Of.Group} {row.Of.Bucket} {row.Samples} {row.MeanTokens:0.###} {row.MedianTokens:0.###}")));
        Assert.Equal(1 / 8.0, summary.Lengths[0].TruncatedShare);
    }

    [Fact]
    public void KeywordsAreCountedByResponse()
    {
        var summary = Study(Samples, Problems);
        KeywordRow Row(string group, string keyword) => summary.Keywords.Single(row => row.Of == new ResponseGroup("m", group, "all") && row.Keyword == keyword);
        Assert.Equal((3L, 3 / 8.0, 2 / 8.0), (Row("all", "wait").Occurrences, Row("all", "wait").MeanPerSample, Row("all", "wait").ShareWith));
        Assert.Equal((4L, 2 / 8.0), (Row("all", "*").Occurrences, Row("all", "*").ShareWith));
        Assert.Equal((1L, 0.5), (Row("correct", "*").Occurrences, Row("correct", "*").ShareWith));
    }

    [Fact]
    public void EntropyIsThatOfClassesOfEqualAnswersInNats()
    {
        var summary = Study(Samples, Problems);
        // p: 1/2 and 0.5 together, 3, none: (.5, .25, .25). q: one class.
        var p = -(0.5 * Math.Log(0.5) + 0.5 * Math.Log(0.25));
        Assert.Equal(p / 2, summary.Entropies[0].Entropy!.Value.Value, 1e-14);
        // Distinct answers: two for p and one for q; no answer is none.
        Assert.Equal((1.5, 3.0, 1 / 8.0), (summary.Entropies[0].DistinctAnswers, summary.Entropies[0].DistinctTexts, summary.Entropies[0].NoAnswerShare));
        Assert.Equal(0, summary.Entropies.Single(row => row.Of == new ResponseGroup("m", "correct", "all")).Entropy!.Value.Value);
        Assert.Equal(Math.Log(2) / 2, summary.Entropies.Single(row => row.Of == new ResponseGroup("m", "wrong", "all")).Entropy!.Value.Value, 1e-14);
    }

    [Fact]
    public void WithoutProblemsNothingIsGradedAndABaseGivesTheBuckets()
    {
        Assert.Equal(["all"], Study(Samples, null).Lengths.Select(row => row.Of.Bucket));
        var baseModel = EvaluatedModel.Read(Evaluated.Write(_folder, "base", 8, [("p", 0), ("q", 5)]));
        var summary = Study(Samples, null, baseModel);
        Assert.Equal(["all 8", "0 4", "1-8 4"], summary.Lengths.Select(row => $"{row.Of.Bucket} {row.Samples}"));
        Assert.Contains(summary.Warnings, warning => warning.StartsWith("Without the problems", StringComparison.Ordinal));
        var stranger = EvaluatedModel.Read(Evaluated.Write(_folder, "stranger", 8, [("p", 0)]));
        Assert.Contains("problem_id \"q\" of a sample is not in", Assert.Throws<UserException>(() => Study(Samples, null, stranger)).Message);
    }

    [Fact]
    public void TheOrderOfTheSamplesPlaysNoPartAndFilesRepeatToTheByte()
    {
        ResponseReport.Write(Study(Samples, Problems), _folder.File("a"));
        ResponseReport.Write(Study(Samples.Reverse(), Problems), _folder.File("b"));
        string[] files = [.. Directory.GetFiles(_folder.File("a"), "*", SearchOption.AllDirectories)];
        Assert.True(files.Length >= 5);
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_folder.File("b"), Path.GetRelativePath(_folder.File("a"), file)))));
        Assert.StartsWith("model,group,bucket,problems,samples,mean_tokens", File.ReadAllText(_folder.File("a/length.csv")), StringComparison.Ordinal);
    }

    [Fact]
    public void FaultySamplesAreNamed()
    {
        Assert.Contains("there are no samples", Assert.Throws<UserException>(() => Study([], Problems)).Message);
        Assert.Contains("problem_id \"q\" of a sample is not in the problem set", Assert.Throws<UserException>(() => Study(Samples, Problems[..1])).Message);
        var path = _folder.File("torn.jsonl", "{\n{}\n");
        Assert.Contains("torn.jsonl: line 1:", Assert.Throws<UserException>(() => ResponseStudy.Of([new ModelSamples("m", [path])], null, null, "toy", Options)).Message);
    }
}
