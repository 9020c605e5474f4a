using System.Text.Json;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Import;

/// <summary>lm-evaluation-harness's samples_TASK_DATE.jsonl: a line is one document under one filter, with all its replies.</summary>
/// <remarks>Every filter repeats the document with the same replies, which are taken once. Scores are of filtered answers and are not read.</remarks>
internal static class LmEvalRows
{
    /// <summary>Null where the document was there before.</summary>
    public static ImportedRow? Read(TableRow row, string path, HashSet<string> seen)
    {
        if (!seen.Add(row.Fields.Field("doc_id").ToString())) { return null; }
        var requests = row.Fields.Field("resps").EnumerateArray().ToArray();
        var arguments = row.Fields.Field("arguments");
        if (requests.Length != 1 || !arguments.TryGetProperty("gen_args_0", out var request) || !request.TryGetProperty("arg_1", out var settings) || settings.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("is not a generation task; multiple choice has no replies to grade");
        }
        var isGreedy = settings.TryGetProperty("do_sample", out var sampled) && sampled.ValueKind == JsonValueKind.False;
        var id = $"{TaskOf(path)}/{row.Fields.Field("doc_id")}";
        return new ImportedRow
        {
            ProblemId = id,
            Problem = ProblemOf(row, id, request.Field("arg_0").GetString()!),
            Replies = [.. requests[0].Texts("resps").Select(text => new ImportedReply(text))],
            Temperature = isGreedy ? 0 : Number(settings, "temperature"),
            TopP = Number(settings, "top_p"),
            TopK = (int?)Number(settings, "top_k"),
            MaxNewTokens = (int?)Number(settings, "max_gen_toks"),
        };
    }

    /// <summary>The document's own fields where they are recognised, else the prompt; the reference answer is the task's target.</summary>
    private static Problem ProblemOf(TableRow row, string id, string prompt)
    {
        var doc = row.Fields.Field("doc");
        var target = row.Text("target");
        string? Field(string name) => doc.ValueKind == JsonValueKind.Object && doc.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? TableRow.Text(value, name)
            : null;
        try
        {
            var problem = ProblemFields.Recognise(Field, null, id);
            return problem with { Id = id, Gold = string.IsNullOrWhiteSpace(target) ? problem.Gold : ReferenceAnswer.AfterMarker(target) };
        }
        catch (FormatException) when (!string.IsNullOrWhiteSpace(target))
        {
            return new Problem { Id = id, Text = prompt, Gold = ReferenceAnswer.AfterMarker(target) };
        }
    }

    private static double? Number(JsonElement settings, string name) =>
        settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    // Task names hold underscores, dates do not.
    private static string TaskOf(string path)
    {
        var stem = Path.GetFileNameWithoutExtension(CompressedStream.WithoutExtension(path));
        if (stem.StartsWith("samples_", StringComparison.Ordinal)) { stem = stem["samples_".Length..]; }
        return stem.LastIndexOf('_') is > 0 and var date && stem[(date + 1)..].Contains('T') ? stem[..date] : stem;
    }
}
