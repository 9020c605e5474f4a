using System.Text.Json;
using LlmReasoning.Torch.Distillation;

namespace LlmReasoning.Torch.Tests.Distillation;

/// <summary>Distillation losses of golden/objectives, in float64.</summary>
[Trait("Category", "Golden")]
public sealed class DistillationGoldenTests
{
    private const double Exact = 1e-9;

    [Fact]
    public void NllAndDftEqualTheReference()
    {
        using var scope = NewDisposeScope();
        var golden = Objectives("sft");
        var labels = GoldenTensor.Ids(golden.GetProperty("labels"));
        var trained = Labels.Mask(labels).narrow(1, 1, labels.shape[1] - 1).ne(0);
        var targets = labels.narrow(1, 1, labels.shape[1] - 1).masked_select(trained);
        var logits = GoldenTensor.From(golden.GetProperty("logits")).narrow(1, 0, labels.shape[1] - 1);
        var logProbs = logits[trained].log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1);
        foreach (var row in golden.EnumerateObject().Where(row => row.Value.ValueKind == JsonValueKind.Number))
        {
            var type = row.Name.StartsWith("dft", StringComparison.Ordinal) ? SftLossType.Dft : SftLossType.Nll;
            var divisor = row.Name.Contains("num_items", StringComparison.Ordinal) ? int.Parse(row.Name.Split('_')[^1]) : Labels.Count(labels);
            Assert.Equal(row.Value.GetDouble(), SftLoss.Compute(logProbs, divisor, type).item<double>(), Exact);
        }
    }

    [Fact]
    public void TheGeneralisedJsdAndItsGradientEqualTheReference()
    {
        var golden = Objectives("gkd");
        foreach (var row in golden.GetProperty("cases").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            var student = GoldenTensor.From(golden.GetProperty("student_logits")).requires_grad_(true);
            var teacher = GoldenTensor.From(golden.GetProperty("teacher_logits"));
            var trained = GoldenTensor.Ids(golden.GetProperty("labels")).ne(Labels.Ignore);        // aligned with the logits already
            var divergence = Divergence.GeneralizedJsd(student[trained], teacher[trained], row.GetProperty("beta").GetDouble(), row.GetProperty("temperature").GetDouble());
            var loss = divergence.sum() / (row.NumberOrNull("num_items_in_batch") ?? trained.sum().item<long>());
            loss.backward();
            Assert.Equal(row.GetProperty("loss").GetDouble(), loss.item<double>(), Exact);
            GoldenTensor.AssertClose(GoldenTensor.From(row.GetProperty("grad")), student.grad!, Exact, $"beta {row.GetProperty("beta")}");
        }
    }

    [Fact]
    public void TheTopKDivergenceWithAndWithoutATailEqualsTheReference()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = Logits();
        foreach (var row in Objectives("sdft_topk").EnumerateArray())
        {
            var actual = Divergence.TopK(student, teacher, row.GetProperty("topk").GetInt32(), row.GetProperty("alpha").GetDouble(), row.GetProperty("tail").GetBoolean());
            GoldenTensor.AssertClose(GoldenTensor.From(row.GetProperty("per_token")), actual, Exact, row.ToString());
        }
    }

    [Fact]
    public void TheSampledTokenLossEqualsTheReference()
    {
        using var scope = NewDisposeScope();
        var golden = Objectives("sdft_sampled");
        var (student, teacher) = Logits();
        var ids = GoldenTensor.Ids(golden.GetProperty("ids")).unsqueeze(-1);
        var actual = Divergence.SampledToken(student.log_softmax(-1).gather(-1, ids).squeeze(-1), teacher.log_softmax(-1).gather(-1, ids).squeeze(-1));
        GoldenTensor.AssertClose(GoldenTensor.From(golden.GetProperty("per_token")), actual, Exact, "sampled");
    }

    [Fact]
    public void MiniLlmAdvantagesEqualTheReference()
    {
        using var scope = NewDisposeScope();
        var golden = Objectives("minillm_advantage");
        var (student, teacher, mask) = (GoldenTensor.From(golden.GetProperty("student")), GoldenTensor.From(golden.GetProperty("teacher")), GoldenTensor.Ids(golden.GetProperty("mask")));
        foreach (var row in golden.GetProperty("cases").EnumerateArray())
        {
            var actual = MiniLlm.Advantages(student, teacher, mask, row.GetProperty("gamma").GetDouble(), row.GetProperty("length_normalization").GetBoolean());
            GoldenTensor.AssertClose(GoldenTensor.From(row.GetProperty("advantage")), actual, Exact, row.ToString());
        }
    }

    private static (Tensor Student, Tensor Teacher) Logits()
    {
        var golden = Objectives("gkd");
        return (GoldenTensor.From(golden.GetProperty("student_logits")), GoldenTensor.From(golden.GetProperty("teacher_logits")));
    }

    private static JsonElement Objectives(string key) => Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json")).GetProperty(key);
}
