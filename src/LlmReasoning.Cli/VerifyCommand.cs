using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmReasoning.Verification;

namespace LlmReasoning.Cli;

/// <summary><c>llm-reasoning verify GOLD RESPONSE</c>, or <c>--batch FILE.jsonl</c>: verdicts with their reasons.</summary>
internal static class VerifyCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The command. Prints one verdict, or with --batch one JSON object a line: the row's id and the verdict.</summary>
    public static Command Create()
    {
        var gold = new Argument<string?>("gold") { Description = "The reference answer.", Arity = ArgumentArity.ZeroOrOne };
        var response = new Argument<string?>("response") { Description = "The response to judge.", Arity = ArgumentArity.ZeroOrOne };
        var policy = new Option<ExtractionPolicy>("--policy")
        {
            Description = "Where the answer is looked for: reward (the last closed box) or lenient (box, then \"answer is\", then the last maths or number).",
            DefaultValueFactory = _ => ExtractionPolicy.Lenient,
        };
        var json = new Option<bool>("--json") { Description = "Print the verdict as JSON." };
        var batch = new Option<string?>("--batch") { Description = "A JSONL file of {id, gold, response} or {id, gold, answer}; - reads stdin." };
        var command = new Command("verify", "Judge answers against reference answers, with reasons.") { gold, response, policy, json, batch };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(batch) is { } file) { VerifyBatch(file, parsed.GetValue(policy), output); }
            else if (parsed.GetValue(gold) is { } reference && parsed.GetValue(response) is { } text)
            {
                var verdict = Verifier.Verify(reference, text, parsed.GetValue(policy));
                output.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(verdict, Json) : Describe(verdict));
            }
            else { throw new UserException("verify: GOLD and RESPONSE are missing; give both, or --batch FILE.jsonl"); }
        });
        return command.WithExamples("llm-reasoning verify 1/2 \"so \\boxed{0.5}\" --policy reward", "llm-reasoning verify --batch answers.jsonl");
    }

    private static string Describe(Verdict verdict) =>
        $"{verdict.Outcome}: {verdict.Reason}; answer {verdict.Answer ?? "none"} ({verdict.AnswerKind}), reference {verdict.GoldKind}, work {verdict.WorkUsed}";

    private static void VerifyBatch(string file, ExtractionPolicy policy, TextWriter output)
    {
        GoldAnswer? gold = null;
        foreach (var (row, place) in file == "-" ? StandardInput() : JsonLines.Read(file))
        {
            var reference = Text(row, place, "gold");
            if (gold?.Text != reference) { gold = GoldAnswer.Parse(reference); }       // rows of one problem follow each other
            var verdict = row.TryGetProperty("answer", out _)
                ? Verifier.VerifyAnswer(gold, Text(row, place, "answer"))
                : Verifier.Verify(gold, Text(row, place, "response"), policy);
            output.WriteLine(JsonSerializer.Serialize(new { Id = Id(row), verdict.Outcome, verdict.Reason, verdict.GoldKind, verdict.AnswerKind, verdict.Answer, verdict.WorkUsed }, Json));
        }
    }

    private static IEnumerable<(JsonElement Row, string Place)> StandardInput()
    {
        for (var number = 1; Console.In.ReadLine() is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line)) { yield return (JsonLines.Parse(line, $"-: line {number}"), $"-: line {number}"); }
        }
    }

    private static JsonElement? Id(JsonElement row) => row.TryGetProperty("id", out var id) ? id : null;

    private static string Text(JsonElement row, string place, string key)
    {
        if (row.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String) { return value.GetString()!; }
        throw new UserException($"{place}: has no text \"{key}\"; every line holds {{id, gold, response}} or {{id, gold, answer}}");
    }
}
