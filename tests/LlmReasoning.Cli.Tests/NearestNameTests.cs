namespace LlmReasoning.Cli.Tests;

public sealed class NearestNameTests
{
    private static readonly string[] Known = ["temperature", "top_p", "top_k", "k", "n"];

    [Theory]
    [InlineData("temprature", "temperature")]
    [InlineData("top-p", "top_p")]
    [InlineData("learning_rate", null)]
    [InlineData("x", null)]          // one edit from k and n, but nothing of it would remain
    public void AMisspeltNameFindsItsNeighbour(string name, string? expected) => Assert.Equal(expected, NearestName.Of(name, Known));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("same", "same", 0)]
    public void TheDistanceCountsSingleEdits(string a, string b, int expected) => Assert.Equal(expected, NearestName.EditDistance(a, b));
}
