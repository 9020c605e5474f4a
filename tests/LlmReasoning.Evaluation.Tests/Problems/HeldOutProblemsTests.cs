using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;

namespace LlmReasoning.Evaluation.Tests.Problems;

public sealed class HeldOutProblemsTests
{
    private static readonly HeldOutProblems s_heldOut = new(SyntheticProblems.Set(0, Split.Test, 40).Select(problem => problem.ToProblem()));

    private static readonly string s_problem = SyntheticProblems.Set(0, Split.Test, 40)[7].Text;

    [Theory]
    [InlineData("{0}")]
    [InlineData("{0}\n")]
    [InlineData("  {0}  ")]
    [InlineData("One text.\n{0}\nAnother.")]
    public void AHeldOutProblemIsRefused(string around)
    {
        var message = Assert.Throws<UserException>(() => s_heldOut.RefuseIn(string.Format(null, around, s_problem), "a.jsonl: line 3")).Message;
        Assert.StartsWith("a.jsonl: line 3: holds problem test-0-00007 of a held-out set", message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherTextsPass()
    {
        foreach (var problem in SyntheticProblems.Set(0, Split.Train, 200)) { s_heldOut.RefuseIn(problem.Text, ""); }
        s_heldOut.RefuseIn("", "");
        new HeldOutProblems([]).RefuseIn(s_problem, "");
    }
}
