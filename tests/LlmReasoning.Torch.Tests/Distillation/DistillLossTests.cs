using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Tests.Distillation;

/// <summary>Tiny models in float64, so that what must be equal differs by rounding alone.</summary>
public sealed class DistillLossTests
{
    private const double Tolerance = 1e-11;     // relative L2

    private static readonly DistillConfig s_jsd = new() { TeacherModelNameOrPath = "teacher" };

    public static TheoryData<string, DistillConfig> Losses => new()
    {
        { "nll", new() },
        { "dft", new() { LossType = DistillLossType.Dft } },
        { "forward KL", s_jsd with { Beta = 0 } },
        { "JSD", s_jsd with { Temperature = 0.7 } },
        { "reverse KL", s_jsd with { Beta = 1 } },
        { "top-k with tail", s_jsd with { DistillationTopk = 5 } },
        { "top-k without tail", s_jsd with { DistillationTopk = 5, DistillationAddTail = false } },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public void PackedRowsGiveTheLossAndGradientsOfTheirDocumentsAlone(string what, DistillConfig config)
    {
        using var scope = NewDisposeScope();
        using var teacher = Load("teacher_qwen2");
        var documents = Documents();
        var divisor = documents.Sum(document => document.TrainedTokens);
        var (alone, expected) = Run(config, teacher, [.. documents.Select(document => new TrainingRow(document))], divisor);
        var (packed, actual) = Run(config, teacher, TrainingRow.Pack(documents, 20), divisor);
        Assert.Equal(alone, packed, Tolerance * Math.Abs(alone));
        AssertEqual(expected, actual, what);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void TheCutIntoMicroBatchesChangesNothing(string what, DistillConfig config)
    {
        using var scope = NewDisposeScope();
        using var teacher = Load("teacher_qwen2");
        var rows = Documents().Select(document => new TrainingRow(document)).ToList();
        var (whole, expected) = Run(config, teacher, rows, 50);
        var (parts, actual) = Run(config, teacher, rows, 50, rowsPerMicroBatch: 2);
        Assert.Equal(whole, parts, Tolerance * Math.Abs(whole));
        AssertEqual(expected, actual, what);
    }

    [Theory]
    [InlineData(DistillLossType.Jsd, 0)]
    [InlineData(DistillLossType.Jsd, 0.5)]
    [InlineData(DistillLossType.Jsd, 1)]
    [InlineData(DistillLossType.Minillm, 1)]
    public void ATeacherEqualToTheStudentGivesNoLossAndNoGradient(DistillLossType type, double beta)
    {
        using var scope = NewDisposeScope();
        using var teacher = Load("base_qwen2");
        var config = s_jsd with { LossType = type, Beta = beta, Lmbda = 1, Gamma = 0.5 };
        var (loss, gradients) = Run(config, teacher, [.. Documents().Select(document => new TrainingRow(document))], 50);
        Assert.Equal(0, loss, 1e-12);
        Assert.All(gradients.Values, gradient => Assert.Equal(0, gradient.abs().max().item<double>(), 1e-12));
    }

    [Fact]
    public void MiniLlmWithoutItsExactTermHasTheGradientOfTheSampledTokenLoss()
    {
        using var scope = NewDisposeScope();
        using var teacher = Load("teacher_qwen2");
        using var student = Load("base_qwen2");
        var rows = Documents().Select(document => new TrainingRow(document)).ToList();
        var config = s_jsd with { LossType = DistillLossType.Minillm, Lmbda = 1, SingleStepDecomposition = false };
        var (_, gradients) = Run(config, teacher, rows, 50);
        var (ids, _, targets) = TrainingRow.ToTensors(rows, CPU);
        Tensor LogProbs(CausalLM model) => model.forward(ids).narrow(1, 0, ids.shape[1] - 1).log_softmax(-1).gather(2, ids.narrow(1, 1, ids.shape[1] - 1).unsqueeze(2)).squeeze(2);
        var trained = targets.narrow(1, 1, ids.shape[1] - 1).IsNonzero();
        var loss = Divergence.SampledToken(LogProbs(student)[trained], LogProbs(teacher).detach()[trained]).sum().Over(50);
        loss.backward();
        AssertEqual(student.Weights().ToDictionary(pair => pair.Key, pair => pair.Value.grad!), gradients, "MiniLLM");
    }

    [Fact]
    public void MiniLlmCountsDiscountsFromTheStartOfEachCompletion()
    {
        using var scope = NewDisposeScope();
        using var teacher = Load("teacher_qwen2");
        var config = s_jsd with { LossType = DistillLossType.Minillm, Lmbda = 1, Gamma = 0.7, LengthNormalization = false };
        var rows = Documents().Select(document => new TrainingRow(document)).ToList();
        var (together, _) = Run(config, teacher, rows, 50);
        // Alone a row has no padding, and prompts of other lengths do not matter either.
        var alone = rows.Sum(row => Run(config, teacher, [row], 50).Loss);
        Assert.Equal(together, alone, Tolerance);
    }

    [Fact]
    public void PromptsPaddingAndOtherDocumentsGetExactlyNoGradientOnTheLogits()
    {
        using var scope = NewDisposeScope();
        using var model = Load("base_qwen2");
        var rows = TrainingRow.Pack(Documents(), 20);
        var (ids, documents, targets) = TrainingRow.ToTensors(rows, CPU);
        var logits = model.Logits(model.Hidden(ids, documents)).detach().requires_grad_(true);
        // The loss as it is computed, on all logits at once.
        var predicting = targets.roll(-1, 1).reshape(-1).IsNonzero();
        var targetIds = ids.roll(-1, 1).reshape(-1);
        var logProbs = logits.reshape(-1, logits.shape[2]).log_softmax(-1).gather(1, targetIds.unsqueeze(1)).squeeze(1);
        SftLoss.Compute(logProbs.masked_select(predicting), 50).backward();
        var gradient = logits.grad!.reshape(-1, logits.shape[2]).abs().sum(1);
        Assert.Equal(0, gradient.masked_select(predicting.logical_not()).max().item<double>());
        Assert.True(gradient.masked_select(predicting).min().item<double>() > 0);
    }

    private static (double Loss, Dictionary<string, Tensor> Gradients) Run(DistillConfig config, CausalLM teacher, IReadOnlyList<TrainingRow> rows, double divisor, int rowsPerMicroBatch = 100)
    {
        using var student = Load("base_qwen2");
        var loss = new DistillLoss(student, teacher, config);
        var sum = rows.Chunk(rowsPerMicroBatch).Sum(micro => loss.Backward(micro, divisor));
        return (sum, student.Weights().ToDictionary(pair => pair.Key, pair => pair.Value.grad!.clone()));
    }

    private static CausalLM Load(string name) => CausalLM.Load(Golden.OwnFolder($"reference/training/{name}"), ScalarType.Float64);

    private static List<SftExample> Documents() => [.. new[] { (3, 9), (5, 2), (1, 6), (4, 4), (2, 11), (6, 1) }
        .Select((lengths, k) => SftExample.Of([.. Enumerable.Range(0, lengths.Item1).Select(i => 3 + ((k * 7) + i) % 40)], [.. Enumerable.Range(0, lengths.Item2).Select(i => 5 + ((k * 5) + (i * 3)) % 40)]))];

    private static void AssertEqual(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual, string what)
    {
        // A bias of the keys moves no attention weight: its gradient is rounding.
        foreach (var (name, gradient) in expected.Where(pair => !pair.Key.EndsWith("k_proj.bias", StringComparison.Ordinal)))
        {
            var difference = (gradient - actual[name]).norm().item<double>() / gradient.norm().item<double>();
            Assert.True(difference <= Tolerance, $"{what}: {name}: relative L2 {difference:E2}");
        }
    }
}
