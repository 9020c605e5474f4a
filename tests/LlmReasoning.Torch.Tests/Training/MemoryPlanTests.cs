using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

public sealed class MemoryPlanTests
{
    private static readonly StepShape s_step = new() { MicroBatchTokens = 16384 };

    [Fact]
    public void TheCountOfParametersIsTheModels()
    {
        using var model = CausalLM.Load(ModelFolder.Resolve(ModelFolder.Embedded));
        Assert.Equal(model.Weights().Values.Sum(weight => weight.numel()), MemoryPlan.Parameters(model.Config));
        var qwen3 = ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded)) with { QkNorm = true, TieWordEmbeddings = false, AttentionOutputBias = true, MlpBias = true };
        using var other = new CausalLM(qwen3, ScalarType.Float32, CPU);
        Assert.Equal(other.Weights().Values.Sum(weight => weight.numel()), MemoryPlan.Parameters(qwen3));
    }

    [Fact]
    public void CheckpointingTakesLessAndAReferenceMore()
    {
        var model = ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded));
        var plain = MemoryPlan.Of(model, s_step).PeakBytes;
        Assert.True(MemoryPlan.Of(model, s_step with { GradientCheckpointing = true }).PeakBytes < plain);
        Assert.Equal(plain + (4 * MemoryPlan.Parameters(model)), MemoryPlan.Of(model, s_step with { OtherModels = [model] }).PeakBytes);
    }

    [Fact]
    public void SamplingCountsWhereItTakesMoreThanTraining()
    {
        var model = ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded));
        var small = s_step with { MicroBatchTokens = 256 };
        Assert.True(MemoryPlan.Of(model, small with { SampledRows = 256, SampledTokens = 256 }).PeakBytes > MemoryPlan.Of(model, small).PeakBytes);
        Assert.Equal(MemoryPlan.Of(model, s_step).PeakBytes, MemoryPlan.Of(model, s_step with { SampledRows = 8, SampledTokens = 64 }).PeakBytes);
    }

    [Fact]
    public void AStepOfTheConfigIsNoLargerThanItsRows()
    {
        var model = ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded));
        var config = new RlvrConfig { PromptsPerStep = 2, NumGenerations = 4, MaxCompletionLength = 50, Beta = 0.1 };
        var step = config.Shape(model, longestPrompt: 30);
        Assert.Equal((8 * 80, 8, 80, 1), (step.MicroBatchTokens, step.SampledRows, step.SampledTokens, step.OtherModels.Count));
    }

    [Theory]
    [InlineData(null, 50, 8, 80)]
    [InlineData("embedded-test", null, 256, 80)]
    [InlineData("embedded-test", 20, 256, 50)]
    public void AnEvaluationSamplesMoreRowsThanASmallStep(string? evalProblems, int? evalLength, int rows, int tokens)
    {
        var model = ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded));
        var config = new RlvrConfig { PromptsPerStep = 2, NumGenerations = 4, MaxCompletionLength = 50, EvalProblems = evalProblems, EvalMaxCompletionLength = evalLength };
        var step = config.Shape(model, longestPrompt: 30);
        Assert.Equal((rows, tokens), (step.SampledRows, step.SampledTokens));
        Assert.Equal(Math.Min(rows, 16), (config with { BatchSize = 16 }).Shape(model, longestPrompt: 30).SampledRows);
    }
}
