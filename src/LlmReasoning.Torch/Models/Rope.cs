using LlmReasoning.Torch.Interop;

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
            RopeType.Default => Series(rope.Theta, headDim).reciprocal(),
            RopeType.Linear => Series(rope.Theta, headDim).reciprocal().Over(rope.Factor),
            RopeType.Dynamic => Series(DynamicTheta(rope, headDim, positions), headDim).reciprocal(),
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
        var angles = Arithmetic.Range(length, CPU).to_type(ScalarType.Float32).unsqueeze(1) * tensor(inverseFrequencies).unsqueeze(0);
        return (angles.cos().Times(scale).DetachFromDisposeScope(), angles.sin().Times(scale).DetachFromDisposeScope());
    }

    /// <summary>theta ^ (2i / headDim), i = 0 .. headDim / 2 - 1.</summary>
    private static Tensor Series(double theta, int headDim)
    {
        var exponents = Arithmetic.Range(headDim / 2, CPU).to_type(ScalarType.Float32).Times(2).Over(headDim);
        return exponents.FullLike(theta).pow(exponents);
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
        var plain = Series(rope.Theta, headDim).reciprocal();
        double original = rope.OriginalMaxPositionEmbeddings;
        var longest = original / rope.LowFreqFactor;
        var shortest = original / rope.HighFreqFactor;
        var wavelengths = plain.reciprocal().Times(2 * Math.PI);
        var scaled = where(wavelengths.IsAbove(longest), plain.Over(rope.Factor), plain);
        var smooth = wavelengths.reciprocal().Times(original).Minus(rope.LowFreqFactor).Over(rope.HighFreqFactor - rope.LowFreqFactor);
        var between = (smooth.OneMinus() * scaled).Over(rope.Factor).Plus(smooth * scaled);
        var isBetween = wavelengths.IsAtLeast(shortest) & wavelengths.IsAtMost(longest);
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
        var kept = Arithmetic.Range(headDim / 2, CPU).to_type(ScalarType.Float32).Minus(low).Over(high - low).Within(0, 1).OneMinus();
        return (series.Times(rope.Factor).reciprocal() * kept.OneMinus()).Plus(series.reciprocal() * kept);

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
