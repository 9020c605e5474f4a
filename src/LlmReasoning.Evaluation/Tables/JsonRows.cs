using System.Text.Json;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>One JSON object a line.</summary>
internal static class JsonRows
{
    public static IEnumerable<TableRow> Read(string path)
    {
        using var reader = new LineReader(path);
        while (reader.Read(out var line))
        {
            yield return Parse(line, reader.LineNumber);
        }
    }

    private static TableRow Parse(ReadOnlySpan<byte> line, int number)
    {
        var (index, place) = (number - 1, $"line {number}");
        try
        {
            var reader = new Utf8JsonReader(line);
            var fields = JsonElement.ParseValue(ref reader);
            if (reader.Read()) { return new TableRow(index, place, default, "more than one JSON value"); }
            return fields.ValueKind == JsonValueKind.Object
                ? new TableRow(index, place, fields)
                : new TableRow(index, place, default, $"is {TableRow.Named(fields.ValueKind)}; one JSON object a line is expected");
        }
        catch (JsonException e)
        {
            return new TableRow(index, place, default, $"not JSON ({e.Message.Split(" LineNumber:")[0].TrimEnd('.')})");
        }
    }
}
