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

    private static readonly DistillConfig s_onPolicy = s_config with
    {
        ModelNameOrPath = "student",
        TeacherModelNameOrPath = "teacher",
        PerDeviceTrainBatchSize = 6,
        LrSchedulerType = LlmReasoning.Torch.Optimisation.LearningRateSchedule.Constant,
        SaveSteps = 100,
        MaxCompletionLength = 40,
    };

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
        AssertSameBytes(12);
    }

    [Theory]
    [InlineData(0.5, false)]    // some steps on the data, some on the student's samples
    [InlineData(0.5, true)]     // the others on the teacher's
    [InlineData(1, false)]
    public void ARunOnItsOwnSamplesThatStopsAndGoesOnEndsWithTheSameBytes(double lmbda, bool seqKd)
    {
        // With this seed step 1 is not on policy for lmbda 0.5; steps 2 and 3 are.
        var config = s_onPolicy with { Lmbda = lmbda, SeqKd = seqKd, MaxSteps = 3, LogCompletionsSteps = 1, Seed = 2 };
        var steps = Train(Folder("whole"), config);
        Train(Folder("parts"), config with { MaxSteps = 2 });
        Train(Folder("parts"), config, resume: true);
        AssertSameBytes(3);
        Assert.Equal(lmbda < 1, steps.Any(step => !step.IsOnPolicy));
        Assert.Contains(steps, step => step.IsOnPolicy);
        foreach (var file in Directory.GetFiles(Path.Combine(Folder("whole"), "samples")))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(Folder("parts"), "samples", Path.GetFileName(file))));
        }
    }

    [Fact]
    public void MiniLlmTrainsOnTheStudentsSamples()
    {
        var steps = Train(Folder("a"), s_onPolicy with { LossType = DistillLossType.Minillm, Lmbda = 1, MaxSteps = 2, Gamma = 0.9 });
        Assert.All(steps, step => Assert.True(step.IsOnPolicy && step.GradNorm > 0));
    }

    [Fact]
    public void ATeacherEqualToTheStudentLeavesEveryWeightWhereItWas()
    {
        // Plain descent would not move at all; AdamW turns rounding into steps, so the gradient is looked at.
        var steps = Train(Folder("a"), s_onPolicy with { MaxSteps = 1, Lmbda = 1 }, teacher: s_base);
        Assert.Equal(0, steps[0].Loss, 1e-6);
        Assert.Equal(0, steps[0].GradNorm, 1e-5);
    }

    [Fact]
    public void HeldOutProblemsAreEvaluatedWhileTraining()
    {
        var config = s_config with { MaxSteps = 4, EvalSteps = 2, EvalN = 2, EvalOnStart = true, EvalProblems = "given", MetricForBestModel = "eval/pass@1", SaveSteps = 2, MaxCompletionLength = 60 };
        var steps = Train(Folder("a"), config, examine: true);
        Assert.Equal([false, true, false, true], steps.Select(step => step.Eval is not null));
        Assert.Equal(6, File.ReadAllLines(Path.Combine(Folder("a"), "metrics.csv")).Length);        // header, step 0, 4 steps
        Assert.True(File.Exists(Path.Combine(Folder("a"), "checkpoints", "best.json")));
        Assert.True(File.Exists(Path.Combine(Folder("a"), "figures", "curves.svg")));
    }

    [Fact]
    public void AnUpdateThatSpoilsTheWeightsStopsTheRunBeforeTheyAreSaved()
    {
        var message = Assert.Throws<UserException>(() => Train(Folder("a"), s_config with { LearningRate = 1e30, MaxSteps = 3, SaveSteps = 1 })).Message;
        Assert.StartsWith("step 1: after the update the norm of the weight ", message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Folder("a"), "nonfinite-step-000001.jsonl")));
        Assert.Equal(0, TrainingRun.LastStepOf(Folder("a")));
    }

    [Fact]
    public void GradientAccumulationIsALargerStep()
    {
        var one = Train(Folder("one"), s_config with { MaxSteps = 1 })[0];
        var two = Train(Folder("two"), s_config with { MaxSteps = 1, PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 4 })[0];
        Assert.Equal(one with { Seconds = default, Samples = [] }, two with { Seconds = default, Samples = one.Samples });
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

    private void AssertSameBytes(int step)
    {
        foreach (var file in (string[])["model.safetensors", "trainer/optimizer.safetensors"])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("whole"), step), file)),
                File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("parts"), step), file)));
        }
    }

    // The teacher is the student after some training.
    private string Teacher()
    {
        var folder = Folder("teacher");
        if (!Directory.Exists(folder)) { Train(folder, s_config with { MaxSteps = 3, SaveSteps = 3 }); }
        return TrainingRun.CheckpointOf(folder, 3);
    }

    private List<DistillStep> Train(string folder, DistillConfig config, bool resume = false, string? teacher = null, bool examine = false)
    {
        var tokenizer = Tokenizer.Load(s_base);
        using var teacherModel = config.TeacherModelNameOrPath is null ? null : CausalLM.Load(teacher ?? Teacher());
        var run = TrainingRun.Open(folder, resume, config.Best());
        using var student = CausalLM.Load(run.LastStep > 0 ? TrainingRun.CheckpointOf(folder, run.LastStep) : s_base);
        var steps = new List<DistillStep>();
        List<SamplePrompt> prompts = [.. _examples.Select((example, i) => new SamplePrompt($"p{i}", example.PromptIds))];
        var trainer = new DistillTrainer(student, config.Validate(), s_base)
        {
            Teacher = teacherModel,
            StudentSamples = config.Lmbda > 0 ? new(student, tokenizer, prompts, [StopId], config, "student") : null,
            TeacherSamples = config.SeqKd ? new(teacherModel!, tokenizer, prompts, [StopId], config, "teacher") : null,
            Examiner = examine ? new(student, tokenizer, ProblemBuckets.Of([.. SyntheticProblems.Set(0, "test", 6).Select(problem => problem.ToProblem())], null, "kim6"), PromptTemplate.Load("plain"), [StopId], config) : null,
        };
        trainer.Train(run, [.. _examples.Select(example => new TrainingRow(example))], steps.Add, CancellationToken.None);
        return steps;
    }
}
