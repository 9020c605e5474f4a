using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Generation;

/// <summary>A draw from softmax(logits / temperature) without filters, for float32 on a CPU: the vocabulary is read twice and nothing is written.</summary>
/// <remarks>libtorch's log_softmax, exp, cumsum and searchsorted write it three times: 5.2 ms for 32 rows of 49,152, this 1.3 ms (docs/performance.md).</remarks>
internal static unsafe class PlainDraw
{
    private const int Width = 16;                   // floats in a vector
    private const int Block = 1024;                 // logits between running sums; a multiple of the width

    /// <summary>Whether settings and device are those the kernel is written for.</summary>
    public static bool Supports(SamplingSettings settings, Device device) =>
        device.type == DeviceType.CPU && settings is { Temperature: > 0, TopK: 0, TopP: 1, MinP: 0, RepetitionPenalty: 1 };

    /// <summary>One token a row: the first whose running sum of probabilities exceeds the row's uniform number.</summary>
    /// <param name="logits">[R, V] float32, contiguous.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="uniforms">[R], each in [0, 1).</param>
    /// <returns>Ids [R] and the natural logarithms of their probabilities [R].</returns>
    public static (int[] Ids, float[] LogProbs) Draw(Tensor logits, double temperature, double[] uniforms)
    {
        var (rows, vocabulary) = ((int)logits.shape[0], (int)logits.shape[1]);
        var (ids, logProbs) = (new int[rows], new float[rows]);
        var first = (nint)Aten.Data<float>(logits);
        void One(int row) => (ids[row], logProbs[row]) = DrawOne((float*)first + ((long)row * vocabulary), vocabulary, (float)(1 / temperature), uniforms[row]);
        Rows.ForEach(rows, One);
        return (ids, logProbs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Id, float LogProb) DrawOne(float* logits, int vocabulary, float scale, double uniform)
    {
        var whole = vocabulary / Width * Width;
        var tail = stackalloc float[Width];         // what is left beyond the last whole vector, then minus infinity
        for (var lane = 0; lane < Width; lane++) { tail[lane] = whole + lane < vocabulary ? logits[whole + lane] : float.NegativeInfinity; }

        var largest = Vector512.Load(tail);
        for (var i = 0; i < whole; i += Width) { largest = Vector512.Max(largest, Vector512.Load(logits + i)); }
        var top = largest[0];
        for (var lane = 1; lane < Width; lane++) { top = MathF.Max(top, largest[lane]); }
        if (!float.IsFinite(top)) { throw Sampler.NotFinite(); }

        var blocks = (whole / Block) + 1;           // the last one holds the rest and the tail
        var sums = stackalloc double[blocks];
        var total = 0.0;
        for (var block = 0; block < blocks; block++)
        {
            var sum = Vector512<float>.Zero;
            var end = Math.Min(whole, (block + 1) * Block);
            for (var i = block * Block; i < end; i += Width) { sum += Weights(logits + i, top, scale); }
            if (block == blocks - 1) { sum += Weights(tail, top, scale); }
            sums[block] = total += Vector512.Sum(sum);
        }

        var threshold = uniform * total;
        var chosen = 0;
        while (chosen < blocks - 1 && sums[chosen] <= threshold) { chosen++; }
        var running = chosen == 0 ? 0.0 : sums[chosen - 1];
        var id = -1;                                // the last token of positive weight stands in where rounding leaves a gap
        for (var i = chosen * Block; i < (chosen == blocks - 1 ? whole + Width : (chosen + 1) * Block); i += Width)
        {
            var weights = Weights(i == whole ? tail : logits + i, top, scale);
            for (var lane = 0; lane < Width; lane++)
            {
                if (weights[lane] <= 0) { continue; }
                id = i + lane;
                running += weights[lane];
                if (running > threshold) { return (id, LogProb(logits[id], top, scale, total)); }
            }
        }
        return (id, LogProb(logits[id], top, scale, total));
    }

    private static Vector512<float> Weights(float* logits, float top, float scale) =>
        Vector512.Exp((Vector512.Load(logits) - Vector512.Create(top)) * Vector512.Create(scale));

    private static float LogProb(float logit, float top, float scale, double total) => (float)(((logit - top) * scale) - Math.Log(total));
}
