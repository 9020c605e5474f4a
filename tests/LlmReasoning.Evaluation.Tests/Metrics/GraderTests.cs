using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tests.Samples;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class GraderTests
{
    private static readonly Problem[] Problems =
    [
        new() { Id = "a", Text = "1+1?", Gold = "2", Level = "1", Topic = "sums" },
        new() { Id = "b", Text = "2*3?", Gold = "6" },
    ];

    private static readonly Sample[] Samples =
    [
        Drawn.Sample("a", 0, "\\boxed{2}"),
        Drawn.Sample("a", 1, "\\boxed{3}"),
        Drawn.Sample("a", 2, "\\boxed{2}"),
        Drawn.Sample("b", 0, "First we note that", "length"),
        Drawn.Sample("b", 1, "", "error"),
        Drawn.Sample("b", 2, "it is \\boxed{6}"),
    ];

    private static readonly ProblemResult[] Results =
    [
        new() { ProblemId = "a", Level = "1", Topic = "sums", N = 3, C = 2, Answered = 3, Boxed = 3, Duplicates = 1, CompletionTokens = 27 },
        new() { ProblemId = "b", N = 3, C = 1, Answered = 1, Boxed = 1, Truncated = 1, Failed = 1, CompletionTokens = 27 },
    ];

    [Fact]
    public void SamplesAreCountedByProblemInTheOrderOfTheProblems() => Assert.Equal(Results, Counts(Grader.Grade(Problems, Samples)));

    [Fact]
    public void TheOrderOfTheSamplesChangesNothing() => Assert.Equal(Results, Counts(Grader.Grade(Problems, Samples.Reverse())));

    [Fact]
    public void AnswersAreKeptByClass()
    {
        var answers = Grader.Grade(Problems, Samples)[0].Answers!;
        Assert.Equal([new AnswerClass("2", 2, 2), new AnswerClass("3", 1, 0)], answers.Classes);
        Assert.Equal(0, answers.Unanswered);
        Assert.Equal(2, Grader.Grade(Problems, Samples)[1].Answers!.Unanswered);
    }

    [Fact]
    public void UnequalNumbersOfSamplesAreCountedWhereAllowed()
    {
        Assert.Equal([(3, 2), (1, 0)], Grader.Grade(Problems, Samples[..4], allowUnequalN: true).Select(result => (result.N, result.C)));
        Assert.Contains("problem \"b\" has 0 of 3", Assert.Throws<UserException>(() => Grader.Grade(Problems, Samples[..3], allowUnequalN: true)).Message);
    }

    [Fact]
    public void ASmallerNTakesTheFirstSamples() =>
        Assert.Equal([(2, 1), (2, 0)], Grader.Grade(Problems, Samples, n: 2).Select(result => (result.N, result.C)));

    [Fact]
    public void BrokenReferenceAnswersAreListedBeforeASampleIsRead()
    {
        Problem[] problems = [.. Problems, new() { Id = "c", Text = "?", Gold = "}{" }];
        var error = Assert.Throws<UserException>(() => Grader.Grade(problems, Unreadable()));
        Assert.StartsWith("1 of 3 reference answers are unusable", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("mend or remove problem c", error.Message, StringComparison.Ordinal);
        static IEnumerable<Sample> Unreadable() { yield return Samples[0]; Assert.Fail("a sample was read"); }
    }

    [Fact]
    public void SamplesOfUnknownProblemsAreRefused() =>
        Assert.Contains("problem_id \"z\"", Assert.Throws<UserException>(() => Grader.Grade(Problems, [.. Samples, Drawn.Sample("z")])).Message);

    [Fact]
    public void MissingSamplesAreNamed()
    {
        Assert.Contains("problem \"b\" has 2 of 3", Assert.Throws<UserException>(() => Grader.Grade(Problems, Samples[..5])).Message);
        Assert.Contains("problem \"a\" has 2 of 3", Assert.Throws<UserException>(() => Grader.Grade(Problems, Samples[1..])).Message);
        Assert.Contains("problem \"a\" has 3 of 4", Assert.Throws<UserException>(() => Grader.Grade(Problems, Samples, n: 4)).Message);
        Assert.Contains("there are no samples", Assert.Throws<UserException>(() => Grader.Grade(Problems, [])).Message);
    }

    private static IEnumerable<ProblemResult> Counts(IEnumerable<ProblemResult> results) => results.Select(result => result with { Answers = null });
}
