using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Pretraining;

namespace LlmReasoning.Torch.Tests.Models;

public sealed class InitialisationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryMatrixHasTheDeviationOfItsKindNormsAreOneAndBiasesZero()
    {
        using var model = New(seed: 1);
        foreach (var (name, weight) in model.Weights())
        {
            var (mean, deviation) = (weight.mean().item<float>(), weight.dim() > 1 ? weight.std().item<float>() : 0);
            if (weight.dim() == 1)
            {
                Assert.True(weight.eq(name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1).all().item<bool>(), name);
                continue;
            }
            var isSummed = name.Contains("o_proj", StringComparison.Ordinal) || name.Contains("down_proj", StringComparison.Ordinal);
            var expected = name.Contains("embed", StringComparison.Ordinal) ? 0.02 : 1 / Math.Sqrt(weight.shape[1]) / (isSummed ? Math.Sqrt(2 * 3) : 1);
            // Five standard errors of a sample of normal numbers.
            Assert.InRange(mean, -5 * expected / Math.Sqrt(weight.numel()), 5 * expected / Math.Sqrt(weight.numel()));
            Assert.InRange(deviation, expected * (1 - (5 / Math.Sqrt(2 * weight.numel()))), expected * (1 + (5 / Math.Sqrt(2 * weight.numel()))));
        }
    }

    [Fact]
    public void OneInTwentyNumbersLiesBeyondTwoDeviations()
    {
        using var model = New(seed: 2);
        var embeddings = model.Weights()["model.embed_tokens.weight"];
        Assert.Equal(0.0455, embeddings.abs().gt(0.04).to_type(ScalarType.Float32).mean().item<float>(), 0.005);     // five standard errors of 43,008
    }

    [Fact]
    public void ASeedGivesTheSameBytesAndAnotherOthers()
    {
        using var first = New(seed: 3);
        using var again = New(seed: 3);
        using var other = New(seed: 4);
        foreach (var name in first.Weights().Where(pair => pair.Value.dim() > 1).Select(pair => pair.Key))
        {
            Assert.Equal(Numbers(first, name), Numbers(again, name));
            Assert.NotEqual(Numbers(first, name), Numbers(other, name));
        }
        Assert.NotEqual(Numbers(first, "model.layers.0.mlp.gate_proj.weight"), Numbers(first, "model.layers.1.mlp.gate_proj.weight"));
    }

    private static float[] Numbers(CausalLM model, string name) => model.Weights()[name].data<float>().ToArray();

    private CausalLM New(long seed)
    {
        NewModel.Write(_folder.File("new"), new PretrainConfig { Seed = seed });
        return CausalLM.Load(_folder.File("new"));
    }
}
