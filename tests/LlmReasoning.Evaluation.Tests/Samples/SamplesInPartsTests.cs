using CsCheck;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Tests.Samples;

public sealed class SamplesInPartsTests
{
    private static readonly Problem[] Problems = [.. Enumerable.Range(0, 7).Select(i => new Problem { Id = $"p{i}", Text = "?", Gold = "1" })];

    private static readonly Sample[] Samples =
        [.. from i in Enumerable.Range(0, 7) from j in Enumerable.Range(0, 6) select Drawn.Sample($"p{i}", j, $"\\boxed{{{(j < i ? 1 : j % 3)}}}")];

    [Fact]
    public void ShuffledAndCutSamplesAreTheSameEvaluation()
    {
        var whole = Describe(Grader.Grade(Problems, Samples));
        Gen.Select(Gen.Shuffle(Samples), Gen.Int[1, 4], Gen.Int[0, 2].Select(i => new[] { "", ".gz", ".zst" }[i])).Sample((shuffled, count, extension) =>
        {
            using var folder = new TemporaryFolder();
            for (var part = 0; part < count; part++)
            {
                SampleFile.Write(folder.File($"shard-{part}/samples.jsonl{extension}"), shuffled.Where((_, i) => i % count == part));
            }
            var merged = Grader.Grade(Problems, SampleFile.Read(SampleFile.Find([folder.Path])));
            Assert.Equal(whole, Describe(merged));
        }, iter: 30);
    }

    [Fact]
    public void EvaluatingShardsApartGivesTheRowsOfTheWhole()
    {
        var whole = Describe(Grader.Grade(Problems, Samples));
        var parts = Enumerable.Range(1, 3).SelectMany(index =>
        {
            var part = Shard.Parse($"{index}/3").Of(Problems);
            return Describe(Grader.Grade(part, Samples.Where(sample => part.Any(problem => problem.Id == sample.ProblemId))));
        });
        Assert.Equal(whole.Order(), parts.Order());
    }

    private static string[] Describe(IEnumerable<ProblemResult> results) =>
        [.. results.Select(result => $"{result with { Answers = null }} {string.Join(' ', result.Answers!.Classes)} {result.Answers.Entropy:R}")];
}
