using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Tests.Optimisation;

public sealed class AdamWTests
{
    private static readonly long[] s_shape = [5, 3];

    [Fact]
    [Trait("Category", "Golden")]
    public void EveryStepEqualsTheReferenceInTheWeightsChangeAndTheMoments()
    {
        var folder = Golden.Folder("reference/training/adamw");
        foreach (var run in Golden.Json(Path.Combine(folder, "golden.json")).GetProperty("optimizer_runs").EnumerateObject())
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(Path.Combine(folder, run.Value.GetProperty("file").GetString()!));
            var options = run.Value.GetProperty("settings");
            var settings = new AdamWSettings
            {
                Beta1 = options.GetProperty("betas")[0].GetDouble(),
                Beta2 = options.GetProperty("betas")[1].GetDouble(),
                Epsilon = options.GetProperty("eps").GetDouble(),
                WeightDecay = options.GetProperty("weight_decay").GetDouble(),
            };
            var initial = file.Read("param_initial");
            var parameter = initial.clone().requires_grad_(true);
            using var adamW = new AdamW(new Dictionary<string, Tensor> { ["weight"] = parameter }, settings);
            for (var step = 0; file.Tensors.ContainsKey($"grad_{step}"); step++)
            {
                parameter.grad = file.Read($"grad_{step}");
                adamW.Step(options.GetProperty("lr").GetDouble());
                AssertChange(initial, file.Read($"f64.param_after_{step}"), parameter, 1e-4, $"{run.Name} step {step}");
            }
            GoldenTensor.AssertClose(file.Read("f64.exp_avg"), adamW.State()["exp_avg.weight"], 1e-6, run.Name);
            GoldenTensor.AssertClose(file.Read("f64.exp_avg_sq"), adamW.State()["exp_avg_sq.weight"], 1e-6, run.Name);
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void ScheduleMultipliersAreExact()
    {
        var golden = Golden.Json(Path.Combine(Golden.Folder("reference/training/adamw"), "golden.json"));
        var (warmup, total) = (golden.GetProperty("warmup_steps").GetInt64(), golden.GetProperty("total_steps").GetInt64());
        foreach (var row in golden.GetProperty("schedules").EnumerateObject())
        {
            var schedule = Enum.Parse<LearningRateSchedule>(row.Name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
            double[] expected = [.. row.Value.GetProperty("multiplier_used_at_step").EnumerateArray().Select(value => value.GetDouble())];
            Assert.Equal(expected, expected.Select((_, step) => schedule.Multiplier(step, warmup, total)));
            Assert.Equal(row.Value.GetProperty("multiplier_after_last_step").GetDouble(), schedule.Multiplier(total, warmup, total));
        }
    }

    [Fact]
    public void SchedulesWithAFloorEndThereAndTheStableOneStaysUpUntilItsLastSteps()
    {
        double Cosine(long step) => LearningRateSchedule.CosineWithMinLr.Multiplier(step, 10, 110, 0.05);
        Assert.Equal([0, 0.5, 1, 0.525, 0.05], new long[] { 0, 5, 10, 60, 110 }.Select(step => Math.Round(Cosine(step), 12)));
        double Stable(long step) => LearningRateSchedule.WarmupStableDecay.Multiplier(step, 10, 110, 0.05, 20);
        Assert.Equal([0, 0.5, 1, 1, 1, 0.525, 0.05], new long[] { 0, 5, 10, 60, 90, 100, 110 }.Select(step => Math.Round(Stable(step), 12)));
    }

    [Fact]
    public void OnlyMatricesDecay()
    {
        using var scope = NewDisposeScope();
        Assert.True(AdamW.Decays("model.layers.0.self_attn.q_proj.weight", ones(2, 2)));
        Assert.True(AdamW.Decays("model.embed_tokens.weight", ones(2, 2)));
        Assert.False(AdamW.Decays("model.layers.0.self_attn.q_proj.bias", ones(2)));
        Assert.False(AdamW.Decays("model.layers.0.input_layernorm.weight", ones(2)));
        Assert.False(AdamW.Decays("model.norm.weight", ones(2)));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void ARestoredOptimizerGoesOnBitForBit(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.File("optimizer.safetensors");
        using var generator = new torch.Generator(1, CPU);
        Tensor[] gradients = [.. Enumerable.Range(0, 6).Select(_ => randn(s_shape, dtype: ScalarType.Float32, generator: generator).to_type(dtype))];

        var straight = ones(s_shape, dtype: dtype).requires_grad_(true);
        using var first = Optimizer(straight);
        Tensor? weights = null;
        for (var step = 0; step < gradients.Length; step++)
        {
            if (step == 3)
            {
                SafetensorsWriter.Write(path, first.State(), null);
                weights = straight.detach().clone();
            }
            straight.grad = gradients[step].clone();
            first.Step(0.01);
        }

        var resumed = weights!.requires_grad_(true);
        using var second = Optimizer(resumed);
        using (var file = SafetensorsFile.Open(path)) { second.Restore(file); }
        for (var step = 3; step < gradients.Length; step++)
        {
            resumed.grad = gradients[step].clone();
            second.Step(0.01);
        }
        Assert.Equal(straight.detach().bytes.ToArray(), resumed.detach().bytes.ToArray());
        foreach (var (name, tensor) in first.State()) { Assert.Equal(tensor.bytes.ToArray(), second.State()[name].bytes.ToArray()); }
    }

    [Fact]
    public void SmallStepsAddUpInABfloat16Parameter()
    {
        using var scope = NewDisposeScope();
        var parameter = ones(s_shape, dtype: ScalarType.BFloat16).requires_grad_(true);
        using var adamW = new AdamW(new Dictionary<string, Tensor> { ["weight"] = parameter }, new());
        for (var step = 0; step < 20; step++)
        {
            parameter.grad = ones(s_shape, dtype: ScalarType.BFloat16);
            adamW.Step(1e-3);       // half of bfloat16's spacing below 1 is 2e-3: each step alone is lost
        }
        Assert.Equal(0.98, parameter.to_type(ScalarType.Float64).mean().item<double>(), 4e-3);
    }

    [Fact]
    public void TheStateOfAnotherModelIsRefused()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.File("optimizer.safetensors");
        using var other = Optimizer(ones(2, 2));
        SafetensorsWriter.Write(path, other.State(), null);
        using var adamW = Optimizer(ones(s_shape));
        using var file = SafetensorsFile.Open(path);
        var refusal = Assert.Throws<UserException>(() => adamW.Restore(file));
        Assert.Contains("exp_avg.weight is [2, 2], the model needs [5, 3]", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClippingBringsTheNormToTheLimitAndLeavesSmallerOnesAlone()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (zeros(2).requires_grad_(true), zeros(1).requires_grad_(true));
        a.grad = tensor(new[] { 3f, 0 });
        b.grad = tensor(new[] { 4f });
        Assert.Equal(5, Gradients.Norm([a, b]), 1e-6);
        Assert.Equal(1, Gradients.Clip([a, b], 5, maxNorm: 6));
        Assert.Equal(0.1 / 5.000001, Gradients.Clip([a, b], 5, maxNorm: 0.1), 1e-12);
        Assert.Equal(0.1, Gradients.Norm([a, b]), 1e-6);
    }

    [Fact]
    public void StepsLeaveNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        var parameter = ones(s_shape).requires_grad_(true);
        using var adamW = Optimizer(parameter);
        parameter.grad = ones(s_shape);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var step = 0; step < 10; step++)
        {
            adamW.Step(0.01);
            adamW.ZeroGradients();
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static AdamW Optimizer(Tensor parameter) => new(new Dictionary<string, Tensor> { ["weight"] = parameter }, new() { WeightDecay = 0.1 });

    private static void AssertChange(Tensor before, Tensor expected, Tensor actual, double tolerance, string what)
    {
        var wide = before.to_type(ScalarType.Float64);
        var difference = (actual.detach().to_type(ScalarType.Float64) - expected).norm().item<double>() / (expected - wide).norm().item<double>();
        Assert.True(difference <= tolerance, $"{what}: relative L2 of the change {difference:E2}");
    }
}
