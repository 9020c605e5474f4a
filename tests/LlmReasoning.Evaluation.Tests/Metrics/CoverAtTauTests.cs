using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class CoverAtTauTests
{
    [Theory]
    [InlineData(10, 3, 0.3, 1)]     // 0.3 * 10 is a little more than 3 in binary
    [InlineData(10, 3, 0.31, 0)]
    [InlineData(4, 4, 1, 1)]
    public void AProblemIsCoveredFromItsRateOn(int n, int c, double tau, double expected) => Assert.Equal(expected, CoverAtTau.PlugIn(n, c, tau));

    [Theory]
    [InlineData(0, 0, 0.3, 0.7)]                    // Beta(1, 1)
    [InlineData(1, 1, 0.5, 0.75)]                   // Beta(2, 1): 1 - tau^2
    [InlineData(2, 0, 0.5, 0.125)]                  // Beta(1, 3): (1 - tau)^3
    [InlineData(256, 128, 0.5, 0.5)]                // symmetric
    public void ThePosteriorIsTheTailOfTheBetaDistribution(int n, int c, double tau, double expected) =>
        Assert.Equal(expected, CoverAtTau.Posterior(n, c, tau), 1e-12);

    [Fact]
    public void TheAreaUnderThePosteriorCurveIsBayesAtN()
    {
        const int steps = 4000;
        var area = Enumerable.Range(0, steps).Average(i => CoverAtTau.Posterior(16, 5, (i + 0.5) / steps));
        Assert.Equal(6 / 18.0, area, 1e-6);
    }
}
