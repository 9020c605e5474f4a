using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

public sealed class TrainingWarningsTests
{
    private static readonly Dictionary<string, double?> s_healthy = new()
    {
        ["step"] = 1,
        ["reward"] = 0.4,
        ["accuracy"] = 0.4,
        ["groups/all_wrong"] = 0.3,
        ["groups/mixed"] = 0.5,
        ["groups/all_right"] = 0.2,
        ["completions/clipped_ratio"] = 0.1,
        ["loss"] = 0.1,
        ["grad_norm"] = 0.5,
        ["learning_rate"] = 1e-6,
        ["sampling/sampling_logp_difference/mean"] = 1e-6,
    };

    [Theory]
    [InlineData("groups/mixed", 0, "all wrong")]
    [InlineData("grad_norm", 0, "no gradient")]
    [InlineData("learning_rate", 0, "no learning rate")]
    [InlineData("loss", 0.001, "loss")]
    [InlineData("completions/clipped_ratio", 0.95, "truncated")]
    [InlineData("grad_norm", 3, "clipped")]
    public void AColumnThatStaysWhereNothingIsLearntIsSaidInWords(string column, double value, string key) =>
        Assert.Equal([key], KeysOf(40, _ => new() { [column] = value }));

    [Fact]
    public void AHealthyRunSaysNothing() => Assert.Empty(KeysOf(40, _ => []));

    [Fact]
    public void GroupsThatAreAllRightNeedHarderProblems() =>
        Assert.Equal(["all right"], KeysOf(3, _ => new() { ["groups/mixed"] = 0, ["groups/all_right"] = 1, ["groups/all_wrong"] = 0 }));

    [Fact]
    public void TheLossIsNotNearZeroByDesignWhereABatchTrainsTwice() => Assert.Empty(KeysOf(40, _ => new() { ["loss"] = 0 }, updatesPerBatch: 2));

    [Theory]
    [InlineData(0.01, 0, new[] { "reward" })]           // both trends over 40 steps
    [InlineData(0.01, 0.01, new string[0])]
    [InlineData(0.00001, 0, new string[0])]             // within the noise
    public void ARewardThatRisesWithoutTheAccuracyIsNamed(double rewardAStep, double accuracyAStep, string[] expected) =>
        Assert.Equal(expected, KeysOf(40, i => new() { ["reward"] = 0.1 + i * rewardAStep + (i % 2) * 0.02, ["accuracy"] = 0.4 + i * accuracyAStep }));

    [Fact]
    public void ASamplerThatDriftsFromTheTrainerIsNamed() =>
        Assert.Equal(["sampler"], KeysOf(20, i => new() { ["sampling/sampling_logp_difference/mean"] = i < 10 ? 1e-4 : 2e-3 }));

    [Fact]
    public void EachIsSaidOnce()
    {
        var warnings = new TrainingWarnings(maxGradNorm: 1, updatesPerBatch: 1);
        (string, double?)[] row = [("step", 1), ("grad_norm", 0)];
        Assert.Equal([0, 0, 1, 0, 0], Enumerable.Range(0, 5).Select(_ => warnings.After(row).Count));
    }

    [Fact]
    public void ARunOfOtherColumnsIsReadAsFarAsItGoes() =>
        Assert.Empty(TrainingWarnings.Of([.. Enumerable.Repeat(new Dictionary<string, double?> { ["loss"] = 0, ["grad_norm"] = 0.5 }, 40)], 1, 1));

    private static IEnumerable<string> KeysOf(int count, Func<int, Dictionary<string, double?>> change, int updatesPerBatch = 1)
    {
        var steps = Enumerable.Range(0, count).Select(i =>
        {
            var step = new Dictionary<string, double?>(s_healthy);
            foreach (var (name, value) in change(i)) { step[name] = value; }
            return step;
        });
        return TrainingWarnings.Of([.. steps], maxGradNorm: 1, updatesPerBatch).Select(warning => warning.Key);
    }
}
