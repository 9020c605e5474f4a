using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Responses;

namespace LlmReasoning.Evaluation.Report;

/// <summary>summary.json: a summary's properties in snake case.</summary>
[JsonSerializable(typeof(PassKSummary))]
[JsonSerializable(typeof(ComparisonSummary))]
[JsonSerializable(typeof(ResponseSummary))]
internal sealed partial class SummaryJson : JsonSerializerContext
{
    private static readonly SummaryJson Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter<KeywordMatch>(JsonNamingPolicy.SnakeCaseLower) },
        NewLine = "\n",
    });

    public static string Of(PassKSummary summary) => JsonSerializer.Serialize(summary, Context.PassKSummary) + "\n";

    public static string Of(ResponseSummary summary) => JsonSerializer.Serialize(summary, Context.ResponseSummary) + "\n";

    public static string Of(ComparisonSummary summary) => JsonSerializer.Serialize(summary, Context.ComparisonSummary) + "\n";
}
