using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Evaluation.Tests.Problems;

public sealed class ProblemFilterTests
{
    private static readonly Problem[] Problems = [.. "1 3 10 3 2".Split(' ').Select((level, i) => new Problem { Id = $"{i}", Text = "p", Gold = "1", Level = level })];

    private static readonly Problem[] Many = [.. Enumerable.Range(0, 200).Select(i => new Problem { Id = $"p{i}", Text = "p", Gold = "1" })];

    private static string[] Ids(ProblemFilter filter, Problem[]? problems = null) => [.. filter.Of(problems ?? Problems).Select(problem => problem.Id)];

    private static string MistakeOf(ProblemFilter filter) => Assert.Throws<UserException>(() => filter.Of(Problems)).Message;

    [Fact]
    public void WithoutConditionsAllProblemsPass() => Assert.Equal(["0", "1", "2", "3", "4"], Ids(new()));

    [Fact]
    public void LevelsFilterAndTheLimitTakesTheFirst()
    {
        Assert.Equal(["1", "3", "4"], Ids(new() { Levels = ["3", "2"] }));
        Assert.Equal(["0", "1"], Ids(new() { Limit = 2 }));
        Assert.Equal(["1"], Ids(new() { Levels = ["3", "2"], Limit = 1 }));
    }

    [Fact]
    public void ASubsetDependsOnTheIdsAndNotOnTheOrderOfTheFile()
    {
        var drawn = Ids(new() { Subset = 20 }, Many);
        Assert.Equal(20, drawn.Length);
        Assert.Equal(drawn.Reverse(), Ids(new() { Subset = 20 }, [.. Many.Reverse()]));                                  // in the order of the file
        Assert.Equal(drawn.Intersect(Ids(new(), Many[..100])), Ids(new() { Subset = drawn.Count(id => int.Parse(id[1..]) < 100) }, Many[..100]));
    }

    [Fact]
    public void ASmallerSubsetIsAPartOfALargerOneAndAnotherSeedDrawsAnother()
    {
        var small = Ids(new() { Subset = 20, SubsetSeed = 5 }, Many);
        Assert.Subset(Ids(new() { Subset = 60, SubsetSeed = 5 }, Many).ToHashSet(), small.ToHashSet());
        Assert.NotEqual(small, Ids(new() { Subset = 20, SubsetSeed = 6 }, Many));
    }

    /// <summary>Of 200 problems, how often each is in a subset of 50 over 400 seeds: 100 expected, standard deviation 8.7; none is off by more than 5 of them.</summary>
    [Fact]
    public void EveryProblemIsDrawnEquallyOften()
    {
        var counts = Many.ToDictionary(problem => problem.Id, _ => 0);
        for (var seed = 0; seed < 400; seed++)
        {
            foreach (var id in Ids(new() { Subset = 50, SubsetSeed = seed }, Many)) { counts[id]++; }
        }
        Assert.All(counts.Values, count => Assert.InRange(count, 56, 144));
    }

    [Fact]
    public void WhatTheSetDoesNotHaveIsRefused()
    {
        Assert.Equal("level is \"7\"; the problems have 1, 2, 3, 10", MistakeOf(new() { Levels = ["7"] }));
        Assert.Equal("limit is 0; it must be 1 or more", MistakeOf(new() { Limit = 0 }));
        Assert.Equal("subset is 6; it must be from 1 to the 5 problems there are", MistakeOf(new() { Subset = 6 }));
        Assert.Equal("subset is 3; it must be from 1 to the 2 problems there are", MistakeOf(new() { Levels = ["3"], Subset = 3 }));
    }
}
