using System.Text.Json;
using CsCheck;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Selection;

namespace LlmReasoning.Evaluation.Tests.Selection;

public sealed class ResponseSelectionTests
{
    // Problem i of 6 was solved i times of 32 by the base; each has 10 responses, the even ones correct.
    private static readonly Problem[] Problems =
        [.. Enumerable.Range(0, 6).Select(i => new Problem { Id = $"p{i}", Text = $"What is {i}?", Gold = $"{i}", Solution = $"It is \\boxed{{{i}}}" })];

    private static readonly ProblemResult[] Base = [.. Enumerable.Range(0, 6).Select(i => new ProblemResult { ProblemId = $"p{i}", N = 32, C = i })];

    private static readonly Response[] Responses =
        [.. from i in Enumerable.Range(0, 6) from j in Enumerable.Range(0, 10) select new Response($"p{i}", j, $"{j}: \\boxed{{{(j % 2 == 0 ? i : -1)}}}", "model")];

    private static string[] Ids(SelectedExamples selected) => [.. selected.Examples.Select(example => example.Id)];

    [Fact]
    public void CorrectResponsesAloneAreKeptAndNoMoreThanTheLimit()
    {
        var selected = ResponseSelection.Select(Problems, Responses, new() { MaxPerProblem = 3 });
        Assert.All(selected.Examples, example => Assert.True(example.Response.Index % 2 == 0));
        Assert.All(selected.Examples.GroupBy(example => example.Problem.Id), group => Assert.Equal(3, group.Count()));
        var manifest = selected.Manifest;
        Assert.Equal((60, 0, 30, 12, 18, 6), (manifest.Responses, manifest.NotEligible, manifest.NotCorrect, manifest.CorrectLeft, manifest.Examples, manifest.CoveredProblems));
    }

    [Fact]
    public void TheOrderOfTheResponsesPlaysNoPartAndTheSeedDoes() => Gen.Shuffle(Responses).Sample(shuffled =>
    {
        var expected = Ids(ResponseSelection.Select(Problems, Responses, new() { MaxPerProblem = 2, Seed = 5 }));
        Assert.Equal(expected, Ids(ResponseSelection.Select(Problems, shuffled, new() { MaxPerProblem = 2, Seed = 5 })));
        Assert.NotEqual(expected, Ids(ResponseSelection.Select(Problems, shuffled, new() { MaxPerProblem = 2, Seed = 6 })));
    }, iter: 20);

    [Theory]
    [InlineData(ProblemRange.InDistribution, 1, "p1 p2 p3 p4 p5")]
    [InlineData(ProblemRange.InDistribution, 3, "p3 p4 p5")]
    [InlineData(ProblemRange.OutOfDistribution, 3, "p0")]
    [InlineData(ProblemRange.All, 3, "p0 p1 p2 p3 p4 p5")]
    public void RangesFollowTheBase(ProblemRange where, int least, string expected)
    {
        var selected = ResponseSelection.Select(Problems, Response.Solutions(Problems), new() { Where = where, MinBaseCorrect = least }, Base);
        Assert.Equal(expected.Split(' '), selected.Examples.Select(example => example.Problem.Id));
        Assert.Equal((6 - least, 1), (selected.Manifest.InDistributionProblems, selected.Manifest.OutOfDistributionProblems));
    }

    [Fact]
    public void ATotalIsSpreadEvenly()
    {
        var selected = ResponseSelection.Select(Problems, Responses, new() { Total = 15 });
        Assert.Equal([2, 2, 2, 3, 3, 3], selected.Examples.GroupBy(example => example.Problem.Id).Select(group => group.Count()).Order());
        Assert.Contains("total is 31, but there are 30 examples", Assert.Throws<UserException>(() => ResponseSelection.Select(Problems, Responses, new() { Total = 31 })).Message);
        Assert.Contains("it must be from 1 to 10000000", Assert.Throws<UserException>(() => ResponseSelection.Select(Problems, Responses, new() { Total = int.MaxValue })).Message);
    }

