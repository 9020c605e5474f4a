using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Import;

/// <summary>limit-of-RLVR's files: one problem a line with arrays of replies (code) and finish reasons; lines in any order, one problem in several files of one reply each.</summary>
internal static partial class LimitOfRlvrRows
{
    public static ImportedRow Read(TableRow row, string path)
    {
        var dataset = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)));
        var id = $"{dataset}/{row.Text("idx") ?? throw new FormatException("no field idx")}";
        var replies = row.Fields.Field("code").Texts("code");
        var ends = row.Fields.TryGetProperty("finish_reason", out var reasons) && reasons.ValueKind == JsonValueKind.Array ? reasons.EnumerateArray().ToArray() : [];
        if (ends.Length > 0 && ends.Length != replies.Count) { throw new FormatException($"has {replies.Count} code, but {ends.Length} finish_reason"); }
        return new ImportedRow
        {
            ProblemId = id,
            Problem = ProblemFields.Recognise(row.Text, new ProblemFieldNames { Problem = "question", Answer = "gt", Id = "idx" }, id) with { Id = id, Solution = row.Text("gt_cot") },
            Replies = [.. replies.Select((text, i) => new ImportedReply(text, ends.Length > 0 && ends[i].ValueKind == JsonValueKind.String ? ends[i].GetString() : null))],
            Temperature = Temperature().Match(Path.GetFileName(path)) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null,
        };
    }

    // test_qwen25-math-cot_-1_seed0_t0.6_s0_e-1.jsonl
    [GeneratedRegex(@"_seed-?\d+_t(\d+(?:\.\d+)?)_s")]
    private static partial Regex Temperature();
}
