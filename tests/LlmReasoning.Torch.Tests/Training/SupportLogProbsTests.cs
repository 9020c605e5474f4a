using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

/// <summary>On the head of the embedded model and random states.</summary>
public sealed class SupportLogProbsTests : IDisposable
{
    private const float Tolerance = 1e-5f;
    private const float GradientTolerance = 1e-4f;      // of values up to 40

    private readonly CausalLM _model = CausalLM.Load(ModelFolder.Resolve(ModelFolder.Embedded));

    public void Dispose() => _model.Dispose();

    [Fact]
    public void OverTheWholeVocabularyValueAndGradientAreThoseOfTokenLogProbs()
    {
        using var scope = NewDisposeScope();
        var (hidden, targets) = States(5);
        var all = new SamplingSettings { Temperature = 0.8, MinP = 1e-30 };
        var (loss, gradient) = SupportLogProbs.Backward(_model, hidden, targets, all, Loss);
        var headGradient = Taken();
        var (expectedLoss, expectedGradient) = TokenLogProbs.Backward(_model, hidden, targets, 0.8, withEntropies: true, Loss);
        Assert.Equal(1, loss / expectedLoss, 1e-6);
        GoldenTensor.AssertClose(expectedGradient, gradient, GradientTolerance, "hidden");
        GoldenTensor.AssertClose(Taken(), headGradient, GradientTolerance, "head");
    }

    [Fact]
    public void OfOneTokenThatCanBeDrawnTheProbabilityIsOneWithoutAGradient()
    {
        using var scope = NewDisposeScope();
        var (hidden, _) = States(4);
        var best = _model.Logits(hidden).argmax(-1);
        var (loss, gradient) = SupportLogProbs.Backward(_model, hidden, best, new() { TopK = 1 }, Loss);
        Assert.Equal(0, loss, Tolerance);
        Assert.Equal(0, gradient.abs().max().item<float>(), Tolerance);
    }

    [Fact]
    public void TheProbabilityIsThatAmongWhatTheFiltersLeave()
    {
        using var scope = NewDisposeScope();
        var (hidden, _) = States(3);
        var logits = _model.Logits(hidden);
        var (values, ids) = logits.topk(3, dim: 1);
        var target = ids.narrow(1, 1, 1).squeeze(1);
        var expected = values.log_softmax(1).narrow(1, 1, 1).squeeze(1);
        var (logProbs, entropies) = SupportLogProbs.Of(_model, hidden, target, new() { TopK = 3 });
        GoldenTensor.AssertClose(expected, logProbs, Tolerance, "log-probabilities");
        GoldenTensor.AssertClose(-(values.softmax(1) * values.log_softmax(1)).sum([1]), entropies, Tolerance, "entropies");
        // A target that rounding has put outside counts as inside.
        var last = logits.argmin(-1);
        Assert.True(SupportLogProbs.Of(_model, hidden, last, new() { TopK = 3 }).LogProbs.isfinite().all().item<bool>());
    }

    private static Tensor Loss(Tensor logProbs, Tensor? entropies) => (logProbs * logProbs).sum() - entropies!.sum();

    private Tensor Taken()
    {
        var gradient = _model.HeadWeight.grad!.clone();
        _model.HeadWeight.grad!.zero_();
        return gradient;
    }

    private (Tensor Hidden, Tensor Targets) States(int count)
    {
        using var generator = new torch.Generator(7, CPU);
        return (randn([count, _model.Config.HiddenSize], generator: generator), randint(0, _model.Config.VocabSize, [count], ScalarType.Int64, generator: generator));
    }
}
