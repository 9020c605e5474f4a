namespace LlmReasoning.Torch.Models;

/// <summary>Rotary position embedding: inverse frequencies and tables of cosines and sines.</summary>
/// <remarks>
/// Follows transformers' modeling_rope_utils.py operation by operation in float32: the last bit of a frequency matters, for at position 10^5 it is worth
/// a hundredth of a radian. Papers: RoPE arXiv:2104.09864, position interpolation (linear) 2306.15595, YaRN 2309.00071.
/// </remarks>
public static class Rope
{
    /// <summary>The inverse frequencies [headDim / 2] in float32, and the factor that cos and sin are multiplied by.</summary>
    /// <remarks>
    /// <paramref name="positions"/>, how many the pass covers, matters to <see cref="RopeType.Dynamic"/> alone, beyond its original maximum.
    /// </remarks>
    public static (float[] InverseFrequencies, double AttentionScale) InverseFrequencies(RopeConfig rope, int headDim, int positions)
    {
        using var _ = NewDisposeScope();
        using var __ = no_grad();
        var frequencies = rope.Type switch
        {
            RopeType.Default => 1 / Series(rope.Theta, headDim),
            RopeType.Linear => 1 / Series(rope.Theta, headDim) / rope.Factor,
            RopeType.Dynamic => 1 / Series(DynamicTheta(rope, headDim, positions), headDim),
            RopeType.Llama3 => Llama3(rope, headDim),
            RopeType.Yarn => Yarn(rope, headDim),
            _ => throw new ArgumentOutOfRangeException(nameof(rope), rope.Type, "no such RoPE type"),
        };
        return (frequencies.data<float>().ToArray(), rope.Type == RopeType.Yarn ? YarnAttentionScale(rope) : 1);
    }

    /// <summary>cos and sin [length, headDim / 2] in float32 for positions 0 to length - 1; the caller owns both.</summary>
    public static (Tensor Cos, Tensor Sin) Tables(ModelConfig config, int length)
    {
        using var _ = NewDisposeScope();
        using var __ = no_grad();
        var (inverseFrequencies, scale) = InverseFrequencies(config.Rope, config.HeadDim, length);
        var angles = arange(length, dtype: ScalarType.Float32).unsqueeze(1) * tensor(inverseFrequencies).unsqueeze(0);
        return ((angles.cos() * scale).DetachFromDisposeScope(), (angles.sin() * scale).DetachFromDisposeScope());
    }

    /// <summary>theta ^ (2i / headDim), i = 0 .. headDim / 2 - 1.</summary>
    private static Tensor Series(double theta, int headDim)
    {
        var exponents = arange(0, headDim, 2, dtype: ScalarType.Int64).to_type(ScalarType.Float32) / headDim;
        return full_like(exponents, theta).pow(exponents);
    }

    private static double DynamicTheta(RopeConfig rope, int headDim, int positions)
    {
        var original = rope.OriginalMaxPositionEmbeddings;
        var length = Math.Max(positions, original);
        if (headDim == 2) return rope.Theta;    // the only frequency is theta^0
        return rope.Theta * Math.Pow((rope.Factor * length / original) - (rope.Factor - 1), headDim / (headDim - 2.0));
    }

    /// <summary>Long wavelengths are divided by the factor, short ones kept, those between interpolated.</summary>
    private static Tensor Llama3(RopeConfig rope, int headDim)
    {
        var plain = 1 / Series(rope.Theta, headDim);
        double original = rope.OriginalMaxPositionEmbeddings;
        var longest = original / rope.LowFreqFactor;
        var shortest = original / rope.HighFreqFactor;
        var wavelengths = 2 * Math.PI / plain;
        var scaled = where(wavelengths > longest, plain / rope.Factor, plain);
        var smooth = ((original / wavelengths) - rope.LowFreqFactor) / (rope.HighFreqFactor - rope.LowFreqFactor);
        var between = ((1 - smooth) * scaled / rope.Factor) + (smooth * scaled);
        var isBetween = (wavelengths >= shortest) & (wavelengths <= longest);
        return where(isBetween, between, scaled);
    }

    /// <summary>Fast dimensions are kept, slow ones divided by the factor, with a linear ramp over the dimensions between.</summary>
    private static Tensor Yarn(RopeConfig rope, int headDim)
    {
        var low = Dimension(rope.BetaFast);
        var high = Dimension(rope.BetaSlow);
        if (rope.Truncate)
        {
            low = Math.Floor(low);
            high = Math.Ceiling(high);
        }
        low = Math.Max(low, 0);
        high = Math.Min(high, headDim - 1);
        if (low == high) high += 0.001;

        var series = Series(rope.Theta, headDim);
        var kept = 1 - ((arange(headDim / 2, dtype: ScalarType.Float32) - low) / (high - low)).clamp(0, 1);
        return (1 / (rope.Factor * series) * (1 - kept)) + (1 / series * kept);

        // The dimension that turns this many times over the original context.
        double Dimension(double rotations) =>
            headDim * Math.Log(rope.OriginalMaxPositionEmbeddings / (rotations * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));
    }

    private static double YarnAttentionScale(RopeConfig rope)
    {
        if (rope.AttentionFactor is { } given) return given;
        if (rope.MScale is { } mscale and not 0 && rope.MScaleAllDim is { } allDim and not 0) return MScale(mscale) / MScale(allDim);
        return MScale(1);

        double MScale(double slope) => rope.Factor <= 1 ? 1 : (0.1 * slope * Math.Log(rope.Factor)) + 1;
    }
}
