using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>Attention of one new token a row over its own cached columns, for float32 on a CPU.</summary>
/// <remarks>
/// libtorch's kernel takes one length for all rows and a product of H/K rows a head, for which its matrix library is slow: with 96 to 256 columns it takes
/// half of a decoding step, this takes a fifth of that (docs/performance.md). Each row reads only its own columns, so its result cannot depend on its neighbours.
/// Axes: R rows, H query heads, K key/value heads, d head size, S columns.
/// </remarks>
internal static unsafe class DecodeAttention
{
    private const int Width = 16;                   // floats in a vector
    private const int Unroll = 4;                   // columns at a time

    [ThreadStatic] private static float[]? s_scores;

    /// <summary>Head sizes that the kernel is written for.</summary>
    public static bool Supports(ScalarType dtype, Device device, int headDim) =>
        dtype == ScalarType.Float32 && device.type == DeviceType.CPU && headDim % (2 * Width) == 0;

    /// <summary>softmax(q k' / sqrt(d)) v over columns [max(0, length - window), length) of each row.</summary>
    /// <param name="q">[R, 1, H, d].</param>
    /// <param name="keys">[R, S, K, d], a view of the cache.</param>
    /// <param name="values">[R, S, K, d], a view of the cache.</param>
    /// <param name="lengths">R lengths, at least 1.</param>
    /// <param name="window">Null = none.</param>
    /// <returns>[R, 1, H * d].</returns>
    public static Tensor Attend(Tensor q, Tensor keys, Tensor values, int[] lengths, int? window)
    {
        var (rows, heads, size) = ((int)q.shape[0], (int)q.shape[2], (int)q.shape[3]);
        var kvHeads = (int)keys.shape[2];
        var group = heads / kvHeads;
        var stride = keys.stride();
        using var packed = q.contiguous();
        var result = empty(rows, 1, heads * size, ScalarType.Float32);
        var query = (nint)Aten.Data<float>(packed);
        var output = (nint)Aten.Data<float>(result);
        var key = (nint)Aten.Data<float>(keys);
        var value = (nint)Aten.Data<float>(values);
        var columns = RoundUp((int)keys.shape[1]);
        void One(int row)
        {
            if (s_scores is null || s_scores.Length < group * columns) { s_scores = new float[group * columns]; }
            fixed (float* scores = s_scores)
            {
                var first = Math.Max(0, lengths[row] - (window ?? int.MaxValue));
                var length = lengths[row] - first;
                for (var kvHead = 0; kvHead < kvHeads; kvHead++)
                {
                    var place = ((row * (long)heads) + (kvHead * group)) * size;
                    var offset = (row * stride[0]) + (first * stride[1]) + (kvHead * stride[2]);
                    Scores((float*)query + place, (float*)key + offset, scores, group, columns, length, size, stride[1]);
                    for (var head = 0; head < group; head++)
                    {
                        var weights = scores + (head * columns);
                        var total = Softmax(weights, length);
                        Mix(weights, total, (float*)value + offset, (float*)output + place + (head * size), length, size, stride[1]);
                    }
                }
            }
        }
        Rows.ForEach(rows, One);
        return result;
    }

