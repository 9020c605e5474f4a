using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Tests.Tables;

public sealed class StepTimingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string TimingsPath => Path.Combine(_folder.Path, StepTimings.FileName);

    [Fact]
    public void StepsThatAreDoneAgainAndTornLinesAreRemoved()
    {
        var first = new StepTimings(TimingsPath, 0);
        foreach (var step in (int[])[1, 2, 3]) { first.Append(step, [("rollout", 0.5), ("train", 0.25 * step)]); }
        File.AppendAllText(TimingsPath, "{\"step\":4,\"roll");
        new StepTimings(TimingsPath, 2).Append(3, [("rollout", 1), ("train", 1)]);
        Assert.Equal([(1, 0.75), (2, 1), (3, 2)], StepTimings.Read(TimingsPath));
        Assert.Equal("{\"step\":1,\"rollout\":0.5,\"train\":0.25}", File.ReadLines(TimingsPath).First());
    }

    [Fact]
    public void ARunWithoutTheFileHasNoTimes() => Assert.Empty(StepTimings.Read(TimingsPath));
}
