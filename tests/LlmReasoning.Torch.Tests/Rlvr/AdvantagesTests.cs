using System.Text.Json;
using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Torch.Tests.Rlvr;

public sealed class AdvantagesTests
{
    private const double Exact = 1e-9;      // in float64
    private const double Float32 = 1e-5;    // reference numbers that were computed in float32

    [Fact]
    [Trait("Category", "Golden")]
    public void GroupAdvantagesEqualTheReferenceTo1e9()
    {
        using var scope = NewDisposeScope();
        foreach (var golden in Objectives().GetProperty("grpo_advantages").EnumerateArray())
        {
            var options = golden.GetProperty("kw");
            var perRow = GoldenTensor.From(golden.GetProperty("rewards_per_func"));                     // [rows, F]
            var rewards = perRow.t().reshape(perRow.shape[1], -1, golden.GetProperty("num_generations").GetInt64());
            var advantages = Advantages.Compute(rewards, Weights(options, "w", perRow.shape[1]), Settings(options, "scale", "agg"));
            GoldenTensor.AssertClose(GoldenTensor.From(golden.GetProperty("advantages")), advantages.view(-1), Exact, golden.ToString());
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void LeaveOneOutAdvantagesEqualTheReferenceTo1e9()
    {
        using var scope = NewDisposeScope();
        foreach (var golden in Objectives().GetProperty("rloo_advantages").EnumerateArray())
        {
            var rewards = GoldenTensor.From(golden.GetProperty("rewards")).view(-1, golden.GetProperty("num_generations").GetInt64());
            var settings = new AdvantageSettings { Baseline = Baseline.LeaveOneOut, Scale = RewardScale.None, Whiten = golden.GetProperty("normalize").GetBoolean() };
            GoldenTensor.AssertClose(GoldenTensor.From(golden.GetProperty("advantages")), Advantages.Compute(rewards, settings).view(-1), Exact, golden.ToString());
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void AdvantagesAndTheShareOfGroupsWithoutVarianceEqualTheTrainersOwn()
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json(Path.Combine(Golden.Folder("reference/training/grpo_advantages"), "golden.json"));
        foreach (var trained in golden.GetProperty("cases").EnumerateObject())
        {
            var options = trained.Value.GetProperty("settings");
            var perFunction = GoldenTensor.From(trained.Value.GetProperty("rewards"));
            var rewards = perFunction.view(perFunction.shape[0], -1, golden.GetProperty("group_size").GetInt64());
            var weights = Weights(options, "reward_weights", rewards.shape[0]);
            var advantages = Advantages.Compute(rewards, weights, Settings(options, "scale_rewards", "multi_objective_aggregation"));
            var expected = GoldenTensor.From(trained.Value.GetProperty("result").GetProperty("advantages"));
            GoldenTensor.AssertClose(expected, advantages.view(-1), Float32, trained.Name);
            var share = Advantages.ZeroVariance(Advantages.WeightedSum(rewards, weights)).to_type(ScalarType.Float64).mean().item<double>();
            Assert.Equal(trained.Value.GetProperty("logged").GetProperty("frac_reward_zero_std")[0].GetDouble(), share, 1e-12);
        }
    }

    [Theory]
    [InlineData(0.95, 8)]
    [InlineData(0.3, 10)]
    public void EqualRewardsGiveExactlyZeroInEitherPrecision(double reward, int group)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            var rewards = full(1, group, reward, dtype: type);
            Assert.True(Advantages.ZeroVariance(rewards).item<bool>());
            foreach (var scale in Enum.GetValues<RewardScale>())
            {
                var advantages = Advantages.Compute(rewards, new AdvantageSettings { Scale = scale });
                Assert.Equal(0, advantages.abs().max().item<double>());
            }
        }
    }

    [Fact]
    public void AGroupOfOneScoredRowHasNoVariance()
    {
        using var scope = NewDisposeScope();
        var rewards = tensor(new[] { 1, double.NaN, double.NaN, double.NaN, 1, 0, double.NaN, double.NaN }, [2, 4]);
        Assert.Equal([true, false], Advantages.ZeroVariance(rewards).data<bool>().ToArray());
    }

    [Fact]
    public void WithoutABaselineTheAdvantageIsTheRewardAndPositiveOnesAreWeighted()
    {
        using var scope = NewDisposeScope();
        var rewards = tensor(new double[] { 1, -1, -1, 1 }, [1, 4]);
        var settings = new AdvantageSettings { Baseline = Baseline.None, Scale = RewardScale.None, PositiveWeight = 0.1 };
        Assert.Equal([0.1, -1, -1, 0.1], Advantages.Compute(rewards, settings).data<double>().ToArray());
    }

    private static JsonElement Objectives() => Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json"));

    private static double[] Weights(JsonElement options, string key, long functions) => options.TryGetProperty(key, out var weights)
        ? [.. weights.EnumerateArray().Select(weight => weight.GetDouble())]
        : [.. Enumerable.Repeat(1.0, (int)functions)];

    private static AdvantageSettings Settings(JsonElement options, string scaleKey, string aggregationKey) => new()
    {
        Scale = options.TextOrNull(scaleKey) switch { "batch" => RewardScale.Batch, "none" => RewardScale.None, _ => RewardScale.Group },
        Aggregation = options.TextOrNull(aggregationKey) == "normalize_then_sum" ? RewardAggregation.NormalizeThenSum : RewardAggregation.SumThenNormalize,
    };
}
