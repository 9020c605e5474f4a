using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

/// <summary>Divergences from a teacher model against golden/reference/training/distill.</summary>
[Trait("Category", "Golden")]
public sealed class DistillGoldenTests
{
    [Fact]
    public void LossesAndGradientsOfAStudentUnderATeacherEqualTheReference()
    {
        var folder = Golden.Folder("reference/training/distill");
        var golden = Golden.Json(Path.Combine(folder, "golden.json"));
        using var inputs = SafetensorsFile.Open(Path.Combine(folder, "inputs.safetensors"));
        using var teacher = TrainingGolden.Model(folder, golden, "teacher");
        foreach (var row in golden.GetProperty("cases").EnumerateObject())
        {
            using var scope = NewDisposeScope();
            using var student = TrainingGolden.Model(folder, golden, "student");
            using var file = SafetensorsFile.Open(Path.Combine(folder, row.Value.GetProperty("file").GetString()!));
            var (beta, temperature) = (row.Value.GetProperty("beta").GetDouble(), row.Value.GetProperty("temperature").GetDouble());
            var labels = inputs.Read("labels");
            var divisor = row.Value.NumberOrNull("num_items_in_batch") ?? Labels.Count(labels);
            var loss = MicroBatch.BackwardDivergence(
                student, teacher, inputs.Read("input_ids"), inputs.Read("attention_mask"), Labels.Mask(labels),
                (own, others) => Divergence.GeneralizedJsd(own, others, beta, temperature).sum() / divisor);
            Assert.Equal(row.Value.GetProperty("loss_f64").GetDouble(), loss, TrainingGolden.LossTolerance);
            TrainingGolden.AssertGradients(file, student, row.Name);
        }
    }
}
