namespace LlmReasoning.Verification.Tests;

public sealed class VerifierOptionsTests
{
    [Theory]
    [InlineData("4/3", "1.333", 3, Outcome.Correct)]
    [InlineData("4/3", "1.333", 4, Outcome.Wrong)]
    public void DecimalsAreComparedToTheRoundingDigits(string gold, string answer, int digits, Outcome outcome) =>
        Assert.Equal(outcome, Judge(gold, answer, new() { RoundingDigits = digits }));

    [Theory]
    [InlineData(true, Outcome.Correct)]
    [InlineData(false, Outcome.Wrong)]
    public void ThePercentSignMayBeMissingIfAllowed(bool mayBeMissing, Outcome outcome)
    {
        var options = new VerifierOptions { PercentSignMayBeMissing = mayBeMissing };
        Assert.Equal(outcome, Judge(@"50\%", "50", options));
        Assert.Equal(Outcome.Correct, Judge(@"50\%", "0.5", options));
    }

    [Theory]
    [InlineData(true, Outcome.Correct)]
    [InlineData(false, Outcome.Wrong)]
    public void VariablesMayBeRenamedIfAllowed(bool ignoresNames, Outcome outcome) =>
        Assert.Equal(outcome, Judge("2x-y", "2a-b", new() { IgnoresVariableNames = ignoresNames }));

    private static Outcome Judge(string gold, string answer, VerifierOptions options) =>
        Verifier.Verify(GoldAnswer.Parse(gold), $@"\boxed{{{answer}}}", ExtractionPolicy.Reward, options).Outcome;
}
