using System.Text;
using System.Text.Json;
using LlmReasoning.Evaluation;

namespace LlmReasoning.Cli;

/// <summary>Reads a jsonl file, compressed (.gz, .zst) or not, of objects with text fields; mistakes name file and line.</summary>
internal static class JsonLines
{
    /// <summary>The lines that are not blank, with the words that name their place.</summary>
    /// <exception cref="UserException">The file is missing or empty, or a line is not a JSON object.</exception>
    public static IEnumerable<(JsonElement Line, string Place)> Read(string path)
    {
        if (!File.Exists(path)) { throw new UserException($"{path}: the file does not exist; name a jsonl file"); }
        var isEmpty = true;
        using var reader = new LineReader(path);
        while (reader.Read(out var bytes))
        {
            var text = Encoding.UTF8.GetString(bytes);
            if (string.IsNullOrWhiteSpace(text)) { continue; }
            isEmpty = false;
            var place = $"{path}: line {reader.LineNumber}";
            yield return (Parse(text, place), place);
        }
        if (isEmpty) { throw new UserException($"{path}: the file is empty; it needs one JSON object a line"); }
    }

    /// <summary>A text field, or null where the line has none.</summary>
    /// <exception cref="UserException">The field is not a text.</exception>
    public static string? Text(JsonElement line, string key, string place)
    {
        if (!line.TryGetProperty(key, out var field) || field.ValueKind == JsonValueKind.Null) { return null; }
        return field.ValueKind == JsonValueKind.String ? field.GetString() : throw new UserException($"{place}: {key} is {field.GetRawText()}; it must be a text");
    }

    /// <summary>One line.</summary>
    /// <exception cref="UserException">It is not a JSON object of Unicode texts.</exception>
    public static JsonElement Parse(string text, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                ReadTexts(document.RootElement);
                return document.RootElement.Clone();
            }
        }
        catch (JsonException e)
        {
            throw new UserException($"{place}: not JSON ({e.Message.Split(" LineNumber")[0].TrimEnd('.')}); write one JSON object a line", e);
        }
        catch (InvalidOperationException e)
        {
            throw new UserException($"{place}: a text holds half of a surrogate pair, such as \\ud800, and is not Unicode; write \\ufffd in its place", e);
        }
        throw new UserException($"{place}: not a JSON object; write one a line");
    }

    // The parser leaves texts undecoded: one that is not Unicode shows here (InvalidOperationException), not where it is used.
    private static void ReadTexts(JsonElement row)
    {
        foreach (var property in row.EnumerateObject())
        {
            _ = property.Name;
            if (property.Value.ValueKind == JsonValueKind.String) { property.Value.GetString(); }
        }
    }
}
