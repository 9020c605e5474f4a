using System.Text.Json;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Import;

/// <summary>lighteval's details: doc, metric, model_response from 0.11 on; flat columns (predictions, gold) before.</summary>
/// <remarks>Scores are not read: there is one a document, and extractive_match with several replies means "any reply right".</remarks>
internal static class LightevalRows
{
    public static ImportedRow Read(TableRow row, string path) => row.Fields.TryGetProperty("doc", out var doc) ? Nested(row, doc) : Flat(row, TaskOf(path));

    private static ImportedRow Nested(TableRow row, JsonElement doc)
    {
        var response = row.Fields.Field("model_response");
        var limit = doc.TryGetProperty("generation_size", out var size) && size.TryGetInt32(out var tokens) ? tokens : (int?)null;
        var task = doc.Field("task_name").GetString()!;
        var id = $"{TaskName(task[..(task.LastIndexOf('|') is > 0 and var bar ? bar : task.Length)])}/{(doc.TryGetProperty("id", out var own) ? own.ToString() : row.Index)}";
        doc.TryGetProperty("specific", out var specific);
        return new ImportedRow
        {
            ProblemId = id,
            Problem = new Problem
            {
                Id = id,
                Text = doc.Field("query").GetString()!,
                Gold = TheOne(Golds(doc.Field("choices").Texts("choices"), doc.Field("gold_index"))),
                Solution = specific.ValueKind == JsonValueKind.Object && specific.TryGetProperty("solution", out var solution) ? solution.GetString() : null,
            },
            Replies = Replies(response.Field("text").Texts("text"), response.TryGetProperty("output_tokens", out var ids) ? ids : default, limit),
            MaxNewTokens = limit,
        };
    }

    private static ImportedRow Flat(TableRow row, string task)
    {
        var id = $"{task}/{row.Index}";                       // there is no other id
        var tokens = row.Fields.TryGetProperty("cont_tokens", out var nested) && nested.GetArrayLength() == 1 ? nested[0] : default;
        return new ImportedRow
        {
            ProblemId = id,
            Problem = new Problem
            {
                Id = id,
                Text = row.Text("example") ?? throw new FormatException("no column example"),
                Gold = TheOne(row.Fields.Field("gold").Texts("gold")),
            },
            Replies = Replies(row.Fields.Field("predictions").Texts("predictions"), tokens, null),
        };
    }

    private static IEnumerable<string> Golds(IReadOnlyList<string> choices, JsonElement index) => (index.ValueKind == JsonValueKind.Array ? index.EnumerateArray().ToArray() : [index])
        .Select(one => one.TryGetInt32(out var i) && i >= 0 && i < choices.Count ? choices[i] : throw new FormatException($"gold_index is {one}, but there are {choices.Count} choices"));

    private static string TheOne(IEnumerable<string> golds)
    {
        string[] distinct = [.. golds.Select(gold => gold.Trim()).Distinct(StringComparer.Ordinal)];
        return distinct.Length == 1 ? distinct[0] : throw new FormatException($"has {distinct.Length} different reference answers; problems with one are understood");
    }

    private static ImportedReply[] Replies(IReadOnlyList<string> texts, JsonElement tokens, int? limit)
    {
        var hasTokens = tokens.ValueKind == JsonValueKind.Array && tokens.GetArrayLength() == texts.Count;
        return [.. texts.Select((text, i) =>
        {
            if (!hasTokens) { return new ImportedReply(text); }
            var (length, isPadded) = Length(tokens[i]);
            // No finish reason is saved: a reply that is not padded and fills the limit was cut, as far as one can tell.
            return new ImportedReply(text, limit is null ? null : !isPadded && length >= limit ? "length" : "eos", length);
        })];
    }

    /// <summary>Tokens before the padding: the end token, repeated up to the longest reply of the batch.</summary>
    private static (int Length, bool IsPadded) Length(JsonElement ids)
    {
        var length = ids.GetArrayLength();
        if (length < 2) { return (length, false); }
        var last = ids[length - 1].GetInt64();
        var unpadded = length;
        while (unpadded > 0 && ids[unpadded - 1].GetInt64() == last) { unpadded--; }
        return length - unpadded > 1 ? (unpadded, true) : (length, false);
    }

    /// <summary>The task of details_TASK|FEWSHOT_DATE.parquet; a copy's name may have another character for the bar.</summary>
    private static string TaskOf(string path)
    {
        var stem = Path.GetFileNameWithoutExtension(path);
        if (stem.StartsWith("details_", StringComparison.Ordinal)) { stem = stem["details_".Length..]; }
        return TaskName(stem.LastIndexOf('_') is > 0 and var date ? stem[..date] : stem);
    }

    private static string TaskName(string task) => task.Replace('|', '_');
}
