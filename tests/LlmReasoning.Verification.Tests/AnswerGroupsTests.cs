namespace LlmReasoning.Verification.Tests;

public sealed class AnswerGroupsTests
{
    [Fact]
    public void EqualAnswersShareAClass()
    {
        string?[] answers = [@"\frac{1}{2}", "0.5", "1/2", "2", null, "x=2", "2.0", @"\sqrt{4}", "three", ""];
        Assert.Equal([0, 0, 0, 1, -1, 1, 1, 1, 2, -1], Verifier.Group(answers));
    }

    [Fact]
    public void AnAnswerWithoutItsUnitIsAClassOfItsOwnSoThatClassesAreTransitive() =>
        Assert.Equal([0, 1, 2], Verifier.Group(["50", @"50\%", "5"]));

    [Fact]
    public void ManyDifferentAnswersAreGroupedByTheirKeys()
    {
        var answers = Enumerable.Range(0, 5000).Select(i => $"{i % 2500}").ToArray();
        Assert.Equal(2500, Verifier.Group(answers).Distinct().Count());
    }
}