    // scores[head, column] = query[head] . key[column] / sqrt(size), four columns at a time; the last one stands in for those beyond the length.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(float* query, float* key, float* scores, int group, int columns, int length, int size, long stride)
    {
        var scale = Vector128.Create(1 / MathF.Sqrt(size));
        for (var column = 0; column < length; column += Unroll)
        {
            var k0 = key + (column * stride);
            var k1 = key + (Math.Min(column + 1, length - 1) * stride);
            var k2 = key + (Math.Min(column + 2, length - 1) * stride);
            var k3 = key + (Math.Min(column + 3, length - 1) * stride);
            for (var head = 0; head < group; head++)
            {
                var q = query + (head * size);
                var (sum0, sum1, sum2, sum3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
                for (var i = 0; i < size; i += Width)
                {
                    var part = Vector512.Load(q + i);
                    sum0 = Vector512.FusedMultiplyAdd(part, Vector512.Load(k0 + i), sum0);
                    sum1 = Vector512.FusedMultiplyAdd(part, Vector512.Load(k1 + i), sum1);
                    sum2 = Vector512.FusedMultiplyAdd(part, Vector512.Load(k2 + i), sum2);
                    sum3 = Vector512.FusedMultiplyAdd(part, Vector512.Load(k3 + i), sum3);
                }
                (SumEach(sum0, sum1, sum2, sum3) * scale).Store(scores + (head * columns) + column);
            }
        }
    }

    // Replaces the scores by exp(score - largest), those beyond the length by 0, and returns the sum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, int length)
    {
        for (var i = length; i < RoundUp(length); i++) { scores[i] = float.NegativeInfinity; }
        var largest = Vector512.Load(scores);
        for (var i = Width; i < length; i += Width) { largest = Vector512.Max(largest, Vector512.Load(scores + i)); }
        var top = largest[0];
        for (var lane = 1; lane < Width; lane++) { top = MathF.Max(top, largest[lane]); }
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < length; i += Width)
        {
            var weights = Vector512.Exp(Vector512.Load(scores + i) - Vector512.Create(top));
            weights.Store(scores + i);
            sum += weights;
        }
        return Vector512.Sum(sum);
    }

    // output = sum over columns of weight * value / total, four columns at a time; beyond the length the weight is 0 and the last column stands in.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(float* weights, float total, float* value, float* output, int length, int size, long stride)
    {
        for (var i = 0; i < size; i += 2 * Width)
        {
            var (low0, low1, low2, low3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
            var (high0, high1, high2, high3) = (low0, low0, low0, low0);
            for (var column = 0; column < length; column += Unroll)
            {
                var v0 = value + i + (column * stride);
                var v1 = value + i + (Math.Min(column + 1, length - 1) * stride);
                var v2 = value + i + (Math.Min(column + 2, length - 1) * stride);
                var v3 = value + i + (Math.Min(column + 3, length - 1) * stride);
                var (w0, w1) = (Vector512.Create(weights[column]), Vector512.Create(weights[column + 1]));
                var (w2, w3) = (Vector512.Create(weights[column + 2]), Vector512.Create(weights[column + 3]));
                low0 = Vector512.FusedMultiplyAdd(w0, Vector512.Load(v0), low0);
                low1 = Vector512.FusedMultiplyAdd(w1, Vector512.Load(v1), low1);
                low2 = Vector512.FusedMultiplyAdd(w2, Vector512.Load(v2), low2);
                low3 = Vector512.FusedMultiplyAdd(w3, Vector512.Load(v3), low3);
                high0 = Vector512.FusedMultiplyAdd(w0, Vector512.Load(v0 + Width), high0);
                high1 = Vector512.FusedMultiplyAdd(w1, Vector512.Load(v1 + Width), high1);
                high2 = Vector512.FusedMultiplyAdd(w2, Vector512.Load(v2 + Width), high2);
                high3 = Vector512.FusedMultiplyAdd(w3, Vector512.Load(v3 + Width), high3);
            }
            (((low0 + low1) + (low2 + low3)) / total).Store(output + i);
            (((high0 + high1) + (high2 + high3)) / total).Store(output + i + Width);
        }
    }

    private static Vector128<float> SumEach(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (!Avx.IsSupported) { return Vector128.Create(Vector512.Sum(a), Vector512.Sum(b), Vector512.Sum(c), Vector512.Sum(d)); }
        var ab = Avx.HorizontalAdd(a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper());
        var cd = Avx.HorizontalAdd(c.GetLower() + c.GetUpper(), d.GetLower() + d.GetUpper());
        var each = Avx.HorizontalAdd(ab, cd);
        return each.GetLower() + each.GetUpper();
    }

    private static int RoundUp(int columns) => (columns + Width - 1) / Width * Width;
}
