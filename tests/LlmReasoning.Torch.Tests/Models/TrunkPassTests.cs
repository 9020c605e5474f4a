using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Models;

/// <summary>Gradients by hand, by autograd and with gradient checkpointing, of random weights.</summary>
public sealed class TrunkPassTests
{
    private const int Tokens = 45;                  // no multiple of a vector or of a block of queries

    [Theory]
    [InlineData(32, 3, 1, null, "none")]
    [InlineData(64, 4, 2, null, "none")]
    [InlineData(32, 2, 2, 7, "none")]
    [InlineData(32, 3, 1, null, "right")]
    [InlineData(32, 3, 1, null, "left")]
    [InlineData(32, 3, 1, null, "packed")]
    [InlineData(32, 4, 2, 7, "packed")]
    [InlineData(32, 3, 1, null, "torn")]
    public void TheBackwardByHandGivesTheGradientsOfAutograd(int headDim, int heads, int kvHeads, int? window, string padding)
    {
        using var scope = NewDisposeScope();
        using var model = Random(headDim, heads, kvHeads, window, ScalarType.Float32);
        var (ids, mask, targets) = Batch(model, padding);
        var expected = Gradients(model, () => ByAutograd(model, ids, mask, targets));
        var actual = Gradients(model, () => Sft(model, ids, mask, targets));
        foreach (var (name, gradient) in expected)
        {
            // A bias of the keys moves no attention weight: its gradient is rounding.
            if (name.EndsWith("k_proj.bias", StringComparison.Ordinal)) { continue; }
            var difference = (gradient - actual[name]).norm().item<float>() / gradient.norm().item<float>();
            Assert.True(difference < 1e-5, $"{name}: relative L2 {difference:E2}");
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, "none")]        // by hand
    [InlineData(ScalarType.Float32, "packed")]
    [InlineData(ScalarType.Float64, "none")]        // by autograd
    [InlineData(ScalarType.Float64, "packed")]
    public void GradientCheckpointingGivesTheSameBits(ScalarType dtype, string padding)
    {
        using var scope = NewDisposeScope();
        using var model = Random(32, 3, 1, null, dtype);
        var (ids, mask, targets) = Batch(model, padding);
        var expected = Gradients(model, () => Sft(model, ids, mask, targets));
        model.GradientCheckpointing = true;
        var actual = Gradients(model, () => Sft(model, ids, mask, targets));
        foreach (var (name, gradient) in expected) { Assert.True(gradient.equal(actual[name]).all().item<bool>(), name); }
    }

    [Fact]
    public void AQueryWithoutGradientsSeesTheSameBitsAsOneWith()
    {
        using var scope = NewDisposeScope();
        using var model = Random(32, 3, 1, null, ScalarType.Float32);
        var (ids, mask, _) = Batch(model, "packed");
        using var noGrad = no_grad();
        Assert.True(model.Hidden(ids, mask).equal(model.Trunk(ids, mask, forBackward: true).Hidden).all().item<bool>());
    }

