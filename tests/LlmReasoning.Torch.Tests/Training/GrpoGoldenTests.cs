using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

/// <summary>Whole GRPO updates against golden/reference/training/grpo.</summary>
[Trait("Category", "Golden")]
public sealed class GrpoGoldenTests
{
    private const double LogProbTolerance = 3e-5;
    private const double MetricTolerance = 1e-5;

    [Fact]
    public void LossesMetricsGradientsAndTheWeightsAfterAnUpdateEqualTheReference()
    {
        var folder = Golden.Folder("reference/training/grpo");
        var golden = Golden.Json(Path.Combine(folder, "golden.json"));
        using var inputs = SafetensorsFile.Open(Path.Combine(folder, "inputs.safetensors"));
        foreach (var (name, trained) in golden.GetProperty("cases").EnumerateObject().Select(trained => (trained.Name, trained.Value)))
        {
            using var scope = NewDisposeScope();
            using var model = TrainingGolden.Model(folder, golden, "base_model");
            using var file = SafetensorsFile.Open(Path.Combine(folder, trained.GetProperty("file").GetString()!));
            using var adamW = TrainingGolden.Optimizer(model, golden);
            var before = TrainingGolden.Copy(model);
            Accumulate(model, golden, trained, trained, inputs, trained.GetProperty("inputs").GetString()!, file, name);
            TrainingGolden.AssertGradients(file, model, name);
            Update(model, adamW, golden);
            TrainingGolden.AssertChange(file, "after.", before, model, name);
        }
    }

