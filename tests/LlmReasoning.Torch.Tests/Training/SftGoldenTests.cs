using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

/// <summary>Supervised fine-tuning runs against golden/reference/training/sft and sft_packed.</summary>
[Trait("Category", "Golden")]
public sealed class SftGoldenTests
{
    private const double LoggedTolerance = 1e-5;        // relative

    [Fact]
    public void LossesNormsLearningRatesAndTheFinalWeightsEqualTheReference()
    {
        foreach (var folder in Golden.Folders("reference/training/sft")) { Train(folder); }
    }

    [Fact]
    public void PackedDocumentsDoNotSeeEachOther()
    {
        foreach (var folder in Golden.Folders("reference/training/sft_packed")) { Train(folder); }
    }

    private static void Train(string folder)
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json(Path.Combine(folder, "golden.json"));
        var name = Path.GetFileName(folder);
        using var model = TrainingGolden.Model(folder, golden, "base_model");
        using var numbers = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var optimizer = golden.GetProperty("optimizer");
        using var adamW = TrainingGolden.Optimizer(model, optimizer);
        var before = TrainingGolden.Copy(model);
        var schedule = Enum.Parse<LearningRateSchedule>(golden.GetProperty("scheduler").GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
        var warmup = (long)(golden.NumberOrNull("warmup_steps") ?? 0);
        var steps = golden.GetProperty("per_step").EnumerateArray().ToList();
        var microBatches = golden.GetProperty("micro_batches").EnumerateArray().ToLookup(micro => micro.GetProperty("optimizer_step").GetInt32());
        for (var step = 0; step < steps.Count; step++)
        {
            var loss = Accumulate(model, numbers, [.. microBatches[step]], name);
            TrainingGolden.AssertRelative(steps[step].GetProperty("loss_logged").GetDouble(), loss, LoggedTolerance, $"{name} step {step}: loss");
            var weights = model.Weights().Values;
            var norm = Gradients.Norm(weights);
            TrainingGolden.AssertRelative(steps[step].GetProperty("grad_norm_logged").GetDouble(), norm, LoggedTolerance, $"{name} step {step}: gradient norm");
            Gradients.Clip(weights, norm, golden.GetProperty("max_grad_norm").GetDouble());
            var learningRate = optimizer.GetProperty("learning_rate").GetDouble() * schedule.Multiplier(step, warmup, steps.Count);
            Assert.Equal(steps[step].NumberOrNull("learning_rate_logged") ?? steps[step].NumberOrNull("lr"), learningRate);
            adamW.Step(learningRate);
            adamW.ZeroGradients();
        }
        TrainingGolden.AssertEachChange(numbers, "final.", before, model, name);
    }

    private static double Accumulate(CausalLM model, SafetensorsFile numbers, JsonElement[] microBatches, string name)
    {
        Tensor Input(JsonElement micro, string tensor) => numbers.Read($"micro{micro.GetProperty("index").GetInt32()}.{tensor}");
        var divisor = microBatches.Sum(micro => Labels.Count(Input(micro, "labels")));
        var sum = 0.0;
        foreach (var micro in microBatches)
        {
            using var scope = NewDisposeScope();
            Assert.Equal(micro.GetProperty("num_items_in_batch").GetInt64(), divisor);
            var isPacked = numbers.Tensors.ContainsKey($"micro{micro.GetProperty("index").GetInt32()}.position_ids");
            var mask = isPacked ? Input(micro, "position_ids").eq(0).to_type(ScalarType.Int64).cumsum(1) : Input(micro, "attention_mask");
            var loss = MicroBatch.BackwardPerToken(
                model, Input(micro, "input_ids"), mask, Labels.Mask(Input(micro, "labels")), logProbs => SftLoss.Compute(logProbs, divisor));
            TrainingGolden.AssertRelative(micro.GetProperty("loss_f64_run").GetDouble(), loss, LoggedTolerance, $"{name}: loss of micro-batch {micro.GetProperty("index")}");
            sum += loss;
        }
        return sum;
    }
}
