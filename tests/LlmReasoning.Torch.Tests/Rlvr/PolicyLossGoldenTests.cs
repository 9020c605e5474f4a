using System.Text.Json;
using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Torch.Tests.Rlvr;

/// <summary>Loss, gradient and clip metrics of golden/objectives, in float64.</summary>
[Trait("Category", "Golden")]
public sealed class PolicyLossGoldenTests
{
    private const double Exact = 1e-9;
    private const double Float32Constants = 1e-6;       // sapo and vespo hold theirs in float32 in the reference
    private const double Float32Metrics = 1e-6;         // the reference's clip metrics are float32

    [Fact]
    public void EveryLossGradientAndMetricEqualsTheReference()
    {
        var golden = Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json"));
        var inputs = golden.GetProperty("inputs");
        var checkedCases = 0;
        foreach (var row in golden.GetProperty("policy_loss").EnumerateArray().Where(row => !IsPaddingQuirk(row.GetProperty("config"))))
        {
            using var scope = NewDisposeScope();
            var config = row.GetProperty("config");
            var logProbs = GoldenTensor.From(inputs.GetProperty("logps")).requires_grad_(true);
            var settings = Settings(config);
            var batch = Batch(inputs, config, settings, logProbs);
            var result = PolicyLoss.Compute(batch, settings);
            result.Loss.backward();

            var tolerance = settings.Surrogate is Surrogate.Sapo or Surrogate.Vespo ? Float32Constants : Exact;
            var expected = row.GetProperty("loss").GetDouble() - ConstantOfEmptyRows(config, batch);
            Assert.True(Math.Abs(expected - result.Loss.item<double>()) <= tolerance, $"{config}: loss {result.Loss.item<double>()}, expected {expected}");
            GoldenTensor.AssertClose(GoldenTensor.From(row.GetProperty("grad")), logProbs.grad!, tolerance, config.ToString());
            AssertMetrics(row.GetProperty("metrics"), result.Metrics, config.ToString());
            checkedCases++;
        }
        Assert.True(checkedCases > 0);
    }

