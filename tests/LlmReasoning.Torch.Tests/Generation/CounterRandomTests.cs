using LlmReasoning.Torch.Generation;

namespace LlmReasoning.Torch.Tests.Generation;

public sealed class CounterRandomTests
{
    private const int Cells = 64;

    // Chi-square with 63 degrees of freedom exceeds 110 once in 4,000 true uniforms, with 4,095 it exceeds 4,430 once in 8,000. The numbers here are
    // fixed, so a test passes always or never.
    private const double Limit = 110;
    private const double PairLimit = 4430;

    [Fact]
    public void ThePublishedHashValuesComeOut()
    {
        Assert.Equal(0xCBF29CE484222325UL, CounterRandom.Key(""));
        Assert.Equal(0xAF63DC4C8601EC8CUL, CounterRandom.Key("a"));
        Assert.Equal(0x85944171F73967E8UL, CounterRandom.Key("foobar"));
    }

    [Fact]
    public void ValuesLieInTheHalfOpenUnitInterval() =>
        Assert.All(Enumerable.Range(0, 100_000), i => Assert.InRange(CounterRandom.Uniform(i, 5, 0, 0), 0, 1 - double.Epsilon));

    [Fact]
    public void EachArgumentAloneGivesUniformNumbers()
    {
        const int draws = 200_000;
        Assert.InRange(ChiSquare(draws, i => CounterRandom.Uniform(i, 1, 2, 3)), 30, Limit);
        Assert.InRange(ChiSquare(draws, i => CounterRandom.Uniform(1, (ulong)i, 2, 3)), 30, Limit);
        Assert.InRange(ChiSquare(draws, i => CounterRandom.Uniform(1, CounterRandom.Key($"gsm8k/{i}"), 2, 3)), 30, Limit);
        Assert.InRange(ChiSquare(draws, i => CounterRandom.Uniform(1, 2, i, 3)), 30, Limit);
        Assert.InRange(ChiSquare(draws, i => CounterRandom.Uniform(1, 2, 3, i)), 30, Limit);
    }

    [Fact]
    public void NeighboursAreIndependent()
    {
        const int draws = 400_000;
        Assert.InRange(PairChiSquare(draws, i => (CounterRandom.Uniform(0, 9, 0, i), CounterRandom.Uniform(0, 9, 0, i + 1))), 3700, PairLimit);
        Assert.InRange(PairChiSquare(draws, i => (CounterRandom.Uniform(0, 9, i, 0), CounterRandom.Uniform(0, 9, i + 1, 0))), 3700, PairLimit);
        Assert.InRange(PairChiSquare(draws, i => (CounterRandom.Uniform(i, 9, 0, 0), CounterRandom.Uniform(i + 1, 9, 0, 0))), 3700, PairLimit);
        Assert.InRange(PairChiSquare(draws, i => (CounterRandom.Uniform(0, (ulong)i, 0, 0), CounterRandom.Uniform(0, (ulong)i + 1, 0, 0))), 3700, PairLimit);
        // sample i, position j against sample j, position i: the arguments are not interchangeable
        Assert.InRange(PairChiSquare(draws, i => (CounterRandom.Uniform(0, 9, i, 7), CounterRandom.Uniform(0, 9, 7, i))), 3700, PairLimit);
    }

    private static double ChiSquare(int draws, Func<int, double> draw)
    {
        var counts = new int[Cells];
        for (var i = 0; i < draws; i++) counts[(int)(draw(i) * Cells)]++;
        return Statistic(counts, draws);
    }

    private static double PairChiSquare(int draws, Func<int, (double First, double Second)> draw)
    {
        var counts = new int[Cells * Cells];
        for (var i = 0; i < draws; i++)
        {
            var (first, second) = draw(i);
            counts[((int)(first * Cells) * Cells) + (int)(second * Cells)]++;
        }
        return Statistic(counts, draws);
    }

    private static double Statistic(int[] counts, int draws)
    {
        var expected = (double)draws / counts.Length;
        return counts.Sum(count => (count - expected) * (count - expected) / expected);
    }
}
