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

    [Fact]
    public void TheTrainerTakesTheStepsOfTheReference()
    {
        foreach (var folder in Golden.Folders("reference/training/sft")) { TrainByTrainer(folder); }
    }

    [Fact]
    public void TheTrainerTakesTheStepsOfTheReferenceOnPackedRows()
    {
        foreach (var folder in Golden.Folders("reference/training/sft_packed")) { TrainByTrainer(folder); }
    }

    private static void TrainByTrainer(string folder)
    {
        using var scope = NewDisposeScope();
        using var runFolder = new TemporaryFolder();
        var golden = Golden.Json(Path.Combine(folder, "golden.json"));
        var name = Path.GetFileName(folder);
        using var model = TrainingGolden.Model(folder, golden, "base_model");
        using var numbers = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var before = TrainingGolden.Copy(model);
        var optimizer = golden.GetProperty("optimizer");
        var steps = golden.GetProperty("per_step").EnumerateArray().ToList();
        var microBatches = golden.GetProperty("micro_batches").EnumerateArray().Select(micro => micro.GetProperty("index").GetInt32()).ToList();
        var config = new DistillConfig
        {
            PerDeviceTrainBatchSize = (int)(golden.NumberOrNull("micro_batch") ?? 1),        // packed rows of a micro-batch are one row of the reference
            GradientAccumulationSteps = golden.GetProperty("gradient_accumulation").GetInt32(),
            MaxSteps = steps.Count,
            ShuffleDataset = false,
            LearningRate = optimizer.GetProperty("learning_rate").GetDouble(),
            LrSchedulerType = Enum.Parse<LearningRateSchedule>(golden.GetProperty("scheduler").GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true),
            WarmupSteps = (int)(golden.NumberOrNull("warmup_steps") ?? 0),
            AdamBeta1 = optimizer.GetProperty("betas")[0].GetDouble(),
            AdamBeta2 = optimizer.GetProperty("betas")[1].GetDouble(),
            AdamEpsilon = optimizer.GetProperty("eps").GetDouble(),
            WeightDecay = optimizer.GetProperty("weight_decay").GetDouble(),
            MaxGradNorm = golden.GetProperty("max_grad_norm").GetDouble(),
        };
        var taken = new List<DistillStep>();
        new DistillTrainer(model, config.Validate(), Path.GetFullPath(Path.Combine(folder, golden.GetProperty("base_model").GetString()!)))
            .Train(TrainingRun.Open(Path.Combine(runFolder.Path, "run"), resume: false), [.. microBatches.SelectMany(micro => RowsOf(numbers, micro))], taken.Add, CancellationToken.None);
        foreach (var (expected, actual) in steps.Zip(taken))
        {
            TrainingGolden.AssertRelative(expected.GetProperty("loss_logged").GetDouble(), actual.Loss, LoggedTolerance, $"{name} step {actual.Step}: loss");
            TrainingGolden.AssertRelative(expected.GetProperty("grad_norm_logged").GetDouble(), actual.GradNorm, LoggedTolerance, $"{name} step {actual.Step}: gradient norm");
            Assert.Equal(expected.NumberOrNull("learning_rate_logged") ?? expected.NumberOrNull("lr"), actual.LearningRate);
        }
        Assert.Equal(steps.Count, taken.Count);
        TrainingGolden.AssertEachChange(numbers, "final.", before, model, name);
    }

    // The rows of a micro-batch without their padding; a document begins where the positions do.
    private static IEnumerable<TrainingRow> RowsOf(SafetensorsFile numbers, int micro)
    {
        long[][] Rows(string name)
        {
            using var tensor = numbers.Read($"micro{micro}.{name}");
            return [.. Enumerable.Range(0, (int)tensor.shape[0]).Select(row => tensor[row].data<long>().ToArray())];
        }

        var isPacked = numbers.Tensors.ContainsKey($"micro{micro}.position_ids");
        var (ids, labels, marks) = (Rows("input_ids"), Rows("labels"), Rows(isPacked ? "position_ids" : "attention_mask"));
        for (var row = 0; row < ids.Length; row++)
        {
            SftExample Document(IEnumerable<int> places) => new([.. places.Select(place => (int)ids[row][place])], [.. places.Select(place => labels[row][place] != Labels.Ignore)]);
            var places = Enumerable.Range(0, ids[row].Length);
            if (isPacked)
            {
                var document = 0;
                yield return new([.. places.GroupBy(place => marks[row][place] == 0 ? ++document : document).Select(Document)]);
            }
            else { yield return new(Document(places.Where(place => marks[row][place] != 0))); }
        }
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