    [Fact]
    public void AMixtureHasAsManyExamplesAndRepeatsTheRareOnesInTurn()
    {
        var selected = ResponseSelection.Select(Problems, Response.Solutions(Problems), new() { MinBaseCorrect = 2, OutOfDistributionShare = 0.5 }, Base);
        Assert.Equal(4, selected.Examples.Count);                                   // as many as in distribution: p2 to p5
        Assert.Equal(["p0#0", "p0#0-2"], Ids(selected)[2..]);
        Assert.All(selected.Examples.Take(2), example => Assert.Contains(example.Problem.Id, new[] { "p2", "p3", "p4", "p5" }));
        Assert.Equal(1, selected.Manifest.RepeatedExamples);
    }

    [Fact]
    public void DistinctKeepsOneOfEqualTexts()
    {
        Response[] responses = [.. Enumerable.Range(0, 9).Select(j => new Response("p1", j, j % 3 == 0 ? "1" : "so \\boxed{1}", "model"))];
        Assert.Equal(8, ResponseSelection.Select(Problems, responses, new()).Examples.Count);
        Assert.Equal(2, ResponseSelection.Select(Problems, responses, new() { Distinct = true }).Examples.Count);
    }

    [Fact]
    public void TestProblemsAreNotTrainedOn()
    {
        var selected = ResponseSelection.Select(Problems, Responses, new(), testProblems: [new() { Id = "other", Text = "what  is 3", Gold = "3" }]);
        Assert.Equal(["p3"], selected.Manifest.LeakedProblems);
        Assert.DoesNotContain(selected.Examples, example => example.Problem.Id == "p3");
    }

    [Fact]
    public void WhatCannotBeSelectedIsRefused()
    {
        (IEnumerable<Response> Responses, SelectionOptions Options, ProblemResult[]? Base, string Message)[] cases =
        [
            (Responses, new() { Where = ProblemRange.InDistribution }, null, "by --base"),
            (Responses, new() { OutOfDistributionShare = 0.3 }, null, "by --base"),
            (Responses, new() { OutOfDistributionShare = 1.3 }, Base, "out_of_distribution_share is 1.3"),
            (Responses, new() { OutOfDistributionShare = 0.3, Where = ProblemRange.InDistribution }, Base, "mixes both ranges"),
            (Responses, new() { MaxPerProblem = 0 }, null, "max_per_problem is 0"),
            (Responses, new(), Base[1..], "problem \"p0\" is missing in the base's evaluation"),
            (Responses.Append(new("z", 0, "1", "m")), new(), null, "problem_id \"z\""),
            (Responses.Where(response => response.Index == 1), new(), null, "none of 6 responses is a correct one"),
        ];
        foreach (var (responses, options, baseResults, message) in cases)
        {
            Assert.Contains(message, Assert.Throws<UserException>(() => ResponseSelection.Select(Problems, responses, options, baseResults)).Message);
        }
    }

    [Fact]
    public void TheFilesHoldTheExamplesAndTheManifest()
    {
        using var folder = new TemporaryFolder();
        ResponseSelection.Write(folder.Path, ResponseSelection.Select(Problems, Response.Solutions(Problems), new() { Where = ProblemRange.OutOfDistribution }, Base));
        Assert.Equal(
            """{"id": "p0#0", "problem_id": "p0", "problem": "What is 0?", "response": "It is \\boxed{0}", "answer": "0", "source": "solution"}""",
            Assert.Single(File.ReadAllLines(folder.File("sft.jsonl"))));
        var manifest = JsonDocument.Parse(File.ReadAllBytes(folder.File("manifest.json"))).RootElement;
        Assert.Equal("out-of-distribution", manifest.GetProperty("options").GetProperty("where").GetString());
        Assert.Equal(1, manifest.GetProperty("examples").GetInt32());
    }

    [Fact]
    public void AFileThatIsWrittenAgainWithTheSameExamplesKeepsItsTime()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("sft.jsonl");
        void Write(SelectionOptions options) => ResponseSelection.Write(folder.Path, ResponseSelection.Select(Problems, Response.Solutions(Problems), options, Base));
        Write(new() { Where = ProblemRange.OutOfDistribution });
        var time = DateTime.UnixEpoch.AddDays(1);
        File.SetLastWriteTimeUtc(file, time);
        Write(new() { Where = ProblemRange.OutOfDistribution });
        Assert.Equal(time, File.GetLastWriteTimeUtc(file));
        Write(new() { Where = ProblemRange.InDistribution });
        Assert.NotEqual(time, File.GetLastWriteTimeUtc(file));
    }
}
