using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

public sealed class ProblemBucketsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(new[] { "10", "2", "10" }, new[] { "2", "10" }, new[] { 1, 0, 1 })]
    [InlineData(new[] { "hard", null, "2" }, new[] { "2", "hard", "none" }, new[] { 1, 2, 0 })]
    [InlineData(new string?[] { null, null }, new[] { "all" }, new[] { 0, 0 })]
    public void WithoutABaseTheLevelIsTheBucket(string?[] levels, string[] labels, int[] indexes)
    {
        Problem[] problems = [.. levels.Select((level, i) => ProblemOf($"{i}", level))];
        var buckets = ProblemBuckets.Of(problems, null, "kim6");
        Assert.Equal(labels, buckets.Labels);
        Assert.Equal(indexes, problems.Select(buckets.IndexOf));
    }

    [Fact]
    public void WithABaseItsSuccessCountIs()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "problems.csv"), "problem_id,n,c\r\na,16,0\r\nb,16,1\r\nc,16,16\r\n");
        Problem[] problems = [ProblemOf("c", "1"), ProblemOf("a", "1"), ProblemOf("b", "1")];
        var buckets = ProblemBuckets.Of(problems, _folder.Path, "0,4");
        Assert.Equal(["0", "1-4", "5-16"], buckets.Labels);
        Assert.Equal([2, 0, 1], problems.Select(buckets.IndexOf));
    }

    [Fact]
    public void AProblemThatTheBaseWasNotAskedIsNamed()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "problems.csv"), "problem_id,n,c\r\na,16,0\r\n");
        Assert.Contains("lacks problem \"b\"", Assert.Throws<UserException>(() => ProblemBuckets.Of([ProblemOf("b", null)], _folder.Path, "kim6")).Message, StringComparison.Ordinal);
    }

    private static Problem ProblemOf(string id, string? level) => new() { Id = id, Text = "?", Gold = "1", Level = level };
}