    [Fact]
    public void SeveralUpdatesInARowEqualTheReference()
    {
        var folder = Golden.Folder("reference/training/grpo");
        var golden = Golden.Json(Path.Combine(folder, "golden.json"));
        using var inputs = SafetensorsFile.Open(Path.Combine(folder, "inputs.safetensors"));
        foreach (var run in golden.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.Object && entry.Value.TryGetProperty("steps", out _)))
        {
            using var scope = NewDisposeScope();
            using var model = TrainingGolden.Model(folder, golden, "base_model");
            using var file = SafetensorsFile.Open(Path.Combine(folder, run.Value.GetProperty("file").GetString()!));
            using var adamW = TrainingGolden.Optimizer(model, golden);
            var before = TrainingGolden.Copy(model);
            foreach (var step in run.Value.GetProperty("steps").EnumerateArray())
            {
                Accumulate(model, golden, run.Value, step, inputs, step.GetProperty("inputs").GetString()!, null, run.Name);
                Update(model, adamW, golden);
            }
            TrainingGolden.AssertChange(file, "after.", before, model, run.Name);
        }
    }

    private static void Accumulate(
        CausalLM model, JsonElement golden, JsonElement config, JsonElement expected, SafetensorsFile inputs, string set, SafetensorsFile? numbers, string what)
    {
        var settings = Settings(config);
        var temperature = golden.GetProperty("temperature").GetDouble();
        var microBatches = golden.GetProperty("micro_batches").GetInt32();
        Tensor Input(int micro, string name) => inputs.Read($"{set}.micro{micro}.{name}");
        var lengths = cat([.. Enumerable.Range(0, microBatches).Select(micro => Input(micro, "completion_mask").sum(1))]);
        Assert.Equal(Input(0, "num_items_in_batch").item<long>(), lengths.sum().item<long>());
        var rows = lengths.shape[0] / microBatches;
        var weights = LossAggregation.RowWeights(settings.Aggregation, lengths, golden.GetProperty("max_completion_length").GetInt64(), rows);
        var squaredNorm = expected.GetProperty("grad_norm_before_clip_f64").GetDouble();
        for (var micro = 0; micro < microBatches; micro++)
        {
            using var scope = NewDisposeScope();
            var (prompt, completion) = (Input(micro, "prompt_ids"), Input(micro, "completion_ids"));
            var (promptMask, mask) = (Input(micro, "prompt_mask"), Input(micro, "completion_mask"));
            Tensor Completion(Tensor whole) => whole.narrow(1, prompt.shape[1], completion.shape[1]);
            PolicyLossMetrics? metrics = null;
            var loss = MicroBatch.Backward(
                model, cat([prompt, completion], 1), cat([promptMask, mask], 1), cat([zeros_like(promptMask), mask], 1), temperature, withEntropies: true,
                (logProbs, entropies) =>
                {
                    if (numbers is not null) { AssertLogProbs(numbers, micro, Completion(logProbs), Completion(entropies!), mask, what); }
                    var result = PolicyLoss.Compute(
                        new()
                        {
                            LogProbs = Completion(logProbs),
                            Entropies = Completion(entropies!),
                            OldLogProbs = IsFalse(config, "old_per_token_logps_given") ? null : Input(micro, "old_per_token_logps"),
                            RefLogProbs = IsFalse(config, "ref_per_token_logps_given") ? null : Input(micro, "ref_per_token_logps"),
                            Advantages = Input(micro, "advantages"),
                            Mask = mask,
                            RowWeights = weights.narrow(0, micro * rows, rows),
                            StepTokens = lengths.sum().item<long>(),
                        },
                        settings);
                    metrics = result.Metrics;
                    return result.Loss;
                });
            Assert.Equal(expected.GetProperty("loss_per_micro_batch_f64")[micro].GetDouble(), loss, TrainingGolden.LossTolerance);
            AssertMetrics(expected.GetProperty("metrics_per_micro_batch"), micro, metrics!, what);
        }
        TrainingGolden.AssertRelative(squaredNorm, Gradients.Norm(model.Weights().Values), 1e-5, what + ": gradient norm");
    }

    private static void Update(CausalLM model, AdamW adamW, JsonElement golden)
    {
        Gradients.Clip(model.Weights().Values, Gradients.Norm(model.Weights().Values), golden.GetProperty("max_grad_norm").GetDouble());
        adamW.Step(golden.GetProperty("learning_rate").GetDouble());
        adamW.ZeroGradients();
    }

    private static PolicyLossSettings Settings(JsonElement config)
    {
        var (low, high) = (config.GetProperty("epsilon").GetDouble(), config.GetProperty("epsilon_high").GetDouble());
        return new()
        {
            Surrogate = config.TextOrNull("loss_type") == "cispo" ? new Surrogate.Cispo(high) : new Surrogate.Clipped(low, high, config.NumberOrNull("delta")),
            Aggregation = config.TextOrNull("loss_type") switch
            {
                "grpo" => Aggregation.SequenceMean,
                "bnpo" => Aggregation.BatchTokenMean,
                "dr_grpo" => Aggregation.ConstantLength,
                _ => Aggregation.TokenMean,
            },
            RatioLevel = config.TextOrNull("importance_sampling_level") == "sequence" ? RatioLevel.Sequence : RatioLevel.Token,
            Beta = config.GetProperty("beta").GetDouble(),
            KlTimesRatio = !IsFalse(config, "use_bias_correction_kl"),
        };
    }

    private static void AssertLogProbs(SafetensorsFile numbers, int micro, Tensor logProbs, Tensor entropies, Tensor mask, string what)
    {
        Tensor Counted(Tensor whole) => whole.detach().masked_fill(mask.eq(0), 0);
        GoldenTensor.AssertClose(Counted(numbers.Read($"micro{micro}.per_token_logps")), Counted(logProbs), LogProbTolerance, what);
        GoldenTensor.AssertClose(Counted(numbers.Read($"micro{micro}.entropies")), Counted(entropies), LogProbTolerance, what);
    }

    private static void AssertMetrics(JsonElement expected, int micro, PolicyLossMetrics metrics, string what)
    {
        void Check(string name, double? actual)
        {
            if (!expected.TryGetProperty(name, out var values)) { return; }
            Assert.True(actual is { } value && Math.Abs(value - values[micro].GetDouble()) <= MetricTolerance, $"{what}: {name} is {actual}, expected {values[micro]}");
        }
        Check("kl", metrics.Kl);
        Check("entropy", metrics.Entropy);
        Check("clip_ratio/low_mean", metrics.ClipLowMean);
        Check("clip_ratio/high_mean", metrics.ClipHighMean);
        Check("cispo_clip_ratio", metrics.ClipHighMean);
        Check("clip_ratio/region_mean", metrics.ClipRegionMean);
        Check("clip_ratio/low_min", metrics.ClipLowMin);
        Check("clip_ratio/high_max", metrics.ClipHighMax);
    }

    private static bool IsFalse(JsonElement config, string key) => config.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.False;
}
