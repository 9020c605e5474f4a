using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Selection;

/// <summary>manifest.json of a selection, its properties in snake case.</summary>
[JsonSerializable(typeof(SelectionManifest))]
internal sealed partial class SelectionJson : JsonSerializerContext
{
    private static readonly SelectionJson Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter<ProblemRange>(JsonNamingPolicy.KebabCaseLower), new JsonStringEnumConverter<ExtractionPolicy>(JsonNamingPolicy.SnakeCaseLower) },
        NewLine = "\n",
    });

    public static string Of(SelectionManifest manifest) => JsonSerializer.Serialize(manifest, Context.SelectionManifest) + "\n";
}
