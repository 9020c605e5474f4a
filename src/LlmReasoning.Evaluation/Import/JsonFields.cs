using System.Text.Json;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Import;

/// <summary>Fields that a format must have.</summary>
internal static class JsonFields
{
    /// <exception cref="FormatException">It is absent or null.</exception>
    public static JsonElement Field(this JsonElement row, string name) =>
        row.ValueKind == JsonValueKind.Object && row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : throw new FormatException($"no field {name}; is it a file of this format?");

    /// <summary>A list of texts; null counts as an empty one.</summary>
    /// <exception cref="FormatException">It is no list, or holds something else.</exception>
    public static IReadOnlyList<string> Texts(this JsonElement list, string name) => list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Select(item => TableRow.Text(item, name) ?? "")]
        : throw new FormatException($"{name} is {TableRow.Named(list.ValueKind)}; a list of texts is expected");
}
