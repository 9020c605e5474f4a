using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Evaluation.Tests.Problems;

public sealed class ProblemCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string[] Findings(string text, string? against = null)
    {
        var result = ProblemCheck.Run(_folder.File("set.jsonl", text), against is null ? null : _folder.File("test.jsonl", against));
        return [.. result.Findings.Select(finding => $"{finding.Place}: {finding.Message}".Replace(_folder.Path, "", StringComparison.Ordinal))];
    }

    [Fact]
    public void ASoundSetHasNoFindings() =>
        Assert.Empty(Findings("""
            {"problem": "1+1?", "answer": "2"}
            {"problem": "1+2?", "answer": "\\frac{6}{2}"}
            """));

    [Fact]
    public void EveryMistakeIsNamedWithItsLine() =>
        Assert.Equal(
            [
                "line 2: no answer; one of the fields answer, Answer, gold, target, final_answer or solution is expected",
                "line 3: is an array; one JSON object a line is expected",
                "line 4: id is \"a\", as in line 1",
                "line 4: the same problem as in line 1",
                "line 5: the same problem as in line 1, with another answer: \"3\", there \"2\"",
                "line 6: no level, though other problems have one",
                "line 6: the answer \"}{\" does not equal itself for the verifier",
            ],
            Findings("""
            {"id": "a", "problem": "What is $1 + 1$?", "answer": "2", "level": 1}
            {"id": "b", "problem": "q"}
            [1]
            {"id": "a", "problem": "what is 1+1", "answer": "2.0", "level": 1}
            {"id": "c", "problem": "What is 1+1 ?", "answer": "3", "level": 1}
            {"id": "d", "problem": "r", "answer": "}{"}
            """));

    [Fact]
    public void ProblemsOfTheOtherSetAreNamed() =>
        Assert.Equal(
            ["line 2: the same problem as in /test.jsonl, line 1"],
            Findings("{\"problem\": \"p\", \"answer\": 1}\n{\"problem\": \"How Many?\", \"answer\": 1}", "{\"question\": \"how  many\", \"answer\": \"1\"}"));

    [Theory]
    [InlineData("Compute (2+3)*4.", "compute (2 + 3) × 4", true)]
    [InlineData("Compute 2+3*4.", "Compute (2+3)*4.", false)]
    [InlineData("1 2", "12", false)]
    [InlineData("1.5", "15", false)]
    [InlineData("5−3", "5-3", true)]
    public void NormalisedTextsTellProblemsApart(string a, string b, bool equal) => Assert.Equal(equal, NormalizedText.Of(a) == NormalizedText.Of(b));

    [Fact]
    public void AnEmptyFileIsAFinding() => Assert.Equal("file: holds no problem; one JSON object a line is expected", Assert.Single(Findings("")));
}
