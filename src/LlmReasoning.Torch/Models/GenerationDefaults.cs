namespace LlmReasoning.Torch.Models;

/// <summary>Where a model's completions end, from <c>generation_config.json</c>.</summary>
/// <remarks>
/// The file's sampling settings (temperature, top_p, ...) are left alone on purpose: a study samples as its own config says, not as the publisher
/// of a checkpoint likes it. An eos_token_id there takes the place of config.json's, as it does for transformers.
/// </remarks>
public sealed record GenerationDefaults
{
    /// <summary>Any of these ends a completion; empty where the model has none.</summary>
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    public int? PadTokenId { get; init; }

    /// <summary>Reads the file of a model folder; where it or a key is absent, the value of config.json holds.</summary>
    /// <exception cref="UserException">The file is there and broken.</exception>
    public static GenerationDefaults Read(string folder, ModelConfig config)
    {
        var path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path)) return new GenerationDefaults { EosTokenIds = config.EosTokenIds, PadTokenId = config.PadTokenId };
        var json = StrictJson.Read(path, maxBytes: 16 << 20);
        var pad = json.Has("pad_token_id") ? json.Int("pad_token_id", -1, config.VocabSize - 1) : -1;
        return new GenerationDefaults
        {
            EosTokenIds = json.Has("eos_token_id") ? json.TokenIds("eos_token_id", config.VocabSize) : config.EosTokenIds,
            PadTokenId = pad >= 0 ? pad : config.PadTokenId,
        };
    }
}
