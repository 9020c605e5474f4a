using LlmReasoning.Torch.Generation;

namespace LlmReasoning.Torch.Tests.Generation;

public sealed class SamplerTests
{
    private const int Draws = 1_000_000, Rows = 20_000;

    public static TheoryData<string, SamplingSettings> Filters => new()
    {
        { "plain", new() },
        { "temperature 0.6", new() { Temperature = 0.6 } },
        { "top-k 5", new() { TopK = 5 } },
        { "top-p 0.9", new() { TopP = 0.9 } },
        { "min-p 0.05", new() { MinP = 0.05 } },
        { "repetition penalty 1.5", new() { RepetitionPenalty = 1.5 } },
        { "all", new() { Temperature = 0.9, TopK = 12, TopP = 0.95, MinP = 0.01, RepetitionPenalty = 1.2 } },
    };

    public static TheoryData<SamplingSettings> EveryWay => [new SamplingSettings(), new SamplingSettings { Temperature = 0 }, new SamplingSettings { TopP = 0.9 }, new SamplingSettings { TopK = 3 }];

    [Theory]
    [MemberData(nameof(EveryWay))]
    public void NoTokenIsDrawnFromLogitsThatAreNotFinite(SamplingSettings settings)
    {
        using var scope = NewDisposeScope();
        foreach (var broken in (float[])[float.NaN, float.PositiveInfinity])
        {
            var logits = zeros(2, 20);
            logits[1, 7] = broken;
            Assert.Throws<UserException>(() => Sampler.Draw(logits, settings, [0.5, 0.5], previousIds: null));
        }
    }

    /// <summary>Pearson's chi-square over the tokens that can be drawn stays below the value that chance exceeds once in a million (Wilson and Hilferty).</summary>
    [Theory]
    [MemberData(nameof(Filters))]
    public void AMillionDrawsHaveTheFrequenciesOfTheExactProbabilities(string name, SamplingSettings settings)
    {
        using var scope = NewDisposeScope();
        var logits = randn([1, 37], generator: new torch.Generator(5)) * 1.5;
        int[] previous = [1, 4, 9];
        var exact = LogitsFilter.Apply(logits, settings, [previous]).to_type(ScalarType.Float64).softmax(-1).data<double>().ToArray();
        var many = logits.expand(Rows, -1).contiguous();
        IReadOnlyList<IReadOnlyList<int>> seen = [.. Enumerable.Repeat(previous, Rows)];
        var counts = new long[exact.Length];
        for (var position = 0; position < Draws / Rows; position++)
        {
            double[] uniforms = [.. Enumerable.Range(0, Rows).Select(row => CounterRandom.Uniform(11, CounterRandom.Key(name), row, position))];
            foreach (var id in Sampler.Draw(many, settings, uniforms, settings.RepetitionPenalty == 1 ? null : seen).Ids) { counts[id]++; }
        }
        var drawable = Enumerable.Range(0, exact.Length).Where(id => exact[id] > 0).ToList();
        Assert.Equal(Draws, drawable.Sum(id => counts[id]));
        var chiSquare = drawable.Sum(id => Math.Pow(counts[id] - Draws * exact[id], 2) / (Draws * exact[id]));
        double freedom = drawable.Count - 1;
        var bound = freedom * Math.Pow(1 - (2 / (9 * freedom)) + (4.75 * Math.Sqrt(2 / (9 * freedom))), 3);
        Assert.True(chiSquare < bound, $"chi-square {chiSquare:F1} with {freedom} degrees of freedom, the bound is {bound:F1}");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(448)]
    [InlineData(5000)]
    public void ThePlainDrawAgreesWithRunningSumsInFloat64(int vocabulary)
    {
        using var scope = NewDisposeScope();
        var logits = randn([64, vocabulary], generator: new torch.Generator((ulong)vocabulary)) * 3;
        double[] uniforms = [.. Enumerable.Range(0, 64).Select(row => CounterRandom.Uniform(3, 7, row, 0))];
        var (ids, logProbs) = PlainDraw.Draw(logits, temperature: 0.8, uniforms);
        var exact = (logits.to_type(ScalarType.Float64) / 0.8).log_softmax(-1);
        var running = exact.exp().cumsum(-1);
        for (var row = 0; row < 64; row++)
        {
            var (before, after) = (ids[row] == 0 ? 0 : running[row, ids[row] - 1].item<double>(), running[row, ids[row]].item<double>());
            Assert.InRange(uniforms[row], before - 1e-6, after + 1e-6);
            Assert.Equal(exact[row, ids[row]].item<double>(), logProbs[row], 1e-5);
        }
    }

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.9999999999999999, 2)]
    public void TheEndsOfTheUnitIntervalNeverDrawAnImpossibleToken(double uniform, int expected)
    {
        using var logits = tensor(new float[] { float.NegativeInfinity, 0, 0, float.NegativeInfinity }).unsqueeze(0);
        Assert.Equal(expected, PlainDraw.Draw(logits, 1, [uniform]).Ids[0]);
        Assert.Equal(expected, Sampler.Draw(logits, new() { TopK = 3 }, [uniform], null).Ids[0]);
        Assert.Equal(expected, Sampler.Find([0, 0.5f, 1, 1], uniform));
    }

    [Fact]
    public void TemperatureZeroTakesTheLargestLogitAndReportsItsProbabilityAtTemperatureOne()
    {
        using var logits = tensor(new float[] { 1, 3, 2 }).unsqueeze(0);
        var (ids, logProbs) = Sampler.Draw(logits, new() { Temperature = 0 }, [0.99], null);
        Assert.Equal(1, ids[0]);
        Assert.Equal(3 - Math.Log(Math.Exp(1) + Math.Exp(3) + Math.Exp(2)), logProbs[0], 1e-6);
    }
}
