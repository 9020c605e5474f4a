using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Generation;

namespace LlmReasoning.Torch.Tests.Generation;

public sealed class LogitsFilterTests
{
    [Fact]
    public void TiesAtTheLimitOfTopKStay() => Assert.Equal([1f, 2f, 2f, Removed], Filter([1, 2, 2, 0], new() { TopK = 3 }));

    [Fact]
    public void TopKOfOneKeepsEveryMaximum() => Assert.Equal([Removed, 2f, 2f, Removed], Filter([1, 2, 2, 0], new() { TopK = 1 }));

    [Fact]
    public void TopPStopsWhereTheMassBeforeReachesP()
    {
        var logits = new[] { 0.1, 0.4, 0.2, 0.3 }.Select(p => (float)Math.Log(p)).ToArray();
        Assert.Equal([Removed, logits[1], Removed, Removed], Filter(logits, new() { TopP = 0.39 }));
        Assert.Equal([Removed, logits[1], Removed, logits[3]], Filter(logits, new() { TopP = 0.41 }));
        Assert.Equal([Removed, logits[1], logits[2], logits[3]], Filter(logits, new() { TopP = 0.71 }));
    }

    [Fact]
    public void TopPKeepsTheFirstOfEqualLogits() => Assert.Equal([1f, 1f, Removed, Removed], Filter([1, 1, 1, 1], new() { TopP = 0.5 }));

    [Fact]
    public void MinPIsRelativeToTheMostProbable()
    {
        var logits = new[] { 0.5, 0.3, 0.15, 0.05 }.Select(p => (float)Math.Log(p)).ToArray();
        Assert.Equal([logits[0], logits[1], Removed, Removed], Filter(logits, new() { MinP = 0.5 }));
    }

    [Fact]
    public void ARepeatedTokenIsPenalisedOnce()
    {
        using var logits = tensor(new float[,] { { 2, -2, 1 }, { 2, -2, 1 } });
        using var filtered = LogitsFilter.Apply(logits, new() { RepetitionPenalty = 2 }, [[1, 0, 1], []]);
        Assert.Equal([1f, -4f, 1f, 2f, -2f, 1f], filtered.data<float>().ToArray());
    }