    [Fact]
    public void TheNumberOfThreadsChangesNoBit()
    {
        using var scope = NewDisposeScope();
        using var model = Random(32, 3, 1, null, ScalarType.Float32);
        var ids = ((arange(120 * Tokens) * 17) + 5).remainder(model.Config.VocabSize).view(120, Tokens);      // several slices
        var targets = (arange(Tokens).unsqueeze(0) < 10 + (arange(120).unsqueeze(1) % 30)).to_type(ScalarType.Int64);
        targets.narrow(1, 0, 5).zero_();
        var threads = get_num_threads();
        try
        {
            set_num_threads(1);
            var expected = Gradients(model, () => Sft(model, ids, null, targets));
            set_num_threads(4);
            var actual = Gradients(model, () => Sft(model, ids, null, targets));
            foreach (var (name, gradient) in expected.Where(pair => pair.Key.Contains("layers", StringComparison.Ordinal))) { Assert.True(gradient.equal(actual[name]).all().item<bool>(), name); }
        }
        finally { set_num_threads(threads); }
        var sliced = Gradients(model, () => Sft(model, ids, null, targets));
        foreach (var (name, gradient) in Gradients(model, () => ByAutograd(model, ids, null, targets)).Where(pair => !pair.Key.EndsWith("k_proj.bias", StringComparison.Ordinal)))
        {
            var difference = (gradient - sliced[name]).norm().item<float>() / gradient.norm().item<float>();
            Assert.True(difference < 1e-5, $"{name}: relative L2 {difference:E2}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ComputingInBfloat16GivesTheGradientsOfFloat32ToItsRounding(bool isCheckpointed)
    {
        using var scope = NewDisposeScope();
        using var model = Random(32, 3, 1, null, ScalarType.Float32);
        var (ids, mask, targets) = Batch(model, "packed");
        var expected = Gradients(model, () => Sft(model, ids, mask, targets));
        (model.ComputesInBfloat16, model.GradientCheckpointing) = (true, isCheckpointed);
        var actual = Gradients(model, () => Sft(model, ids, mask, targets));
        foreach (var (name, gradient) in expected.Where(pair => !pair.Key.EndsWith("k_proj.bias", StringComparison.Ordinal)))
        {
            Assert.Equal(ScalarType.Float32, actual[name].dtype);
            var difference = (gradient - actual[name]).norm().item<float>() / gradient.norm().item<float>();
            Assert.True(difference is > 0 and < 0.06f, $"{name}: relative L2 {difference:E2}");
        }
    }

    private static void ByAutograd(CausalLM model, Tensor ids, Tensor? mask, Tensor targets)
    {
        var logProbs = model.Logits(model.Hidden(ids, mask)).narrow(1, 0, Tokens - 1).log_softmax(-1);
        var picked = logProbs.gather(2, ids.narrow(1, 1, Tokens - 1).unsqueeze(2)).squeeze(2);
        (picked * targets.narrow(1, 1, Tokens - 1)).sum().backward();
    }

    private static void Sft(CausalLM model, Tensor ids, Tensor? mask, Tensor targets) =>
        MicroBatch.BackwardPerToken(model, ids, mask, targets, logProbs => logProbs.sum());

    private static Dictionary<string, Tensor> Gradients(CausalLM model, Action backward)
    {
        foreach (var weight in model.Weights().Values) { weight.grad?.zero_(); }
        backward();
        return model.Weights().ToDictionary(pair => pair.Key, pair => pair.Value.grad!.clone());
    }

    private static CausalLM Random(int headDim, int heads, int kvHeads, int? window, ScalarType dtype)
    {
        var config = ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded));
        config = config with { HeadDim = headDim, NumAttentionHeads = heads, NumKeyValueHeads = kvHeads, SlidingWindows = [.. config.SlidingWindows.Select(_ => window)] };
        var model = new CausalLM(config, dtype, CPU);
        using var generator = new torch.Generator(3, CPU);
        using var noGrad = no_grad();
        foreach (var weight in model.Weights().Values.Where(weight => weight.dim() > 1)) { weight.copy_(randn(weight.shape, generator: generator) * 0.1); }
        foreach (var weight in model.Weights().Values.Where(weight => weight.dim() == 1)) { weight.copy_(1 + (0.2 * randn(weight.shape, generator: generator))); }
        return model;
    }

    // Three rows. Document numbers: 0 = padding.
    private static (Tensor Ids, Tensor? Mask, Tensor Targets) Batch(CausalLM model, string padding)
    {
        var ids = ((arange(3 * Tokens) * 17) + 5).remainder(model.Config.VocabSize).view(3, Tokens);
        Tensor? mask = padding switch
        {
            "right" => Documents(i => i.Token < 20 + (10 * i.Row) ? 1 : 0),
            "left" => Documents(i => i.Token >= 20 - (10 * i.Row) ? 1 : 0),
            "packed" => Documents(i => i.Token < 11 + i.Row ? 1 : i.Token < 40 ? 2 : 0),
            "torn" => Documents(i => i.Token < 11 ? 1 : i.Token < 20 ? 2 : 1),
            _ => null,
        };
        var targets = mask is null ? ones_like(ids) : (mask > 0).to_type(ScalarType.Int64) * (cat([mask.narrow(1, 0, 1), mask.narrow(1, 0, Tokens - 1)], 1) == mask).to_type(ScalarType.Int64);
        targets.narrow(1, 0, 1).zero_();
        return (ids, mask, targets);
    }

    private static Tensor Documents(Func<(int Row, int Token), long> documentOf) =>
        tensor((from row in Enumerable.Range(0, 3) from token in Enumerable.Range(0, Tokens) select documentOf((row, token))).ToArray(), [3, Tokens]);
}
