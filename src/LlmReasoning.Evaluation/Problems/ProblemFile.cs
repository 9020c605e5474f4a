using System.Text.Json;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Reads problem sets; docs/problems.md lists the field names that are understood.</summary>
public static class ProblemFile
{
    /// <summary>Reads a jsonl file: one problem a line, blank lines skipped.</summary>
    /// <returns>The problems in file order, at least one, with distinct ids: the data set's own, else "FILE STEM-LINE INDEX" counted from 0.</returns>
    /// <exception cref="UserException">Names the file and the line: not JSON, no problem, no answer, an empty or mistyped field, an id twice, no problem at all.</exception>
    public static IReadOnlyList<Problem> Read(string path)
    {
        var problems = new List<Problem>();
        var lineOf = new Dictionary<string, int>(StringComparer.Ordinal);
        using var reader = new LineReader(path);
        while (reader.Read(out var line))
        {
            var fallbackId = $"{Path.GetFileNameWithoutExtension(path)}-{reader.LineNumber - 1}";
            Problem problem;
            try
            {
                problem = Parse(line, fallbackId);
            }
            catch (FormatException e)
            {
                throw new UserException($"{path}: line {reader.LineNumber}: {e.Message}", e);
            }
            if (!lineOf.TryAdd(problem.Id, reader.LineNumber))
            {
                throw new UserException($"{path}: line {reader.LineNumber}: id is \"{problem.Id}\", as in line {lineOf[problem.Id]}; give every problem its own");
            }
            problems.Add(problem);
        }
        return problems.Count > 0 ? problems : throw new UserException($"{path}: holds no problem; one JSON object a line is expected");
    }

    /// <summary>The problems of the given levels, and of those the first <paramref name="limit"/>, in the order given.</summary>
    /// <param name="problems">The set to choose from.</param>
    /// <param name="levels">Level names as in <see cref="Problem.Level"/>; empty = all.</param>
    /// <param name="limit">1 or more; null = all.</param>
    /// <exception cref="UserException">A level that no problem has, or a limit below 1.</exception>
    public static IReadOnlyList<Problem> Select(IReadOnlyList<Problem> problems, IReadOnlyCollection<string> levels, int? limit = null)
    {
        if (limit < 1) { throw new UserException($"limit is {limit}; it must be 1 or more"); }
        var known = problems.Select(problem => problem.Level).OfType<string>().Distinct().Order(LevelOrder.Instance).ToArray();
        if (levels.FirstOrDefault(level => !known.Contains(level)) is { } unknown)
        {
            var remedy = known.Length > 0 ? $"the problems have {string.Join(", ", known)}" : "these problems have no levels";
            throw new UserException($"level is \"{unknown}\"; {remedy}");
        }
        return [.. problems.Where(problem => levels.Count == 0 || levels.Contains(problem.Level)).Take(limit ?? int.MaxValue)];
    }

    private static Problem Parse(ReadOnlySpan<byte> line, string fallbackId)
    {
        JsonDocument document;
        try
        {
            var reader = new Utf8JsonReader(line);
            document = JsonDocument.ParseValue(ref reader);
            if (reader.Read()) { throw new FormatException("more than one JSON value"); }
        }
        catch (JsonException e)
        {
            throw new FormatException($"not JSON ({e.Message.Split(" LineNumber:")[0].TrimEnd('.')})", e);
        }
        using (document)
        {
            var row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object) { throw new FormatException($"is {Named(row.ValueKind)}; one JSON object a line is expected"); }
            return ProblemFields.Recognise(name => Text(row, name), fallbackId);
        }
    }

    /// <summary>A text or number as text; null where the field is absent or null.</summary>
    private static string? Text(JsonElement row, string name)
    {
        if (!row.TryGetProperty(name, out var value)) { return null; }
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

    // Data sets written through pandas hold whole numbers as 27.0.
    private static string WithoutZeroFraction(string number)
    {
        var point = number.IndexOf('.');
        return point > 0 && !number.AsSpan(point + 1).ContainsAnyExcept('0') ? number[..point] : number;
    }

    private static string Named(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        JsonValueKind.Null => "null",
        JsonValueKind.Number => "a number",
        _ => "a text",
    };
}
