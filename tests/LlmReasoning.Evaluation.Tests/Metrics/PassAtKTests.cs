using System.Text.Json;
using CsCheck;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class PassAtKTests
{
    private static readonly Gen<(int N, int C)> Counts = Gen.Int[1, 300].SelectMany(n => Gen.Int[0, n], (n, c) => (n, c));

    [Theory]
    [InlineData(5, 3, 2, 0.9)]
    [InlineData(10, 1, 5, 0.5)]
    [InlineData(256, 1, 128, 0.5)]
    [InlineData(256, 1, 256, 1)]
    [InlineData(256, 0, 256, 0)]
    [InlineData(1, 1, 1, 1)]
    public void TheEstimateIsTheShareOfSubsetsWithACorrectSample(int n, int c, int k, double expected) =>
        Assert.Equal(expected, PassAtK.Estimate(n, c, k), 1e-14);

    [Fact, Trait("Category", "Golden")]
    public void EstimatesEqualExactFractionsTo1e12()
    {
        foreach (var line in Golden.Files("evaluation", "pass_at_k.jsonl").SelectMany(File.ReadLines).Where(line => line.Length > 0))
        {
            var row = JsonDocument.Parse(line).RootElement;
            var (n, c, k) = (row.GetProperty("n").GetInt32(), row.GetProperty("c").GetInt32(), row.GetProperty("k").GetInt32());
            Assert.Equal(row.GetProperty("pass_at_k").GetDouble(), PassAtK.Estimate(n, c, k), 1e-12);
            Assert.Equal(row.GetProperty("pass_hat_k").GetDouble(), PassAtK.AllCorrect(n, c, k), 1e-12);
            Assert.Equal(row.GetProperty("majority_binary_at_k").GetDouble(), PassAtK.StrictMajority(n, c, k), 1e-12);
        }
    }

    [Fact]
    public void PassAtKRisesInKAndPassAt1IsTheShareCorrect() => Counts.Sample(counts =>
    {
        var (n, c) = counts;
        var curve = Enumerable.Range(1, n).Select(k => PassAtK.Estimate(n, c, k)).ToArray();
        Assert.Equal((double)c / n, curve[0], 1e-14);
        Assert.Equal(c > 0 ? 1 : 0, curve[^1]);
        Assert.All(curve.Zip(curve.Skip(1)), pair => Assert.True(pair.Second >= pair.First - 1e-14));
    });

    [Fact]
    public void AllCorrectIsNoneWrong() => Counts.Sample(counts =>
    {
        var (n, c) = counts;
        for (var k = 1; k <= n; k++)
        {
            Assert.Equal(1 - PassAtK.Estimate(n, n - c, k), PassAtK.AllCorrect(n, c, k), 1e-13);
        }
    });

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(4, 5, 1)]
    [InlineData(4, -1, 1)]
    [InlineData(4, 2, 5)]
    [InlineData(4, 2, 0)]
    public void CountsOutOfRangeThrow(int n, int c, int k)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PassAtK.Estimate(n, c, k));
        Assert.Throws<ArgumentOutOfRangeException>(() => PassAtK.AllCorrect(n, c, k));
        Assert.Throws<ArgumentOutOfRangeException>(() => PassAtK.StrictMajority(n, c, k));
    }

    [Fact]
    public void TablesShowPowersOfTwoAndWhatIsAsked() => Assert.Equal([1, 2, 3, 4, 8, 12], PassAtK.Ks(12, [12, 3, 4]));
}
