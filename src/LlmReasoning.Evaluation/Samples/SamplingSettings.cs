using System.Text.Json;

namespace LlmReasoning.Evaluation.Samples;

/// <summary>What every sample of one evaluation shares; samples drawn under different settings are never pooled.</summary>
public sealed record SamplingSettings
{
    public required string ModelId { get; init; }
    public required string TemplateId { get; init; }
    public required long Seed { get; init; }
    public required double Temperature { get; init; }
    public required double TopP { get; init; }

    /// <summary>0 = off.</summary>
    public required int TopK { get; init; }

    /// <summary>0 = off.</summary>
    public double MinP { get; init; }

    /// <summary>1 = off.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Null = none.</summary>
    public IReadOnlyList<string>? StopStrings { get; init; }
    public required int MaxNewTokens { get; init; }

    /// <summary>The last part of the model's path.</summary>
    public string ModelName => Path.GetFileName(Path.TrimEndingDirectorySeparator(ModelId)) is { Length: > 0 } name ? name : ModelId;

    public static SamplingSettings Of(Sample sample) => new()
    {
        ModelId = sample.ModelId,
        TemplateId = sample.TemplateId,
        Seed = sample.Seed,
        Temperature = sample.Temperature,
        TopP = sample.TopP,
        TopK = sample.TopK,
        MinP = sample.MinP ?? 0,
        RepetitionPenalty = sample.RepetitionPenalty ?? 1,
        StopStrings = sample.StopStrings,
        MaxNewTokens = sample.MaxNewTokens,
    };

    /// <summary>The first key of samples.jsonl in which a sample departs from these settings, with both values; null where none does.</summary>
    internal (string Key, object Found, object Expected)? Difference(Sample sample) =>
        sample.ModelId != ModelId ? ("model_id", sample.ModelId, ModelId)
        : sample.TemplateId != TemplateId ? ("template_id", sample.TemplateId, TemplateId)
        : sample.Seed != Seed ? ("seed", sample.Seed, Seed)
        : sample.Temperature != Temperature ? ("temperature", sample.Temperature, Temperature)
        : sample.TopP != TopP ? ("top_p", sample.TopP, TopP)
        : sample.TopK != TopK ? ("top_k", sample.TopK, TopK)
        : (sample.MinP ?? 0) != MinP ? ("min_p", sample.MinP ?? 0, MinP)
        : (sample.RepetitionPenalty ?? 1) != RepetitionPenalty ? ("repetition_penalty", sample.RepetitionPenalty ?? 1, RepetitionPenalty)
        : Shown(sample.StopStrings) != Shown(StopStrings) ? ("stop_strings", Shown(sample.StopStrings), Shown(StopStrings))
        : sample.MaxNewTokens != MaxNewTokens ? ("max_new_tokens", sample.MaxNewTokens, MaxNewTokens)
        : null;

    /// <summary>In brackets, as a config has them; equal where the texts are.</summary>
    internal static string Shown(IReadOnlyList<string>? texts) => texts is null or [] ? "none" : JsonSerializer.Serialize(texts, SampleJson.Default.IReadOnlyListString);
}
