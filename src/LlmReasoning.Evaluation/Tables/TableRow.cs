using System.Text.Json;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>One row of a data file, whatever the format.</summary>
/// <param name="Index">Counted from 0: the line of a jsonl file, the record of a CSV or parquet file.</param>
/// <param name="Place">Where a person finds it, such as "line 3" or "row 3", counted from 1.</param>
/// <param name="Fields">A JSON object; default where <paramref name="Fault"/> says why the row cannot be read.</param>
/// <param name="Fault">Null where the row is sound.</param>
internal readonly record struct TableRow(int Index, string Place, JsonElement Fields, string? Fault = null)
{
    /// <summary>A text, or a number as text; null where the field is absent or null.</summary>
    /// <exception cref="FormatException">The field holds something else.</exception>
    public string? Text(string name) => Fields.TryGetProperty(name, out var value) ? Text(value, name) : null;

    /// <summary>A value as text; null where it is null.</summary>
    /// <exception cref="FormatException">It is neither text nor number nor null.</exception>
    public static string? Text(JsonElement value, string name)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => WithoutZeroFraction(value.GetRawText()),
                JsonValueKind.Null => null,
                _ => throw new FormatException($"{name} is {Named(value.ValueKind)}; a text or a number is expected"),
            };
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException($"{name} is not valid Unicode text", e);
        }
    }

    public static string Named(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        JsonValueKind.Null => "null",
        JsonValueKind.Number => "a number",
        JsonValueKind.Undefined => "absent",
        _ => "a text",
    };

    // Data sets written through pandas hold whole numbers as 27.0.
    private static string WithoutZeroFraction(string number)
    {
        var point = number.IndexOf('.');
        return point > 0 && !number.AsSpan(point + 1).ContainsAnyExcept('0') ? number[..point] : number;
    }
}
