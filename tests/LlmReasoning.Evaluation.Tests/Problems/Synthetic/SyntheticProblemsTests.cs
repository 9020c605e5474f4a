using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Tests.Problems.Synthetic;

public sealed class SyntheticProblemsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Split.Test)]
    [InlineData(Split.Train)]
    [InlineData(Split.Pretrain)]
    public void TheFamilyEqualsTheReferenceSamplesByteByByte(string split)
    {
        var reference = File.ReadAllBytes(Golden.OwnFiles("embedded", $"problems-{split}-sample.jsonl")[0]);
        var path = _folder.File("set.jsonl");
        SyntheticProblems.Write(path, split, reference.AsSpan().Count((byte)'\n'), seed: 0);
        Assert.Equal(reference, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public void TheTeacherIsAlwaysRight(long seed) => Assert.All(SyntheticProblems.Set(seed, Split.Train, 400), problem =>
        Assert.Equal(Outcome.Correct, Verifier.Verify($"{problem.Answer}", SyntheticProblems.Teacher(problem), ExtractionPolicy.Reward).Outcome));

    [Fact]
    public void ASetHasNoRepeatsAndStaysInItsSplit()
    {
        var problems = SyntheticProblems.Set(3, Split.Test, 400);
        Assert.Equal(problems.Count, problems.Select(problem => problem.Text).Distinct().Count());
        Assert.All(problems, problem => Assert.Equal(Split.Test, Split.Of(problem.Text)));
        Assert.All(problems, problem => Assert.InRange(problem.Answer, 0, 199));
        Assert.Equal(40, problems.Count(problem => problem.Topic == "new units"));
    }

    [Fact]
    public void ALongerSetBeginsWithTheShorter() => Assert.Equal(
        SyntheticProblems.Set(1, Split.Test, 40).Select(problem => problem.Text),
        SyntheticProblems.Set(1, Split.Test, 120).Take(40).Select(problem => problem.Text));

    [Fact]
    public void TheCorpusCanBeEnteredAnywhere() =>
        Assert.Equal(SyntheticProblems.Corpus(4, 0, 30).Skip(20), SyntheticProblems.Corpus(4, 20, 10));

    [Fact]
    public void NoCorpusExampleIsOfAnotherSplitDrillsAndHintedOnesIncluded()
    {
        var corpus = SyntheticProblems.Corpus(0, 0, 20_000).ToList();
        Assert.All(corpus, example => Assert.Equal(Split.Pretrain, Split.Of(example.Problem)));
        Assert.Contains(corpus, example => example.Prompt == example.Problem + " Work backwards.\n");
        Assert.Contains(corpus, example => example.Problem.StartsWith("Compute ", StringComparison.Ordinal) && example.Problem.Contains('/', StringComparison.Ordinal));
    }

    [Fact]
    public void WrittenProblemsAreReadBack()
    {
        var path = _folder.File("test.jsonl");
        SyntheticProblems.Write(path, Split.Test, 50, seed: 2);
        Assert.Equal(SyntheticProblems.Set(2, Split.Test, 50).Select(problem => problem.ToProblem()), ProblemFile.Read(path));
    }

    [Fact]
    public void MistakesAreNamed()
    {
        Assert.Equal("split is \"dev\"; use test, train or pretrain", Assert.Throws<UserException>(() => SyntheticProblems.Set(0, "dev", 1)).Message);
        Assert.Throws<UserException>(() => SyntheticProblems.Set(0, Split.Test, 0));
        Assert.Contains("ask for fewer", Assert.Throws<UserException>(() => SyntheticProblems.Set(0, Split.Test, 100_000)).Message);
    }
}