    [Fact]
    public void WithoutSettingsTheLogitsComeBack()
    {
        Assert.Equal([3f, -1f], Filter([3, -1], new()));
        Assert.Equal([3f, -1f], Filter([3, -1], new() { Temperature = 0, TopK = 100 }));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.95)]
    [InlineData(0.999)]
    public void ARowDoesNotDependOnItsNeighbours(double topP)
    {
        // Peaked, flat and tied rows need different numbers of candidates.
        var logits = randn([5, 3000], generator: new torch.Generator(7)) * tensor(new float[] { 8, 0.1f, 3, 1, 5 }).unsqueeze(1);
        logits[3].copy_(logits[3].round());
        var settings = new SamplingSettings { Temperature = 0.8, TopP = topP, MinP = 1e-5 };
        using var together = LogitsFilter.Apply(logits, settings);
        for (var row = 0; row < 5; row++)
        {
            using var alone = LogitsFilter.Apply(logits.narrow(0, row, 1), settings);
            Assert.Equal(together[row].data<float>().ToArray(), alone[0].data<float>().ToArray());
        }
    }

    [Fact]
    public void TopPEqualsAFullSort()
    {
        var logits = randn([6, 5000], generator: new torch.Generator(3)) * tensor(new float[] { 9, 4, 2, 1, 0.3f, 0.01f }).unsqueeze(1);
        foreach (var p in new[] { 0.1, 0.5, 0.9, 0.99 })
        {
            using var filtered = LogitsFilter.Apply(logits, new() { TopP = p });
            for (var row = 0; row < 6; row++)
            {
                // At a margin of 1e-6 of the mass float32 and float64 may differ by a token.
                var probabilities = logits[row].to_type(ScalarType.Float64).softmax(0).data<double>().OrderDescending().ToArray();
                var kept = filtered[row].data<float>().Count(float.IsFinite);
                Assert.True(probabilities.Take(kept - 1).Sum() < p + 1e-6);
                Assert.True(probabilities.Take(kept).Sum() >= p - 1e-6);
                Assert.Equal(kept, filtered[row].topk(kept).values.isfinite().sum().item<long>());
            }
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.9)]
    [InlineData(0.9999999)]
    public void BothWaysOfTopPKeepTheSameTokens(double p)
    {
        using var scope = NewDisposeScope();
        var logits = randn([6, 4000], generator: new torch.Generator(11)) * tensor(new float[] { 9, 3, 1, 0.1f, 4, 60 }).unsqueeze(1);
        logits[4].copy_(logits[4].round());
        logits[2].narrow(0, 0, 3000).fill_(float.NegativeInfinity);
        Assert.True(Nucleus.KeepByBuckets(logits, p).equal(Nucleus.KeepBySorting(logits, p)).all().item<bool>());
    }

    [Fact]
    public void TensorsAreNotLeftBehind()
    {
        using var logits = randn(4, 200);
        var settings = new SamplingSettings { Temperature = 0.7, TopK = 100, TopP = 0.9, MinP = 0.01, RepetitionPenalty = 1.1 };
        using var scope = NewDisposeScope();
        LogitsFilter.Apply(logits, settings, [[1], [2], [], [3]]).Dispose();
        Assert.Equal(0, scope.DisposablesCount);
    }

    /// <summary>Kept sets are equal, probabilities to 1e-6; where the cut splits equal logits, which of them stay is open.</summary>
    [Fact]
    [Trait("Category", "Golden")]
    public void EveryCaseEqualsTransformers()
    {
        var folder = Golden.Folder("reference/sampling");
        foreach (var vocabulary in Golden.Json(Path.Combine(folder, "golden.json")).GetProperty("vocab").EnumerateObject())
        {
            using var file = SafetensorsFile.Open(Path.Combine(folder, vocabulary.Value.GetProperty("file").GetString()!));
            using var logits = file.Read("logits");
            foreach (var item in vocabulary.Value.GetProperty("cases").EnumerateObject())
            {
                var settings = Settings(item.Value);
                var previous = settings.RepetitionPenalty == 1 ? null : PreviousIds(file, item.Value.GetProperty("previous_mask_used").GetBoolean());
                using var filtered = LogitsFilter.Apply(logits, settings, previous);
                using var probabilities = filtered.to_type(ScalarType.Float64).softmax(1);
                using var expected = file.Read($"{item.Name}.probs");
                var split = item.Value.GetProperty("rows_where_the_cut_splits_equal_logits").EnumerateArray().Select(row => row.GetInt32()).ToHashSet();
                for (var row = 0; row < logits.shape[0]; row++)
                {
                    AssertRow($"{item.Name}, row {row}", expected[row], probabilities[row], split.Contains(row));
                    Assert.Equal(item.Value.GetProperty("kept_per_row")[row].GetInt64(), filtered[row].isfinite().sum().item<long>());
                }
                AssertProcessed(file, item.Name, filtered, split);
            }
        }
    }

    private static void AssertRow(string what, Tensor expected, Tensor actual, bool orderIsOpen)
    {
        var want = expected.data<double>().ToArray();
        var have = actual.data<double>().ToArray();
        if (orderIsOpen)
        {
            Array.Sort(want);
            Array.Sort(have);
        }
        for (var i = 0; i < want.Length; i++)
        {
            Assert.True(want[i] == 0 == (have[i] == 0), $"{what}: token {i} is {have[i]}, expected {want[i]}");
            Assert.True(Math.Abs(want[i] - have[i]) <= 1e-6, $"{what}: token {i} is {have[i]}, expected {want[i]}");
        }
    }

    private static void AssertProcessed(SafetensorsFile file, string name, Tensor filtered, HashSet<int> split)
    {
        if (!file.Tensors.ContainsKey($"{name}.processed")) return;
        using var processed = file.Read($"{name}.processed");
        for (var row = 0; row < filtered.shape[0]; row++)
        {
            if (!split.Contains(row)) Assert.All(processed[row].data<float>().Zip(filtered[row].data<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    private static SamplingSettings Settings(JsonElement item)
    {
        var settings = item.GetProperty("settings");
        // generate() with do_sample and nothing else set takes top_k 50.
        var topK = item.GetProperty("processors_in_order").EnumerateArray().Any(name => name.GetString() == "TopKLogitsWarper") ? 50 : 0;
        return new SamplingSettings
        {
            Temperature = Number("temperature", 1),
            TopK = (int)Number("top_k", topK),
            TopP = Number("top_p", 1),
            MinP = Number("min_p", 0),
            RepetitionPenalty = Number("repetition_penalty", 1),
        }.Validate();

        double Number(string key, double fallback) => settings.TryGetProperty(key, out var value) ? value.GetDouble() : fallback;
    }

    private static List<int[]> PreviousIds(SafetensorsFile file, bool usesMask)
    {
        using var ids = file.Read("previous_ids");
        using var mask = file.Read("previous_mask");
        return [.. Enumerable.Range(0, (int)ids.shape[0]).Select(row => ids[row].data<long>()
            .Zip(mask[row].data<long>())
            .Where(pair => !usesMask || pair.Second == 1)
            .Select(pair => (int)pair.First)
            .ToArray())];
    }

    private const float Removed = float.NegativeInfinity;

    private static float[] Filter(float[] logits, SamplingSettings settings)
    {
        using var row = tensor(logits).unsqueeze(0);
        using var filtered = LogitsFilter.Apply(row, settings);
        return filtered.data<float>().ToArray();
    }
}
