using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Tests.Models;

/// <summary>Every model folder of golden/reference/models whose architecture is known, against numbers computed in float64.</summary>
[Trait("Category", "Golden")]
public sealed class CausalLMTests
{
    private const double LogitTolerance = 3e-5, GradientTolerance = 2e-5, LossTolerance = 2e-6;

    private static readonly string[] s_architectures = ["Qwen2ForCausalLM", "Qwen3ForCausalLM", "LlamaForCausalLM", "MistralForCausalLM"];

    [Fact]
    public void LogitsOfLeftAndRightPaddedRowsEqualTheReferenceTo3e5()
    {
        foreach (var golden in GoldenModels())
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var mask = golden["attention_mask"];
            AssertClose(golden["logits_f64"], golden.Model.Logits(golden.Model.Hidden(golden["input_ids"], mask)), mask, LogitTolerance, golden.Name);
            var rightMask = golden["right.attention_mask"];
            AssertClose(golden["right.logits"], golden.Model.Logits(golden.Model.Hidden(golden["right.input_ids"], rightMask)), rightMask, LogitTolerance, golden.Name + " right padded");
        }
    }

    [Fact]
    public void PackedWeightsGiveTheSameLogitsTo3e5()
    {
        foreach (var golden in GoldenModels())
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            golden.Model.PackForInference(rows: 3);
            var mask = golden["attention_mask"];
            AssertClose(golden["logits_f64"], golden.Model.Logits(golden.Model.Hidden(golden["input_ids"], mask)), mask, LogitTolerance, golden.Name);
        }
    }

    [Fact]
    public void LogitsOfTokensGivenOneByOneThroughTheCacheEqualTheReferenceTo3e5()
    {
        foreach (var golden in GoldenModels())
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (ids, mask, expected) = (golden["input_ids"], golden["attention_mask"], golden["logits_f64"]);
            golden.Model.EnsureRotations(ids.shape[1]);
            using var cache = new KvCache(golden.Model.Config, rows: ids.shape[0], columns: ids.shape[1], ScalarType.Float32, CPU);
            var padding = (1 - mask).sum(1, keepdim: true);             // left padding: row r starts at column padding[r]
            for (long step = 0; step < ids.shape[1]; step++)
            {
                var isIdle = step >= ids.shape[1] - padding;            // a shorter row has ended: it writes its last column again
                var positions = where(isIdle, ids.shape[1] - padding - 1, full_like(padding, step));
                var columns = positions + padding;
                cache.Prepare((arange(ids.shape[0]).unsqueeze(1) * ids.shape[1] + positions).view(-1), ids.shape[0], visible: step + 1);
                int[] lengths = [.. (positions + 1).to_type(ScalarType.Int32).data<int>()];
                var hidden = golden.Model.Decode(ids.gather(1, columns), positions, lengths, cache);
                var reference = expected.gather(1, columns.unsqueeze(2).expand(-1, -1, expected.shape[2]));
                AssertClose(reference, golden.Model.Logits(hidden), ones_like(padding) - isIdle.to_type(ScalarType.Int64), LogitTolerance, $"{golden.Name} step {step}");
            }
        }
    }

    [Fact]
    public void TheLossIsWithin2e6AndEveryGradientWithin2e5RelativeL2()
    {
        foreach (var golden in GoldenModels())
        {
            using var scope = NewDisposeScope();
            var logits = golden.Model.Logits(golden.Model.Hidden(golden["input_ids"], golden["attention_mask"]));
            var (steps, vocabulary) = (logits.shape[1] - 1, logits.shape[2]);
            var labels = golden["labels"].narrow(1, 1, steps).reshape(-1);
            var loss = nn.functional.cross_entropy(logits.narrow(1, 0, steps).reshape(-1, vocabulary), labels, ignore_index: -100);
            loss.backward();
            Assert.Equal(golden.Json.GetProperty("loss_f64").GetDouble(), loss.item<float>(), LossTolerance);
            foreach (var (name, weight) in golden.Model.Weights())
            {
                var expected = golden["grad." + name].to_type(ScalarType.Float64);
                var difference = (weight.grad!.to_type(ScalarType.Float64) - expected).norm().item<double>();
                var size = expected.norm().item<double>();
                Assert.True(difference <= GradientTolerance * size, $"{golden.Name} {name}: relative L2 {difference / size:E2}");
            }
        }
    }

    [Fact]
    public void BothSpellingsOfTheConfigGiveTheSameModel()
    {
        foreach (var folder in Golden.Folders("reference/models").Where(IsKnown))
        {
            var (now, before) = (ModelConfig.ReadFile(Path.Combine(folder, "config.json")), ModelConfig.ReadFile(Path.Combine(folder, "config.v4.json")));
            Assert.Equal(JsonSerializer.Serialize(now), JsonSerializer.Serialize(before));
        }
    }

    [Fact]
    public void LogitsComputedInTheStoredLowPrecisionTypeAreThoseOfTheReferenceToItsRounding()
    {
        foreach (var folder in Golden.Folders("reference/models").Where(IsKnown))
        {
            var config = ModelConfig.Read(folder);
            if (config.DType == ScalarType.Float32) { continue; }
            using var golden = new GoldenModel(folder, config.DType);
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var name = config.DType == ScalarType.BFloat16 ? "logits_computed_in_bf16" : "logits_computed_in_fp16";
            var mask = golden["attention_mask"];
            var exact = golden["logits_f64"];
            var theirs = WorstDifference(exact, golden[name], mask);
            var ours = WorstDifference(exact, golden.Model.Logits(golden.Model.Hidden(golden["input_ids"], mask)), mask);
            Assert.True(ours <= 2 * theirs, $"{golden.Name}: worst error {ours:E2}, the reference's is {theirs:E2}");
        }
    }

    private static IEnumerable<GoldenModel> GoldenModels()
    {
        foreach (var folder in Golden.Folders("reference/models").Where(IsKnown))
        {
            using var golden = new GoldenModel(folder, ScalarType.Float32);
            yield return golden;
        }
    }

    private static bool IsKnown(string folder) => Golden.Json(Path.Combine(folder, "config.json")).GetProperty("architectures")
        .EnumerateArray().All(architecture => s_architectures.Contains(architecture.GetString()));

    private static void AssertClose(Tensor expected, Tensor actual, Tensor mask, double tolerance, string what)
    {
        var worst = WorstDifference(expected, actual, mask);
        Assert.True(worst <= tolerance, $"{what}: worst difference {worst:E2}");
    }

    private static double WorstDifference(Tensor expected, Tensor actual, Tensor mask) =>
        (expected.to_type(ScalarType.Float64) - actual.to_type(ScalarType.Float64)).abs().amax([-1])
            .masked_fill(mask.eq(0), 0).max().item<double>();
}

/// <summary>A model of golden/reference/models with its numbers.</summary>
internal sealed class GoldenModel : IDisposable
{
    private readonly SafetensorsFile _numbers;

    public GoldenModel(string folder, ScalarType dtype)
    {
        Name = Path.GetFileName(folder);
        Json = Golden.Json(Path.Combine(folder, "golden.json"));
        Model = CausalLM.Load(folder, dtype);
        _numbers = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
    }

    public string Name { get; }

    public JsonElement Json { get; }

    public CausalLM Model { get; }

    public Tensor this[string name] => _numbers.Read(name);

    public void Dispose()
    {
        Model.Dispose();
        _numbers.Dispose();
    }
}
