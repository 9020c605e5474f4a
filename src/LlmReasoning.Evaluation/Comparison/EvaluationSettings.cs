using System.Text.Json;
using System.Text.Json.Serialization;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>What summary.json says of how an evaluation was made.</summary>
public sealed record EvaluationSettings
{
    public required string Dataset { get; init; }

    /// <summary>The verifier's policy.</summary>
    public required string Scorer { get; init; }
    public required SamplingSettings Sampling { get; init; }

    /// <summary>The last part of the model's path.</summary>
    internal string ModelName => Sampling.ModelName;

    /// <summary>Reads summary.json; null where it is missing, as in a folder that was made by hand from counts.</summary>
    /// <exception cref="UserException">A file that is not the summary of an evaluation.</exception>
    internal static EvaluationSettings? Read(string path)
    {
        if (!File.Exists(path)) { return null; }
        try
        {
            return JsonSerializer.Deserialize(RegularFile.ReadBytes(path), SettingsJson.Snake.EvaluationSettings) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new UserException($"{path}: not the summary of an evaluation ({e.Message.Split(" Path:")[0].TrimEnd('.')}); write it anew with eval passk", e);
        }
    }

    /// <summary>Where this differs from <paramref name="other"/>: key, own value, the other's value. Model and seed are left out.</summary>
    internal IEnumerable<(string Key, object Own, object Others)> Differences(EvaluationSettings other)
    {
        (string, object, object)[] pairs =
        [
            ("dataset", Dataset, other.Dataset),
            ("scorer", Scorer, other.Scorer),
            ("template_id", Sampling.TemplateId, other.Sampling.TemplateId),
            ("temperature", Sampling.Temperature, other.Sampling.Temperature),
            ("top_p", Sampling.TopP, other.Sampling.TopP),
            ("top_k", Sampling.TopK, other.Sampling.TopK),
            ("min_p", Sampling.MinP, other.Sampling.MinP),
            ("repetition_penalty", Sampling.RepetitionPenalty, other.Sampling.RepetitionPenalty),
            ("stop_strings", SamplingSettings.Shown(Sampling.StopStrings), SamplingSettings.Shown(other.Sampling.StopStrings)),
            ("max_new_tokens", Sampling.MaxNewTokens, other.Sampling.MaxNewTokens),
        ];
        return pairs.Where(pair => !pair.Item2.Equals(pair.Item3));
    }
}

[JsonSerializable(typeof(EvaluationSettings))]
internal sealed partial class SettingsJson : JsonSerializerContext
{
    public static readonly SettingsJson Snake = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
    });
}
