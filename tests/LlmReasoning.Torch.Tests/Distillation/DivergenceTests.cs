using LlmReasoning.Torch.Distillation;

namespace LlmReasoning.Torch.Tests.Distillation;

public sealed class DivergenceTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(1)]
    public void ATeacherEqualToTheStudentGivesZeroAndNoGradient(double beta)
    {
        using var scope = NewDisposeScope();
        var teacher = Draw(5, 11, seed: 1);
        foreach (var divergence in new Func<Tensor, Tensor>[]
        {
            student => Divergence.GeneralizedJsd(student, teacher, beta),
            student => Divergence.TopK(student, teacher, 3, beta, withTail: true),
            student => Divergence.TopK(student, teacher, 3, beta, withTail: false),
        })
        {
            var student = teacher.clone().requires_grad_(true);
            var loss = divergence(student).sum();
            loss.backward();
            Assert.Equal(0, loss.item<double>(), 1e-12);
            Assert.Equal(0, student.grad!.abs().max().item<double>(), 1e-12);
        }
    }

    [Fact]
    public void OverASmallBetaTheDivergenceIsTheForwardKl()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Draw(4, 7, seed: 2), Draw(4, 7, seed: 3));
        var forward = Divergence.GeneralizedJsd(student, teacher, 0).sum().item<double>();
        var limit = Divergence.GeneralizedJsd(student, teacher, 1e-6).sum().item<double>() / 1e-6;
        Assert.Equal(forward, limit, 1e-4 * forward);
    }

    [Fact]
    public void TheTopKOfTheWholeVocabularyIsTheFullDivergence()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Draw(4, 7, seed: 4), Draw(4, 7, seed: 5));
        var difference = Divergence.TopK(student, teacher, 7, 0.5, withTail: false) - Divergence.GeneralizedJsd(student, teacher, 0.5);
        Assert.Equal(0, difference.abs().max().item<double>(), 1e-12);
    }

    [Fact]
    public void ATailThatRoundsToNothingStaysFinite()
    {
        using var scope = NewDisposeScope();
        var student = tensor(new[] { 60f, 0, 0 }, [1, 3]).requires_grad_(true);
        var loss = Divergence.TopK(student, tensor(new[] { 0f, 60, 0 }, [1, 3]), 1, 0.5, withTail: true).sum();
        loss.backward();
        Assert.True(float.IsFinite(loss.item<float>()) && student.grad!.isfinite().all().item<bool>());
    }

    private static Tensor Draw(int tokens, int vocabulary, ulong seed)
    {
        using var generator = new torch.Generator(seed, CPU);
        return randn([tokens, vocabulary], dtype: ScalarType.Float64, generator: generator);
    }
}
