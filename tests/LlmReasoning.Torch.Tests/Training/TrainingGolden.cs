using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Tests.Training;

/// <summary>Numbers of a training run of golden/reference/training, and the weights it began with.</summary>
internal static class TrainingGolden
{
    public const double LossTolerance = 2e-6;
    public const double GradientTolerance = 2e-5;       // relative L2
    public const double ChangeTolerance = 1e-3;         // relative L2 of the change of the weights

    /// <summary>The model that a golden.json names by a path from its own folder.</summary>
    public static CausalLM Model(string folder, JsonElement golden, string key) => CausalLM.Load(Path.GetFullPath(Path.Combine(folder, golden.GetProperty(key).GetString()!)));

    public static AdamW Optimizer(CausalLM model, JsonElement settings) => new(model.Weights(), new()
    {
        Beta1 = settings.GetProperty("betas")[0].GetDouble(),
        Beta2 = settings.GetProperty("betas")[1].GetDouble(),
        Epsilon = settings.GetProperty("eps").GetDouble(),
        WeightDecay = settings.GetProperty("weight_decay").GetDouble(),
    });

    public static Dictionary<string, Tensor> Copy(CausalLM model) => model.Weights().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());

    public static void AssertGradients(SafetensorsFile expected, CausalLM model, string what)
    {
        foreach (var (name, weight) in model.Weights())
        {
            var difference = RelativeL2(expected.Read("grad." + name), weight.grad!);
            Assert.True(difference <= GradientTolerance, $"{what}: gradient of {name} differs by {difference:E2}");
        }
    }

    /// <summary>The change of all weights as one vector: the measure after a single update, where a weight whose gradient is rounding may move either way.</summary>
    public static void AssertChange(SafetensorsFile expected, string prefix, Dictionary<string, Tensor> before, CausalLM model, string what)
    {
        Tensor Change(Func<string, Tensor> after) => cat([.. before.Select(pair => (after(pair.Key).detach().to_type(ScalarType.Float64) - pair.Value.to_type(ScalarType.Float64)).view(-1))]);
        var weights = model.Weights();
        var difference = RelativeL2(Change(name => expected.Read(prefix + name)), Change(name => weights[name]));
        Assert.True(difference <= ChangeTolerance, $"{what}: the change of the weights differs by {difference:E2}");
    }

    /// <summary>The change of each weight.</summary>
    public static void AssertEachChange(SafetensorsFile expected, string prefix, Dictionary<string, Tensor> before, CausalLM model, string what)
    {
        foreach (var (name, weight) in model.Weights())
        {
            Tensor Change(Tensor after) => after.detach().to_type(ScalarType.Float64) - before[name].to_type(ScalarType.Float64);
            var difference = RelativeL2(Change(expected.Read(prefix + name)), Change(weight));
            Assert.True(difference <= ChangeTolerance, $"{what}: the change of {name} differs by {difference:E2}");
        }
    }

    public static void AssertRelative(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected), $"{what} is {actual}, expected {expected}");

    private static double RelativeL2(Tensor expected, Tensor actual)
    {
        var wide = expected.to_type(ScalarType.Float64);
        return (actual.to_type(ScalarType.Float64) - wide).norm().item<double>() / wide.norm().item<double>();
    }
}
