using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Torch.Tests.Rlvr;

public sealed class PolicyLossTests
{
    private const double Tolerance = 1e-12;

    [Theory]
    [InlineData(1.5, +1.0, -1.2)]   // good token, ratio above the range: gain capped at 1 + high
    [InlineData(0.5, +1.0, -0.5)]   // good token, ratio below: uncapped, the gradient must pull it up
    [InlineData(0.5, -1.0, +0.8)]   // bad token, ratio below: loss floored at 1 - low
    [InlineData(1.5, -1.0, +1.5)]   // bad token, ratio above: uncapped, the gradient must push it down
    public void TheClippedSurrogateIsPessimistic(double ratio, double advantage, double expected)
    {
        using var scope = NewDisposeScope();
        var loss = PolicyLoss.Compute(OneToken(Math.Log(ratio), advantage), new()).Loss;
        Assert.Equal(expected, loss.item<double>(), Tolerance);
    }

    [Fact]
    public void DeltaBoundsTheLossOfABadTokenWhoseRatioGrew()
    {
        using var scope = NewDisposeScope();
        var settings = new PolicyLossSettings { Surrogate = new Surrogate.Clipped(0.2, 0.2, Delta: 3) };
        Assert.Equal(3, PolicyLoss.Compute(OneToken(Math.Log(10), -1), settings).Loss.item<double>(), Tolerance);
    }

    [Fact]
    public void OnPolicyTheDapoLossIsMinusTheMeanAdvantageOfTokensAndItsGradientMinusAdvantageOverTokens()
    {
        using var scope = NewDisposeScope();
        var batch = Random(rows: 3, tokens: 4, seed: 1) with { OldLogProbs = null };
        var counts = batch.Mask.to_type(ScalarType.Float64);
        var result = PolicyLoss.Compute(batch, new() { Aggregation = Aggregation.TokenMean });
        result.Loss.backward();
        var expectedGradient = -batch.Advantages.view(-1, 1) * counts / counts.sum();
        GoldenTensor.AssertClose(expectedGradient, batch.LogProbs.grad!, Tolerance, "gradient");
        Assert.Equal(expectedGradient.sum().item<double>(), result.Loss.item<double>(), Tolerance);
    }

    [Theory]
    [InlineData(Aggregation.SequenceMean)]
    [InlineData(Aggregation.TokenMean)]
    [InlineData(Aggregation.BatchTokenMean)]
    [InlineData(Aggregation.ConstantLength)]
    [InlineData(Aggregation.SequenceSum)]
    public void TheCutIntoMicroBatchesChangesNothing(Aggregation aggregation)
    {
        var settings = new PolicyLossSettings
        {
            Aggregation = aggregation,
            Beta = 0.1,
            EntropyCoefficient = 0.01,
            TopEntropyQuantile = 0.5,
            RolloutCorrection = new(),
        };
        using var scope = NewDisposeScope();
        var (whole, wholeGradient) = InMicroBatches(settings, rowsPerMicroBatch: 8);
        foreach (var rows in new[] { 1, 2, 4 })
        {
            var (loss, gradient) = InMicroBatches(settings, rows);
            Assert.Equal(whole, loss, Tolerance);
            GoldenTensor.AssertClose(wholeGradient, gradient, Tolerance, $"{aggregation}, {rows} rows");
        }
    }

    [Fact]
    public void ValuesAtPaddingReachNeitherLossNorGradient()
    {
        using var scope = NewDisposeScope();
        foreach (var preset in RlvrPresets.All)
        {
            var settings = preset.Loss with { Beta = 0.1, KlPlacement = KlPlacement.Loss };
            var batch = Random(rows: 3, tokens: 4, seed: 2);
            var padding = batch.Mask.eq(0);
            var spoilt = batch with
            {
                LogProbs = batch.LogProbs.detach().masked_fill(padding, double.NaN).requires_grad_(true),
                OldLogProbs = batch.OldLogProbs!.masked_fill(padding, double.NegativeInfinity),
                RefLogProbs = batch.RefLogProbs!.masked_fill(padding, 1e300),
            };
            var loss = PolicyLoss.Compute(batch, settings).Loss;
            var spoiltLoss = PolicyLoss.Compute(spoilt, settings).Loss;
            loss.backward();
            spoiltLoss.backward();
            Assert.Equal(loss.item<double>(), spoiltLoss.item<double>());
            GoldenTensor.AssertClose(batch.LogProbs.grad!, spoilt.LogProbs.grad!, 0, preset.Name);
            Assert.Equal(0, spoilt.LogProbs.grad!.masked_select(padding).abs().max().item<double>());
        }
    }

