using System.Text.Json;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Tests.Models;

[Trait("Category", "Golden")]
public sealed class RopeTests
{
    private static readonly string[] Implemented = ["default", "linear", "dynamic", "llama3", "yarn"];

    public static TheoryData<string> Cases()
    {
        var cases = new TheoryData<string>();
        foreach (var item in Root()?.GetProperty("cases").EnumerateObject() ?? default)
        {
            if (Implemented.Contains(item.Value.GetProperty("rope_parameters").GetProperty("rope_type").GetString())) cases.Add(item.Name);
        }
        if (cases.Count == 0) cases.Add("");
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void FrequenciesEqualTransformersWithinOneUnitOfTheLastPlace(string name)
    {
        var (golden, headDim, rope, positions) = Read(name);
        var (frequencies, scale) = Rope.InverseFrequencies(rope, headDim, positions.Max() + 1);
        var expected = Floats(golden.GetProperty("inv_freq_after_forward"));
        Assert.Equal(expected.Length, frequencies.Length);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(frequencies[i], MathF.BitDecrement(expected[i]), MathF.BitIncrement(expected[i]));
        Assert.Equal(golden.GetProperty("attention_scaling").GetDouble(), scale, 1e-12);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void FrequenciesOfAShortPassEqualThoseOfTheConstructor(string name)
    {
        var (golden, headDim, rope, _) = Read(name);
        var (frequencies, _) = Rope.InverseFrequencies(rope, headDim, positions: 1);
        var expected = Floats(golden.GetProperty("inv_freq"));
        for (var i = 0; i < expected.Length; i++) Assert.InRange(frequencies[i], MathF.BitDecrement(expected[i]), MathF.BitIncrement(expected[i]));
    }

    /// <summary>The limit is the rounding of position * frequency in float32.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void TablesEqualTransformers(string name)
    {
        var (golden, headDim, rope, positions) = Read(name);
        var config = ModelConfigTests.Tiny() with { HeadDim = headDim, Rope = rope };
        var (cos, sin) = Rope.Tables(config, positions.Max() + 1);
        using var ownedCos = cos;
        using var ownedSin = sin;
        Assert.Equal([positions.Max() + 1, headDim / 2], cos.shape);
        for (var row = 0; row < positions.Length; row++)
        {
            var tolerance = 2e-7 + (positions[row] * 1.2e-7);
            Assert.All(Floats(golden.GetProperty("cos")[row]).Zip(cos[positions[row]].data<float>()), pair => Assert.Equal(pair.First, pair.Second, tolerance));
            Assert.All(Floats(golden.GetProperty("sin")[row]).Zip(sin[positions[row]].data<float>()), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        }
    }

    private static JsonElement? Root()
    {
        // Theory data are collected outside a test, where nothing can be skipped.
        try
        {
            return Golden.Json(Path.Combine(Golden.Folder("reference/rope"), "golden.json"));
        }
        catch (Exception e) when (e is not JsonException)
        {
            return null;
        }
    }

    private static (JsonElement Golden, int HeadDim, RopeConfig Rope, int[] Positions) Read(string name)
    {
        var root = Golden.Json(Path.Combine(Golden.Folder("reference/rope"), "golden.json"));
        if (name.Length == 0) Assert.Skip("no case of an implemented type");
        var golden = root.GetProperty("cases").GetProperty(name);
        int[] positions = [.. golden.GetProperty("positions").EnumerateArray().Select(position => position.GetInt32())];
        var headDim = root.GetProperty("head_dim").GetInt32();
        var parameters = golden.GetProperty("rope_parameters");
        var maxPositions = parameters.GetProperty("rope_type").GetString() == "dynamic" ? DynamicMaximum(golden, positions) : 1 << 17;
        using var folder = new TemporaryFolder();
        var json = $$"""{"rope_parameters": {{parameters.GetRawText()}}}""";
        var config = StrictJson.Read(folder.Write("config.json", json), 1 << 20);
        return (golden, headDim, RopeConfig.Read(config, maxPositions, 10000), positions);
    }

    /// <summary>max_position_embeddings, which the file leaves out: the last frequency shrank by factor * length / maximum - (factor - 1).</summary>
    private static int DynamicMaximum(JsonElement golden, int[] positions)
    {
        var shrink = Floats(golden.GetProperty("inv_freq"))[^1] / (double)Floats(golden.GetProperty("inv_freq_after_forward"))[^1];
        var factor = golden.GetProperty("rope_parameters").GetProperty("factor").GetDouble();
        return (int)Math.Round(factor * (positions.Max() + 1) / (shrink + factor - 1));
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetSingle())];
}
