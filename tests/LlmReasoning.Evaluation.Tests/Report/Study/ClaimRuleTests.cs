using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Report.Study;

namespace LlmReasoning.Evaluation.Tests.Report.Study;

public sealed class ClaimRuleTests
{
    [Theory]
    [InlineData("Rises", 0.01, 0.20, "consistent with")]
    [InlineData("Rises", -0.02, 0.04, "not consistent with")]        // a rise of 5 points is ruled out
    [InlineData("Rises", -0.02, 0.06, "not enough data")]
    [InlineData("DoesNotRise", -0.12, -0.03, "consistent with")]
    [InlineData("DoesNotRise", -0.02, 0.04, "consistent with")]
    [InlineData("DoesNotRise", 0.01, 0.04, "not consistent with")]   // small, but beyond its interval
    [InlineData("DoesNotRise", -0.02, 0.06, "not enough data")]
    [InlineData("Falls", -0.20, -0.01, "consistent with")]
    [InlineData("Falls", -0.04, 0.10, "not consistent with")]
    [InlineData("Falls", -0.06, 0.10, "not enough data")]
    [InlineData("Reaches", -0.04, 0.01, "consistent with")]
    [InlineData("Reaches", -0.20, -0.06, "not consistent with")]
    [InlineData("Reaches", -0.10, 0.01, "not enough data")]
    [InlineData("Crosses", 20, 100, "consistent with")]
    [InlineData("Crosses", 20, double.PositiveInfinity, "not enough data")]
    [InlineData("Crosses", double.PositiveInfinity, double.PositiveInfinity, "not consistent with")]
    public void TheIntervalAloneDecides(string test, double lo, double hi, string expected)
    {
        Assert.Equal(expected, ClaimRule.Text(ClaimRule.Of(Enum.Parse<ClaimTest>(test), new Estimate((lo + hi) / 2, lo, hi), 120)));
    }

    [Fact]
    public void FewProblemsDecideNothing()
    {
        Assert.Equal(Verdict.NotEnoughData, ClaimRule.Of(ClaimTest.Rises, new Estimate(0.5, 0.4, 0.6), ClaimRule.FewestProblems - 1));
        Assert.Equal(Verdict.Consistent, ClaimRule.Of(ClaimTest.Rises, new Estimate(0.5, 0.4, 0.6), ClaimRule.FewestProblems));
    }
}