    [Fact]
    public void RolloutRatiosEqualTheReferenceTo1e9()
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json"));
        var inputs = golden.GetProperty("inputs");
        var (old, sampled, mask) = (GoldenTensor.From(inputs.GetProperty("old_logps")), GoldenTensor.From(inputs.GetProperty("sampling_logps")), GoldenTensor.Ids(inputs.GetProperty("mask")));
        foreach (var row in golden.GetProperty("rollout_ratio").EnumerateArray())
        {
            var mode = row.GetProperty("mode").GetString()!.Split('_');
            var correction = new RolloutCorrection(
                Enum.Parse<RolloutRatioLevel>(mode[0], ignoreCase: true), Enum.Parse<RolloutRatioBound>(mode[1], ignoreCase: true), row.NumberOrNull("min"), row.NumberOrNull("max"));
            GoldenTensor.AssertClose(GoldenTensor.From(row.GetProperty("ratio")), correction.Ratio(old, sampled, mask), Exact, row.ToString());
        }
    }

    [Fact]
    public void TheHighEntropyMaskEqualsTheReference()
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json")).GetProperty("top_entropy");
        var (entropies, mask) = (GoldenTensor.From(golden.GetProperty("entropies")), GoldenTensor.Ids(golden.GetProperty("mask")));
        foreach (var row in golden.GetProperty("cases").EnumerateObject())
        {
            var threshold = EntropyMask.Threshold(entropies, mask, double.Parse(row.Name, System.Globalization.CultureInfo.InvariantCulture));
            GoldenTensor.AssertClose(GoldenTensor.From(row.Value), EntropyMask.Keep(entropies, mask, threshold), 0, row.Name);
        }
    }

    // The reference's luspo averages over padded positions too as soon as a term differs between the tokens of a row: not copied.
    private static bool IsPaddingQuirk(JsonElement config) =>
        config.TextOrNull("loss_type") == "luspo" && (config.TextOrNull("level") != "sequence" || config.NumberOrNull("beta") is > 0);

    // The reference's gmpo and RLOO give a row without tokens the ratio 1 and so the loss -A, a constant without gradient; here it counts as 0.
    private static double ConstantOfEmptyRows(JsonElement config, PolicyBatch batch)
    {
        if (config.TextOrNull("loss_type") is not ("gmpo" or "rloo_sequence")) { return 0; }
        var isEmpty = batch.Mask.sum(1).eq(0);
        return -batch.Advantages.masked_select(isEmpty).sum().item<double>() / (batch.Mask.shape[0] * (config.NumberOrNull("ga") ?? 1));
    }

    private static PolicyLossSettings Settings(JsonElement config)
    {
        var type = config.GetProperty("loss_type").GetString();
        var low = config.NumberOrNull("eps") ?? 0.2;
        var high = config.NumberOrNull("eps_high") ?? low;
        return new()
        {
            Surrogate = type switch
            {
                "cispo" => new Surrogate.Cispo(high),
                "sapo" => new Surrogate.Sapo(),
                "vespo" => new Surrogate.Vespo(),
                "gmpo" => new Surrogate.Gmpo(low, high),
                _ => new Surrogate.Clipped(low, high, config.NumberOrNull("delta")),
            },
            Aggregation = type switch
            {
                "bnpo" => Aggregation.BatchTokenMean,
                "dr_grpo" => Aggregation.ConstantLength,
                "dapo" or "cispo" or "vespo" => Aggregation.TokenMean,
                "luspo" => Aggregation.SequenceSum,
                _ => Aggregation.SequenceMean,
            },
            RatioLevel = (type, config.TextOrNull("level")) switch
            {
                ("rloo_sequence", _) => RatioLevel.SequenceProduct,
                (_, "sequence") => RatioLevel.Sequence,
                (_, "sequence_token") => RatioLevel.SequenceToken,
                _ => RatioLevel.Token,
            },
            Beta = config.NumberOrNull("beta") ?? 0,
            KlTimesRatio = config.TryGetProperty("bias", out var bias) && bias.GetBoolean(),
            EntropyCoefficient = config.NumberOrNull("ent") ?? 0,
            EntropyOverKeptTokens = type is not ("dapo" or "cispo" or "vespo"),
            TopEntropyQuantile = config.NumberOrNull("topq") ?? 1,
            OffPolicyMaskThreshold = config.NumberOrNull("opm"),
            RolloutCorrection = config.TryGetProperty("vllm", out var corrected) && corrected.GetBoolean()
                ? new(RolloutRatioLevel.Token, RolloutRatioBound.Truncate) : null,
        };
    }

    private static PolicyBatch Batch(JsonElement inputs, JsonElement config, PolicyLossSettings settings, Tensor logProbs)
    {
        var mask = GoldenTensor.Ids(inputs.GetProperty("mask"));
        var rows = mask.shape[0];
        // Accumulation stands for equal micro-batches; the token count that the reference was given is that of the whole step already.
        var copies = settings.Aggregation == Aggregation.TokenMean ? 1 : (long)(config.NumberOrNull("ga") ?? 1);
        var weights = LossAggregation.RowWeights(settings.Aggregation, mask.sum(1).repeat(copies), inputs.GetProperty("max_completion_length").GetInt64(), rows);
        return new()
        {
            LogProbs = logProbs,
            OldLogProbs = GoldenTensor.From(inputs.GetProperty("old_logps")),
            RefLogProbs = GoldenTensor.From(inputs.GetProperty("ref_logps")),
            // Only the cases with a correction were given the sampler's numbers.
            SamplerLogProbs = settings.RolloutCorrection is null ? null : GoldenTensor.From(inputs.GetProperty("sampling_logps")),
            Entropies = GoldenTensor.From(inputs.GetProperty("entropies")),
            Advantages = GoldenTensor.From(inputs.GetProperty("advantages")),
            Mask = mask,
            RowWeights = weights.narrow(0, 0, rows),
            StepTokens = inputs.GetProperty("num_items_in_batch").GetDouble(),
        };
    }

    private static void AssertMetrics(JsonElement expected, PolicyLossMetrics metrics, string what)
    {
        foreach (var metric in expected.EnumerateObject())
        {
            double? actual = metric.Name switch
            {
                "policy_loss" => metrics.PolicyLoss,
                "kl" => metrics.Kl,
                "entropy" => metrics.Entropy,
                "clip_ratio/low_mean" => metrics.ClipLowMean,
                "clip_ratio/high_mean" or "cispo_clip_ratio" => metrics.ClipHighMean,
                "clip_ratio/region_mean" => metrics.ClipRegionMean,
                "clip_ratio/low_min" => metrics.ClipLowMin,
                "clip_ratio/high_max" => metrics.ClipHighMax,
                "vespo/phi_seq_mean" => metrics.PhiMean,
                _ => metric.Value.GetDouble(),      // a setting, not a result
            };
            Assert.True(actual is { } value && Math.Abs(value - metric.Value.GetDouble()) <= Float32Metrics, $"{what}: {metric.Name} is {actual}, expected {metric.Value}");
        }
    }
}
