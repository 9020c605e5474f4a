namespace LlmReasoning.Verification.Tests;

public sealed class AnswerExtractorTests
{
    [Theory]
    [InlineData(@"first \boxed{5}, then \boxed{7}.", "7")]
    [InlineData(@"\boxed{\frac{1}{2}}", @"\frac{1}{2}")]
    [InlineData(@"\boxed {5}", "5")]
    [InlineData(@"\boxed 5", "5")]
    [InlineData(@"\fbox{5}", "5")]
    [InlineData(@"<think>\boxed{7}</think> so \boxed{5}", "5")]
    public void TheLastBoxIsTheAnswer(string response, string answer) =>
        Assert.Equal(answer, Verifier.Verify("0", response, ExtractionPolicy.Reward).Answer);

    [Theory]
    [InlineData("the answer is 5", "no-box")]
    [InlineData(@"the answer is \boxed{}", "empty-box")]
    [InlineData(@"the answer is \boxed{5", "unclosed-box")]
    [InlineData(@"<think>\boxed{5}</think> I do not know.", "no-box")]
    public void WithoutAClosedBoxThereIsNoReward(string response, string reason)
    {
        var verdict = Verifier.Verify("5", response, ExtractionPolicy.Reward);
        Assert.Equal((Outcome.NoAnswer, reason), (verdict.Outcome, verdict.Reason));
    }

    [Theory]
    [InlineData("He runs 540 meters.\n#### 540", "540")]
    [InlineData("Final Answer: The final answer is $5$. I hope it is correct.", "$5$")]
    [InlineData("So the answer is 12,000,023. I hope it is correct.", "12,000,023")]
    [InlineData("Thus.\n\nFinal Answer: **73**", "73")]
    [InlineData("The result of the computation is 5", "5")]
    [InlineData("答案是 $5$", "$5$")]
    [InlineData("the sum is 2 and the cost is $1,000.99", "1,000.99")]
    public void TheLenientPolicyReadsOnWithoutABox(string response, string answer) =>
        Assert.Equal(answer, Verifier.Verify("0", response).Answer);
}
