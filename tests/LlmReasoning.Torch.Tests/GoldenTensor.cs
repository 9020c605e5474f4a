using System.Text.Json;

namespace LlmReasoning.Torch.Tests;

/// <summary>Nested arrays of golden files as float64 tensors, null as NaN.</summary>
internal static class GoldenTensor
{
    public static Tensor From(JsonElement array)
    {
        var shape = new List<long>();
        for (var level = array; level.ValueKind == JsonValueKind.Array; level = level[0]) { shape.Add(level.GetArrayLength()); }
        var values = new List<double>();
        Flatten(array, values);
        return tensor([.. values], [.. shape], ScalarType.Float64);
    }

    public static Tensor Ids(JsonElement array) => From(array).to_type(ScalarType.Int64);

    /// <summary>The worst difference of two tensors of one shape; NaN never passes.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        var worst = (expected.to_type(ScalarType.Float64) - actual.to_type(ScalarType.Float64)).abs().max().item<double>();
        Assert.True(worst <= tolerance, $"{what}: worst difference {worst:E2}");
    }

    public static double? NumberOrNull(this JsonElement element, string key) =>
        element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    public static string? TextOrNull(this JsonElement element, string key) =>
        element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void Flatten(JsonElement element, List<double> values)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var child in element.EnumerateArray()) { Flatten(child, values); }
            return;
        }
        values.Add(element.ValueKind == JsonValueKind.Null ? double.NaN : element.GetDouble());
    }
}
