using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

/// <summary>A tiny model in float64, so that what must be equal differs by rounding alone.</summary>
public sealed class MicroBatchTests
{
    private const double Tolerance = 1e-12;     // relative L2

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(256)]
    public void ChunksGiveTheLossAndGradientsOfTheWholeVocabularyAtOnce(int chunkTokens)
    {
        foreach (var (dtype, tolerance) in new[] { (ScalarType.Float64, Tolerance), (ScalarType.Float32, 1e-6) })
        {
            using var scope = NewDisposeScope();
            using var model = Load(dtype);
            var (hidden, targets) = (Draw(dtype, 12, model.Config.HiddenSize), Ids(model, 12));
            // Neither linear nor a sum over tokens.
            static Tensor Loss(Tensor logProbs, Tensor? entropies) => (logProbs.mean().exp() * logProbs.sum()) + (0.3 * entropies!.square().sum());
            var (loss, hiddenGradient) = TokenLogProbs.Backward(model, hidden, targets, 0.9, withEntropies: true, Loss, chunkTokens);
            var headGradient = model.HeadWeight.grad!.clone();

            model.HeadWeight.grad!.zero_();
            var leaf = hidden.clone().requires_grad_(true);
            var all = (model.Logits(leaf) / 0.9).log_softmax(-1);
            var expected = Loss(all.gather(1, targets.unsqueeze(1)).squeeze(1), -(all.exp() * all).sum(1));
            expected.backward();
            TrainingGolden.AssertRelative(expected.to_type(ScalarType.Float64).item<double>(), loss, tolerance, "loss");
            AssertEqual(leaf.grad!, hiddenGradient, tolerance, "hidden states");
            AssertEqual(model.HeadWeight.grad!, headGradient, tolerance, "head");
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void LogProbsAndEntropiesOfHeatedLogitsEqualTheReferenceTo1e9()
    {
        using var scope = NewDisposeScope();
        var golden = Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json"));
        var logits = GoldenTensor.From(golden.GetProperty("sft").GetProperty("logits"));
        foreach (var entry in golden.EnumerateObject().Where(entry => entry.Name.StartsWith("logps_T", StringComparison.Ordinal)))
        {
            var ids = GoldenTensor.Ids(entry.Value.GetProperty("ids")).view(-1);
            var temperature = double.Parse(entry.Name["logps_T".Length..], System.Globalization.CultureInfo.InvariantCulture);
            var all = TokenLogProbs.LogSoftmax(logits.view(ids.shape[0], -1).clone(), temperature);
            GoldenTensor.AssertClose(GoldenTensor.From(entry.Value.GetProperty("logps")).view(-1), TokenLogProbs.Pick(all, ids), 1e-9, entry.Name);
            GoldenTensor.AssertClose(GoldenTensor.From(entry.Value.GetProperty("entropy")).view(-1), TokenLogProbs.Entropy(all), 1e-9, entry.Name);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(256)]
    public void ALossPerTokenInOnePassEqualsThatOfAllTokens(int chunkTokens)
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var (hidden, targets) = (Draw(ScalarType.Float64, 12, model.Config.HiddenSize), Ids(model, 12));
        Tensor Loss(Tensor logProbs) => SftLoss.Compute(logProbs, 12, SftLossType.Dft);
        var (whole, wholeGradient) = TokenLogProbs.Backward(model, hidden, targets, 1, withEntropies: false, (logProbs, _) => Loss(logProbs));
        var head = model.HeadWeight.grad!.clone();
        model.HeadWeight.grad!.zero_();
        var (loss, gradient) = TokenLogProbs.BackwardPerToken(model, hidden, targets, 1, Loss, chunkTokens);
        TrainingGolden.AssertRelative(whole, loss, Tolerance, "loss");
        AssertEqual(wholeGradient, gradient, Tolerance, "hidden states");
        AssertEqual(head, model.HeadWeight.grad!, Tolerance, "head");
    }

    [Fact]
    public void TheLogProbsOfTheOldPolicyAreBitForBitThoseOfTheLoss()
    {
        using var scope = NewDisposeScope();
        using var model = Load(ScalarType.Float32);
        var batch = Rows(model, rows: 4, tokens: 9);
        var (old, entropies) = MicroBatch.LogProbsOf(model, batch.Ids, batch.Mask, batch.Targets, 0.9, withEntropies: true);
        MicroBatch.Backward(model, batch.Ids, batch.Mask, batch.Targets, 0.9, withEntropies: true, (logProbs, current) =>
        {
            GoldenTensor.AssertClose(old, logProbs, 0, "log-probabilities");
            GoldenTensor.AssertClose(entropies!, current!, 0, "entropies");
            return logProbs.sum();
        });
    }

    [Fact]
    public void LeftAndRightPaddingGiveTheSameGradients()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var batch = Rows(model, rows: 3, tokens: 8);
        var expected = Gradients(model, () => Sft(model, batch, divisor: 7));
        var lengths = batch.Mask.sum(1, keepdim: true);
        var columns = (arange(8).unsqueeze(0) + lengths).remainder(8);          // the padding comes first
        var left = batch with { Ids = batch.Ids.gather(1, columns), Mask = batch.Mask.gather(1, columns), Targets = batch.Targets.gather(1, columns) };
        AssertEqual(expected, Gradients(model, () => Sft(model, left, divisor: 7)), "left padding");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void TheCutIntoMicroBatchesChangesNoGradient(int rowsPerMicroBatch)
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var batch = Rows(model, rows: 8, tokens: 8);
        var divisor = batch.Targets.sum().item<long>();
        foreach (var loss in new Action<Batch>[] { part => Sft(model, part, divisor), part => Dapo(model, part, batch) })
        {
            var whole = Gradients(model, () => loss(batch));
            var parts = Gradients(model, () =>
            {
                for (var first = 0; first < 8; first += rowsPerMicroBatch) { loss(batch.Rows(first, rowsPerMicroBatch)); }
            });
            AssertEqual(whole, parts, $"{rowsPerMicroBatch} rows");
        }
    }

    [Fact]
    public void PackedDocumentsGiveTheLossAndGradientsOfThemAlone()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var batch = Rows(model, rows: 3, tokens: 8);
        long[] lengths = [.. batch.Mask.sum(1).data<long>()];
        var (alone, packed) = (0.0, 0.0);
        var expected = Gradients(model, () => alone = Sft(model, batch, divisor: 7));
        Tensor Pack(Tensor rows) => cat([.. lengths.Select((length, row) => rows[row].narrow(0, 0, length))]).unsqueeze(0);
        var documents = batch.Mask * arange(1, 4).unsqueeze(1);
        var pack = new Batch(Pack(batch.Ids), Pack(documents), Pack(batch.Targets));
        AssertEqual(expected, Gradients(model, () => packed = Sft(model, pack, divisor: 7)), "packed");
        TrainingGolden.AssertRelative(alone, packed, Tolerance, "loss");
    }

    [Fact]
    public void PaddingAndOtherDocumentsGetExactlyNoGradient()
    {
        using var scope = NewDisposeScope();
        // Untied, so that the embeddings' gradient is that of the inputs.
        using var model = CausalLM.Load(Golden.OwnFolder("reference/training/base_llama"), ScalarType.Float64);
        var ids = tensor(new long[] { 3, 4, 5, 6, 7, 8, 9, 10 }, [1, 8]);
        var documents = tensor(new long[] { 1, 1, 1, 2, 2, 2, 0, 0 }, [1, 8]);
        var targets = tensor(new long[] { 0, 0, 0, 0, 1, 1, 0, 0 }, [1, 8]);
        Sft(model, new(ids, documents, targets), divisor: 2);
        var gradient = model.Weights()["model.embed_tokens.weight"].grad!.abs().sum(1);
        foreach (var id in new[] { 3, 4, 5, 8, 9, 10 }) { Assert.Equal(0, gradient[id].item<double>()); }      // 8 is the last target: it predicts nothing
        foreach (var id in new[] { 6, 7 }) { Assert.True(gradient[id].item<double>() > 0); }
    }

    [Fact]
    public void ABatchWithoutTargetsGivesZeroAndFiniteZeroGradients()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var batch = Rows(model, rows: 2, tokens: 6);
        var none = batch with { Targets = zeros_like(batch.Targets) };
        Assert.Equal(0, Sft(model, none, divisor: 1));
        Assert.Equal(0, MicroBatch.Backward(model, none.Ids, none.Mask, none.Targets, 1, false, (logProbs, _) => logProbs.sum()));
        foreach (var weight in model.Weights().Values) { Assert.Equal(0, weight.grad!.abs().max().item<double>()); }
    }

    [Fact]
    public void ATeacherEqualToTheStudentMovesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        using var teacher = Load();
        var batch = Rows(model, rows: 2, tokens: 6);
        var loss = MicroBatch.BackwardDivergence(
            model, teacher, batch.Ids, batch.Mask, batch.Targets, (own, others) => Divergence.GeneralizedJsd(own, others, 1).sum());
        Assert.Equal(0, loss, Tolerance);
        foreach (var weight in model.Weights().Values) { Assert.Equal(0, weight.grad!.abs().max().item<double>(), Tolerance); }
    }

    [Fact]
    public void ABfloat16ModelGetsTheGradientsOfFloat32ToItsRounding()
    {
        using var scope = NewDisposeScope();
        using var narrow = Load(ScalarType.BFloat16);
        using var wide = Load(ScalarType.Float32);
        var batch = Rows(wide, rows: 3, tokens: 8);
        TrainingGolden.AssertRelative(Sft(wide, batch, divisor: 7), Sft(narrow, batch, divisor: 7), 0.02, "loss");
        AssertEqual(wide.HeadWeight.grad!, narrow.HeadWeight.grad!.to_type(ScalarType.Float32), 0.03, "embeddings");
    }

    [Fact]
    public void MicroBatchesLeaveNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        using var model = Load(ScalarType.Float32);
        var batch = Rows(model, rows: 3, tokens: 8);
        void Run()
        {
            using var step = NewDisposeScope();
            Sft(model, batch, divisor: 7);
            Dapo(model, batch, batch);
            MicroBatch.BackwardDivergence(model, model, batch.Ids, batch.Mask, batch.Targets, (own, others) => Divergence.GeneralizedJsd(own, others, 0.5).sum());
        }
        Run();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++) { Run(); }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void AFirstTokenCannotBeATarget()
    {
        using var scope = NewDisposeScope();
        using var model = Load();
        var batch = Rows(model, rows: 1, tokens: 4);
        Assert.Throws<ArgumentException>(() => Sft(model, batch with { Targets = ones_like(batch.Targets) }, divisor: 1));
    }

    private sealed record Batch(Tensor Ids, Tensor Mask, Tensor Targets)
    {
        public Batch Rows(int first, int count) => new(Ids.narrow(0, first, count), Mask.narrow(0, first, count), Targets.narrow(0, first, count));
    }

    private static double Sft(CausalLM model, Batch batch, double divisor) =>
        MicroBatch.BackwardPerToken(model, batch.Ids, batch.Mask, batch.Targets, logProbs => SftLoss.Compute(logProbs, divisor));

    private static void Dapo(CausalLM model, Batch part, Batch step)
    {
        var tokens = step.Targets.sum().item<long>();
        var rows = part.Ids.shape[0];
        MicroBatch.Backward(model, part.Ids, part.Mask, part.Targets, 0.9, withEntropies: false, (logProbs, _) => PolicyLoss.Compute(
            new()
            {
                LogProbs = logProbs,
                OldLogProbs = logProbs.detach() - 0.1,
                Advantages = part.Ids.select(1, 1).to_type(logProbs.dtype) - 20,        // of the row, however it is cut
                Mask = part.Targets,
                RowWeights = full(rows, 1.0 / tokens, dtype: ScalarType.Float64),
                StepTokens = tokens,
            },
            RlvrPresets.All.Single(preset => preset.Name == "dapo").Loss).Loss);
    }

    private static Dictionary<string, Tensor> Gradients(CausalLM model, Action backward)
    {
        foreach (var weight in model.Weights().Values) { weight.grad?.zero_(); }
        backward();
        return model.Weights().ToDictionary(pair => pair.Key, pair => pair.Value.grad!.clone());
    }

    private static CausalLM Load(ScalarType dtype = ScalarType.Float64) => CausalLM.Load(Golden.OwnFolder("reference/training/base_qwen2"), dtype);

    // Right padded rows of unequal length, the first two tokens of each a prompt.
    private static Batch Rows(CausalLM model, int rows, int tokens)
    {
        var lengths = (arange(rows) * 3).remainder(tokens - 3) + 4;
        var mask = (arange(tokens).unsqueeze(0) < lengths.unsqueeze(1)).to_type(ScalarType.Int64);
        var targets = mask * (arange(tokens) >= 2).to_type(ScalarType.Int64);
        return new(Ids(model, rows * tokens).view(rows, tokens), mask, targets);
    }

    private static Tensor Ids(CausalLM model, int count) => (arange(count) * 17 + 5).remainder(model.Config.VocabSize);

    private static Tensor Draw(ScalarType dtype, params long[] shape)
    {
        using var generator = new torch.Generator(7, CPU);
        return randn(shape, dtype: dtype, generator: generator);
    }

    private static void AssertEqual(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual, string what)
    {
        // A bias of the keys moves no attention weight: its gradient is rounding.
        foreach (var (name, gradient) in expected.Where(pair => !pair.Key.EndsWith("k_proj.bias", StringComparison.Ordinal))) { AssertEqual(gradient, actual[name], Tolerance, $"{what}: {name}"); }
    }

    private static void AssertEqual(Tensor expected, Tensor actual, double tolerance, string what)
    {
        var difference = (expected - actual).norm().to_type(ScalarType.Float64).item<double>() / expected.norm().to_type(ScalarType.Float64).item<double>();
        Assert.True(difference <= tolerance, $"{what}: relative L2 {difference:E2}");
    }
}
