using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;

namespace LlmReasoning.Torch.Tests.Models;

/// <summary>Dynamic scaling follows the length of a pass, not that of the tables kept from another: with the embedded weights and a context of 100.</summary>
public sealed class DynamicRopeTests : IDisposable
{
    private static readonly string s_embedded = ModelFolder.Resolve(ModelFolder.Embedded);

    private readonly TemporaryFolder _folder = new();
    private readonly CausalLM _plain = CausalLM.Load(s_embedded);
    private readonly CausalLM _dynamic;

    public DynamicRopeTests()
    {
        File.Copy(Path.Combine(s_embedded, "model.safetensors"), _folder.File("model.safetensors"));
        _folder.Write("config.json", File.ReadAllText(Path.Combine(s_embedded, "config.json"))
            .Replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 100, \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 4.0}", StringComparison.Ordinal));
        _dynamic = CausalLM.Load(_folder.Path);
    }

    public void Dispose()
    {
        _plain.Dispose();
        _dynamic.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void WithinTheContextNothingIsScaledWhateverCameBefore()
    {
        Assert.Equal(Logits(_plain, 40), Logits(_dynamic, 40));
        Assert.Equal(Logits(_plain, 100), Logits(_dynamic, 100));
        Assert.NotEqual(Logits(_plain, 101), Logits(_dynamic, 101));
        Assert.Equal(Logits(_plain, 40), Logits(_dynamic, 40));
    }

    [Fact]
    public void BeyondTheContextTheFrequenciesAreThoseOfTheLength()
    {
        Logits(_dynamic, 180);
        var (after, alone) = (Logits(_dynamic, 120), Scaled(120));
        Assert.Equal(alone, after);
    }

    // The theta of this length, given as a constant. Rope.InverseFrequencies is checked against the reference elsewhere.
    private float[] Scaled(int tokens)
    {
        const double theta = 10000, factor = 4, size = 32;
        var scaled = theta * Math.Pow((factor * tokens / 100) - (factor - 1), size / (size - 2));
        var config = _plain.Config with { Rope = _plain.Config.Rope with { Theta = scaled } };
        using var noGrad = no_grad();
        using var model = new CausalLM(config, ScalarType.Float32, CPU);
        foreach (var (name, weight) in model.Weights()) { weight.copy_(_plain.Weights()[name]); }
        return Logits(model, tokens);
    }

    private static float[] Logits(CausalLM model, int tokens)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return [.. model.forward((arange(tokens) * 7 % 440).unsqueeze(0)).data<float>()];
    }
}
