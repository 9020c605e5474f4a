using System.Text.Json;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.TeacherData;

/// <summary>Reads teacher data from jsonl (.gz, .zst), CSV and parquet. The first row says of which kind a file is, and all others must be of it.</summary>
public static class TeacherFile
{
    private static readonly string[] s_problemNames = ["problem", "question"];
    private static readonly string[] s_responseNames = ["completion", "response"];
    private static readonly string[] s_chatNames = ["messages", "conversations"];

    private enum Kind
    {
        Samples,
        Messages,
        PromptAndMessages,
        PromptAndCompletion,
        ProblemAndResponse,
        Text,
    }

    /// <summary>The files that a path names: a file itself, of a folder its sft.jsonl, else the samples in it.</summary>
    /// <exception cref="UserException">There is no such file, or the folder holds neither.</exception>
    public static IReadOnlyList<string> Find(string path)
    {
        if (Directory.Exists(path))
        {
            var selected = Path.Combine(path, "sft.jsonl");
            return File.Exists(selected) ? [selected] : SampleFile.Find([path]);
        }
        return File.Exists(path) ? [path] : throw new UserException($"{path}: the file does not exist; name a jsonl, CSV or parquet file of responses");
    }

    /// <summary>The rows in file order, read as they are taken.</summary>
    /// <exception cref="UserException">Names file and line: a faulty row, a missing field, a row of another kind than the first; or the file is empty.</exception>
    public static IEnumerable<TeacherRow> Read(string path)
    {
        Kind? kind = null;
        var first = "";
        foreach (var row in TableFile.Rows(path))
        {
            var place = $"{path}: {row.Place}";
            if (row.Fault is { } fault) { throw new UserException($"{place}: {fault}; write one JSON object a line"); }
            if (kind is null) { (kind, first) = (KindOf(row, place), row.Place); }
            yield return Of(row, kind.Value, place, first);
        }
        if (kind is null) { throw new UserException($"{path}: the file has no rows; it needs one example a row"); }
    }

    private static Kind KindOf(TableRow row, string place)
    {
        bool Has(string name) => row.Fields.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
        bool IsList(string name) => row.Fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array;
        if (Has("sample_idx") && Has("problem_id") && Has("text")) { return Kind.Samples; }
        if (s_chatNames.Any(IsList)) { return Kind.Messages; }
        if (IsList("prompt") && IsList("completion")) { return Kind.PromptAndMessages; }
        if (s_responseNames.Any(Has))
        {
            if (Has("prompt")) { return Kind.PromptAndCompletion; }
            if (s_problemNames.Any(Has)) { return Kind.ProblemAndResponse; }
        }
        if (Has("text")) { return Kind.Text; }
        var names = string.Join(", ", row.Fields.EnumerateObject().Take(12).Select(field => field.Name));
        throw new UserException($"{place}: its fields ({names}) are none that teacher data has; write prompt and completion, problem and response, messages, text, or lines of samples.jsonl");
    }

    private static TeacherRow Of(TableRow row, Kind kind, string place, string first)
    {
        try
        {
            return kind switch
            {
                Kind.Samples => new TeacherRow.Sampled(place, Required(row, "problem_id"), Required(row, "text"), row.Text("finish_reason") != "length"),
                Kind.Messages => new TeacherRow.Chat(place, Messages(row, s_chatNames)),
                Kind.PromptAndMessages => new TeacherRow.Chat(place, [.. Messages(row, "prompt"), .. Messages(row, "completion")], Messages(row, "prompt").Count),
                Kind.PromptAndCompletion => new TeacherRow.Completion(place, Required(row, "prompt"), Required(row, s_responseNames)),
                Kind.ProblemAndResponse => new TeacherRow.Solution(place, Required(row, s_problemNames), Required(row, s_responseNames)),
                _ => new TeacherRow.Text(place, Required(row, "text")),
            };
        }
        catch (FormatException e)
        {
            throw new UserException($"{place}: {e.Message} ({first} made the file one of {Describe(kind)})", e);
        }
    }

    private static string Required(TableRow row, params string[] names) =>
        names.Select(row.Text).FirstOrDefault(text => text is not null) ?? throw new FormatException($"{string.Join(" or ", names)} is missing");

    private static IReadOnlyList<ChatMessage> Messages(TableRow row, params string[] names)
    {
        var name = names.FirstOrDefault(name => row.Fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array)
            ?? throw new FormatException($"{string.Join(" or ", names)} is no list of messages");
        return [.. row.Fields.GetProperty(name).EnumerateArray().Select((message, i) => Message(message, $"{name}[{i}]"))];
    }

    private static ChatMessage Message(JsonElement message, string name)
    {
        if (message.ValueKind != JsonValueKind.Object) { throw new FormatException($"{name} is {TableRow.Named(message.ValueKind)}; a message has role and content"); }
        string? Field(params string[] names) => names.Select(key => message.TryGetProperty(key, out var value) ? TableRow.Text(value, $"{name}.{key}") : null).FirstOrDefault(text => text is not null);
        var role = Field("role", "from") ?? throw new FormatException($"{name} has no role");
        var content = Field("content", "value") ?? throw new FormatException($"{name} has no content");
        return new(role switch { "human" => "user", "gpt" => "assistant", _ => role }, content);
    }

    private static string Describe(Kind kind) => kind switch
    {
        Kind.Samples => "samples",
        Kind.Messages => "messages",
        Kind.PromptAndMessages => "prompt and completion as messages",
        Kind.PromptAndCompletion => "prompt and completion",
        Kind.ProblemAndResponse => "problem and response",
        _ => "texts",
    };
}
