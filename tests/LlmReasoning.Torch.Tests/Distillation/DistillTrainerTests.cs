using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Distillation;

/// <summary>With the embedded model and the worked solutions of its problems.</summary>
public sealed class DistillTrainerTests : IDisposable
{
    private const int StopId = 447;

    private static readonly string s_base = ModelFolder.Resolve(ModelFolder.Embedded);
    private static readonly DistillConfig s_config = new() { PerDeviceTrainBatchSize = 16, MaxSteps = 12, LearningRate = 1e-3, SaveSteps = 5 };

    private readonly TemporaryFolder _folder = new();
    private readonly List<SftExample> _examples;

    public DistillTrainerTests()
    {
        var tokenizer = Tokenizer.Load(s_base);
        _examples = [.. SyntheticProblems.Set(0, "train", 40)
            .Select(problem => SftExample.Of(tokenizer, problem.Text + "\n", SyntheticProblems.Teacher(problem), StopId, "line"))];
    }

    public void Dispose() => _folder.Dispose();

    private string Folder(string name) => Path.Combine(_folder.Path, name);

    [Fact]
    public void TheLossFallsAndEveryTrainedTokenIsCounted()
    {
        var steps = Train(Folder("a"), s_config);
        Assert.True(steps[^1].Loss < steps[0].Loss / 2, $"{steps[0].Loss} to {steps[^1].Loss}");
        Assert.All(steps, step => Assert.InRange(step.TrainedTokens, 16 * 5, 16 * 60));
    }

    [Fact]
    public void ARunThatStopsAndGoesOnEndsWithTheSameBytes()
    {
        var config = s_config with { LrSchedulerType = LlmReasoning.Torch.Optimisation.LearningRateSchedule.Constant };
        Train(Folder("whole"), config);
        Train(Folder("parts"), config with { MaxSteps = 7 });
        Train(Folder("parts"), config, resume: true);
        foreach (var file in (string[])["model.safetensors", "trainer/optimizer.safetensors"])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("whole"), 12), file)),
                File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("parts"), 12), file)));
        }
    }

    [Fact]
    public void MicroBatchesChangeTheLossByRoundingAlone()
    {
        var one = Train(Folder("one"), s_config with { MaxSteps = 1 })[0];
        var many = Train(Folder("many"), s_config with { MaxSteps = 1, MicroBatchTokens = 90 })[0];
        Assert.Equal(one.Loss, many.Loss, 1e-6);
        Assert.Equal(one.GradNorm, many.GradNorm, 1e-5 * one.GradNorm);
    }

    [Fact]
    public void TheStopTokenIsTrainedOnceAndThePromptIsThatOfSampling()
    {
        var tokenizer = Tokenizer.Load(s_base);
        var example = SftExample.Of(tokenizer, "Compute 1+2.\n", "\\boxed{3}", StopId, "line");
        Assert.Equal(tokenizer.Encode("Compute 1+2.\n"), example.PromptIds);
        Assert.Equal([.. tokenizer.Encode("\\boxed{3}"), StopId], Trained(example));
        Assert.Equal(example.Ids, SftExample.Of(tokenizer, "Compute 1+2.\n", "\\boxed{3}<|im_end|>", StopId, "line").Ids);
    }

    [Theory]
    [InlineData("", "x", "the prompt is empty")]
    [InlineData("x", "", "the response is empty")]
    public void AnExampleWithoutTrainedTokensOrPromptIsRefused(string prompt, string response, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<UserException>(() => SftExample.Of(Tokenizer.Load(s_base), prompt, response, StopId, "a.jsonl: line 3")).Message,
            StringComparison.Ordinal);

    private static IEnumerable<int> Trained(SftExample example) => example.Ids.Where((_, i) => example.IsTrained[i]);

    private List<DistillStep> Train(string folder, DistillConfig config, bool resume = false)
    {
        var run = TrainingRun.Open(folder, resume);
        using var student = CausalLM.Load(run.LastStep > 0 ? TrainingRun.CheckpointOf(folder, run.LastStep) : s_base);
        var steps = new List<DistillStep>();
        new DistillTrainer(student, config.Validate(), s_base).Train(run, [.. _examples.Select(example => new TrainingRow(example))], steps.Add, CancellationToken.None);
        return steps;
    }
}
