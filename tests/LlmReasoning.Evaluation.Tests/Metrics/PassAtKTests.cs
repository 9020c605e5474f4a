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

    [Fact, Trait("Category", "Golden")]
    public void AccuracyAndCapabilityCanDisagree()
    {
        var toy = JsonDocument.Parse(File.ReadAllBytes(Golden.Files("evaluation", "kim2505.json")[0])).RootElement.GetProperty("toy");
        var k = toy.GetProperty("k").GetInt32();
        string[] models = ["A", "B"];
        for (var i = 0; i < models.Length; i++)
        {
            double[] rates = [.. toy.GetProperty(models[i]).EnumerateArray().Select(rate => rate.GetDouble())];
            Assert.Equal(toy.GetProperty("accuracy")[i].GetDouble(), rates.Average(rate => PassAtK.OfRate(rate, 1)), 1e-12);
            Assert.Equal(toy.GetProperty("capability")[i].GetDouble(), rates.Average(rate => PassAtK.OfRate(rate, k)), 1e-12);
        }
    }

    [Theory]
    [InlineData(4, 1, 2, 0.0, 0.5)]     // max(1, 0) of 2
    [InlineData(4, 1, 2, 0.5, 0.5)]
    [InlineData(4, 1, 2, 0.75, 0)]
    [InlineData(5, 3, 2, 1.0, 0.3)]
    [InlineData(60, 30, 30, 0.1, 0.9999999999999)]     // 0.1 * 30 is a little more than 3 in binary
    public void GPassAsksForAShareOfTheDraw(int n, int c, int k, double tau, double expected) =>
        Assert.Equal(expected, PassAtK.AtLeastShare(n, c, k, tau), 1e-9);

    [Fact]
    public void MGPassIsItsDefinitionsSum() => Counts.Sample(counts =>
    {
        var (n, c) = counts;
        var k = (n + 1) / 2;
        var sum = 0.0;
        for (var i = (k + 1) / 2 + 1; i <= k; i++) { sum += PassAtK.AtLeastShare(n, c, k, (double)i / k); }
        Assert.Equal(2 * sum / k, PassAtK.MeanAtLeastShare(n, c, k), 1e-12);
    });

    [Fact]
    public void ScoriosRowsAreReproduced()
    {
        (int N, int C)[] rows = [(5, 3), (5, 4)];
        Assert.Equal(0.95, rows.Average(row => PassAtK.Estimate(row.N, row.C, 2)), 1e-14);
        Assert.Equal(0.45, rows.Average(row => PassAtK.AllCorrect(row.N, row.C, 2)), 1e-14);
        Assert.Equal(0.85, rows.Average(row => PassAtK.StrictMajority(row.N, row.C, 3)), 1e-14);
        var (mean, interval) = BayesAtN.Of([.. rows.Select(row => new ProblemResult { ProblemId = $"{row.C}", N = row.N, C = row.C })]);
        Assert.Equal((4 / 7.0 + 5 / 7.0) / 2, mean, 1e-14);
        var sigma = Math.Sqrt((4 / 7.0 * 3 / 7 + 5 / 7.0 * 2 / 7) / 8) / 2;
        Assert.Equal(mean + 1.959964 * sigma, interval.Hi, 1e-6);
    }

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
