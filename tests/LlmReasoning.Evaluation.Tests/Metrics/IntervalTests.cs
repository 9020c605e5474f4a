using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class IntervalTests
{
    [Fact, Trait("Category", "Golden")]
    public void ZeroOfNLeavesThePrintedBound()
    {
        foreach (var bound in JsonDocument.Parse(File.ReadAllBytes(Golden.Files("evaluation", "kim2505.json")[0])).RootElement.GetProperty("upper_bound_zero_of_n").EnumerateObject())
        {
            Assert.Equal(bound.Value.GetDouble(), Interval.UpperBoundOfZero(int.Parse(bound.Name, CultureInfo.InvariantCulture)), 1e-12);
        }
    }

    [Theory]
    [InlineData(10, 5, 0.236593, 0.763407)]
    [InlineData(10, 0, 0, 0.277533)]
    [InlineData(10, 10, 0.722467, 1)]
    public void WilsonsIntervalStaysInTheUnitInterval(int n, int c, double lo, double hi)
    {
        var interval = Interval.Wilson(n, c);
        Assert.Equal(lo, interval.Lo, 1e-6);
        Assert.Equal(hi, interval.Hi, 1e-6);
    }

    [Fact]
    public void AConstantHasNoSpread() =>
        Assert.Equal(new Interval(0.25, 0.25), Assert.Single(Bootstrap.Means([[0.25], [0.25], [0.25]], seed: 1)));

    [Fact]
    public void TheSameSeedGivesTheSameIntervalAndAnotherSeedAnother()
    {
        double[][] rows = [.. Enumerable.Range(0, 40).Select(i => new[] { i / 40.0, i % 2 })];
        Assert.Equal(Bootstrap.Means(rows, seed: 3, draws: 500), Bootstrap.Means(rows, seed: 3, draws: 500));
        Assert.NotEqual(Bootstrap.Means(rows, seed: 3, draws: 500)[0], Bootstrap.Means(rows, seed: 4, draws: 500)[0]);
    }

    [Fact]
    public void TheIntervalIsThatOfTheNormalApproximationForManyProblems()
    {
        double[][] rows = [.. Enumerable.Range(0, 400).Select(i => new[] { (double)(i % 2) })];
        var interval = Bootstrap.Means(rows, seed: 0)[0];
        Assert.Equal(0.5 - 1.96 * 0.5 / 20, interval.Lo, 0.005);
        Assert.Equal(0.5 + 1.96 * 0.5 / 20, interval.Hi, 0.005);
    }

    [Fact]
    public void IntervalsCoverTheTruthOfABetaPopulationAbout95TimesOf100()
    {
        const int simulations = 400, problems = 200, n = 16, k = 4;
        // Success rates ~ Beta(1, 2), by inversion p = 1 - sqrt(1 - u); E[1 - (1-p)^4] = 1 - 2 * integral of (1-p)^5 = 2/3.
        const double truth = 1 - 2.0 / 6;
        var covered = 0;
        for (var simulation = 0; simulation < simulations; simulation++)
        {
            var random = new SplitMix64("coverage", simulation);
            var rows = new double[problems][];
            for (var i = 0; i < problems; i++)
            {
                var p = 1 - Math.Sqrt(1 - random.Uniform());
                var c = 0;
                for (var sample = 0; sample < n; sample++) { c += random.Uniform() < p ? 1 : 0; }
                rows[i] = [PassAtK.Estimate(n, c, k)];
            }
            var interval = Bootstrap.Means(rows, simulation, draws: 500)[0];
            covered += interval.Lo <= truth && truth <= interval.Hi ? 1 : 0;
        }
        Assert.InRange((double)covered / simulations, 0.93, 0.97);
    }
}