    [Fact]
    public void ABatchWithoutTokensGivesZeroAndAZeroGradient()
    {
        using var scope = NewDisposeScope();
        var batch = Random(rows: 2, tokens: 3, seed: 3);
        var empty = batch with { Mask = zeros_like(batch.Mask), RowWeights = LossAggregation.RowWeights(Aggregation.TokenMean, zeros(2), 3, 2), StepTokens = 1 };
        var result = PolicyLoss.Compute(empty, new() { EntropyCoefficient = 0.1, TopEntropyQuantile = 0.5 });
        result.Loss.backward();
        Assert.Equal(0, result.Loss.item<double>());
        Assert.Equal(0, empty.LogProbs.grad!.abs().max().item<double>());
    }

    [Theory]
    [InlineData(KlEstimator.K1, -0.5)]
    [InlineData(KlEstimator.K2, 0.125)]
    [InlineData(KlEstimator.K3, 0.148721)]
    public void KlEstimatorsOfOneToken(KlEstimator estimator, double expected)
    {
        using var scope = NewDisposeScope();
        var estimate = Kl.Estimate(tensor(new[] { -1.0 }), tensor(new[] { -0.5 }), estimator);
        Assert.Equal(expected, estimate.item<double>(), 1e-6);
    }

    [Fact]
    public void TheKlInTheRewardIsTheSumOverTheCompletion()
    {
        using var scope = NewDisposeScope();
        var penalised = Kl.Penalise(tensor(new[] { 1.0 }), tensor(new[] { -1.0, -2, -9 }, [1, 3]), tensor(new[] { -1.5, -1, 0 }, [1, 3]), tensor(new long[] { 1, 1, 0 }, [1, 3]), beta: 0.1);
        Assert.Equal(1 - 0.1 * (0.5 - 1), penalised.item<double>(), Tolerance);
    }

    [Fact]
    public void PresetsHaveDistinctNames() => Assert.Distinct(RlvrPresets.All.Select(preset => preset.Name));

    private static (double Loss, Tensor Gradient) InMicroBatches(PolicyLossSettings settings, int rowsPerMicroBatch)
    {
        var step = Random(rows: 8, tokens: 5, seed: 4);
        step = step with
        {
            RowWeights = LossAggregation.RowWeights(settings.Aggregation, step.Mask.sum(1), maxCompletionLength: 7, rowsPerBatch: 4),
            EntropyThreshold = EntropyMask.Threshold(step.Entropies!, step.Mask, settings.TopEntropyQuantile),
        };
        var sum = 0.0;
        for (var first = 0; first < 8; first += rowsPerMicroBatch)
        {
            Tensor Part(Tensor whole) => whole.narrow(0, first, rowsPerMicroBatch);
            var part = step with
            {
                LogProbs = Part(step.LogProbs),
                OldLogProbs = Part(step.OldLogProbs!),
                RefLogProbs = Part(step.RefLogProbs!),
                SamplerLogProbs = Part(step.SamplerLogProbs!),
                Entropies = Part(step.Entropies!),
                Advantages = Part(step.Advantages),
                Mask = Part(step.Mask),
                RowWeights = Part(step.RowWeights),
            };
            var loss = PolicyLoss.Compute(part, settings).Loss;
            loss.backward();
            sum += loss.item<double>();
        }
        return (sum, step.LogProbs.grad!);
    }

    private static PolicyBatch OneToken(double logRatio, double advantage) => new()
    {
        LogProbs = tensor(new[] { logRatio - 1 }, [1, 1]).requires_grad_(true),
        OldLogProbs = tensor(new[] { -1.0 }, [1, 1]),
        Advantages = tensor(new[] { advantage }),
        Mask = ones(1, 1, dtype: ScalarType.Int64),
        RowWeights = ones(1, dtype: ScalarType.Float64),
        StepTokens = 1,
    };

    private static PolicyBatch Random(int rows, int tokens, long seed)
    {
        using var generator = new torch.Generator((ulong)seed, CPU);
        Tensor Draw(params long[] shape) => randn(shape, dtype: ScalarType.Float64, generator: generator);
        var logProbs = -Draw(rows, tokens).abs();
        var lengths = arange(rows).remainder(tokens) + 1;
        var mask = (arange(tokens).unsqueeze(0) < lengths.unsqueeze(1)).to_type(ScalarType.Int64);
        return new()
        {
            LogProbs = logProbs.requires_grad_(true),
            OldLogProbs = logProbs.detach() + 0.3 * Draw(rows, tokens),
            RefLogProbs = logProbs.detach() + 0.3 * Draw(rows, tokens),
            SamplerLogProbs = logProbs.detach() + 0.1 * Draw(rows, tokens),
            Entropies = Draw(rows, tokens).abs(),
            Advantages = Draw(rows),
            Mask = mask,
            RowWeights = LossAggregation.RowWeights(Aggregation.TokenMean, mask.sum(1), tokens, rows),
            StepTokens = mask.sum().item<long>(),
        };
    }
}
