namespace LlmReasoning.Torch.Models;

/// <summary>How the inverse frequencies of the rotary embedding are scaled; transformers' <c>rope_type</c>.</summary>
public enum RopeType
{
    Default,
    Linear,
    Dynamic,
    Llama3,
    Yarn,
}

/// <summary>Rotary position embedding, from <c>rope_parameters</c> (transformers 5) or <c>rope_theta</c> and <c>rope_scaling</c> (before).</summary>
public sealed record RopeConfig
{
    private static readonly string[] CommonKeys = ["rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings", "finetuned"];

    public required RopeType Type { get; init; }

    /// <summary>The base of the geometric series of frequencies.</summary>
    public required double Theta { get; init; }

    /// <summary>How much longer the context is than in pretraining, at least 1.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Positions seen in pretraining; for <see cref="RopeType.Dynamic"/> the length beyond which the frequencies change.</summary>
    public required int OriginalMaxPositionEmbeddings { get; init; }

    /// <summary>llama3: wavelengths above original / this are divided by the factor.</summary>
    public double LowFreqFactor { get; init; } = 1;

    /// <summary>llama3: wavelengths below original / this are kept.</summary>
    public double HighFreqFactor { get; init; } = 4;

    /// <summary>yarn: multiplies cos and sin; null = derived from the factor and the mscales.</summary>
    public double? AttentionFactor { get; init; }

    public double BetaFast { get; init; } = 32;

    public double BetaSlow { get; init; } = 1;

    public double? MScale { get; init; }

    public double? MScaleAllDim { get; init; }

    /// <summary>yarn: round the limits of the ramp to whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    internal static RopeConfig Read(StrictJson config, int maxPositionEmbeddings, double defaultTheta)
    {
        if (config.Has("rope_parameters") && config.Has("rope_scaling")) throw config.Error("rope_scaling", "rope_parameters is given too; keep one of them");
        var key = config.Has("rope_parameters") ? "rope_parameters" : "rope_scaling";
        var outerTheta = config.Has("rope_theta") ? ReadTheta(config, null) : (double?)null;
        var scaling = config.Object(key);
        if (scaling is null)
        {
            return new RopeConfig { Type = RopeType.Default, Theta = outerTheta ?? defaultTheta, OriginalMaxPositionEmbeddings = maxPositionEmbeddings };
        }

        var type = ReadType(scaling);
        RefuseUnknownKeys(scaling, type);
        if (scaling.Number("partial_rotary_factor", 0, 1, 1) != 1) throw scaling.Error("partial_rotary_factor", "only whole heads are rotated; it must be 1");
        var theta = ReadTheta(scaling, outerTheta ?? defaultTheta);
        if (outerTheta is not null && outerTheta != theta) throw config.Error("rope_theta", $"{key}.rope_theta is {theta}; keep one of them");

        var original = OriginalMaxPositions(config, scaling, type, maxPositionEmbeddings);
        var rope = new RopeConfig { Type = type, Theta = theta, OriginalMaxPositionEmbeddings = original };
        return type switch
        {
            RopeType.Default => rope,
            RopeType.Yarn => rope with
            {
                Factor = scaling.Number("factor", 1, 1e6, Math.Max(1, (double)maxPositionEmbeddings / original)),
                AttentionFactor = scaling.Has("attention_factor") ? scaling.Number("attention_factor", 1e-6, 1e6) : null,
                BetaFast = scaling.Number("beta_fast", 1e-6, 1e6, 32),
                BetaSlow = scaling.Number("beta_slow", 1e-6, 1e6, 1),
                MScale = scaling.Has("mscale") ? scaling.Number("mscale", 0, 1e6) : null,
                MScaleAllDim = scaling.Has("mscale_all_dim") ? scaling.Number("mscale_all_dim", 0, 1e6) : null,
                Truncate = scaling.Flag("truncate", true),
            },
            RopeType.Llama3 => ReadLlama3(scaling, rope),
            _ => rope with { Factor = scaling.Number("factor", 1, 1e6) },
        };
    }

    private static RopeType ReadType(StrictJson scaling)
    {
        var name = scaling.Text("rope_type");
        var oldName = scaling.Text("type");
        if (name is not null && oldName is not null && name != oldName) throw scaling.Error("type", $"rope_type is \"{name}\"; keep one of them");
        return (name ?? oldName) switch
        {
            null or "default" => RopeType.Default,
            "linear" => RopeType.Linear,
            "dynamic" => RopeType.Dynamic,
            "llama3" => RopeType.Llama3,
            "yarn" => RopeType.Yarn,
            _ => throw scaling.Error(name is null ? "type" : "rope_type", "implemented are default, linear, dynamic, llama3 and yarn"),
        };
    }

    private static RopeConfig ReadLlama3(StrictJson scaling, RopeConfig rope)
    {
        var low = scaling.Number("low_freq_factor", 1e-6, 1e6);
        var high = scaling.Number("high_freq_factor", 1e-6, 1e6);
        if (high <= low) throw scaling.Error("high_freq_factor", $"it must be greater than low_freq_factor, which is {low}");
        return rope with { Factor = scaling.Number("factor", 1, 1e6), LowFreqFactor = low, HighFreqFactor = high };
    }

    /// <summary>The dictionary's value, or the config's own key (Phi's spelling, which wins in transformers 5), or all positions.</summary>
    private static int OriginalMaxPositions(StrictJson config, StrictJson scaling, RopeType type, int maxPositionEmbeddings)
    {
        // transformers takes max_position_embeddings for dynamic scaling, whatever this key says.
        if (type is RopeType.Default or RopeType.Linear or RopeType.Dynamic) return maxPositionEmbeddings;
        const string key = "original_max_position_embeddings";
        var source = config.Has(key) ? config : scaling;
        return source.Int(key, 1, ModelConfig.MaxPositions, maxPositionEmbeddings);
    }

    private static double ReadTheta(StrictJson json, double? fallback) => json.Number("rope_theta", 1.0001, 1e15, fallback);

    private static void RefuseUnknownKeys(StrictJson scaling, RopeType type)
    {
        string[] ownKeys = type switch
        {
            RopeType.Default => [],
            RopeType.Llama3 => ["factor", "low_freq_factor", "high_freq_factor"],
            RopeType.Yarn => ["factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"],
            _ => ["factor"],
        };
        var unknown = scaling.Keys.FirstOrDefault(key => !CommonKeys.Contains(key) && !ownKeys.Contains(key));
        if (unknown is not null) throw scaling.Error(unknown, $"RoPE of type {type.ToString().ToLowerInvariant()} has no such setting; remove it, or correct rope_type");
    }
}
