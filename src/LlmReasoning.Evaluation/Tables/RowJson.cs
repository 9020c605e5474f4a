using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>Rows of other formats as JSON, without reflection.</summary>
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class RowJson : JsonSerializerContext;
