using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>Rotation and causal attention of whole rows, forward and backward, for float32 on a CPU: one block of queries at a time, scores never exist whole.</summary>
/// <remarks>
/// Axes: B rows, T tokens, H query heads, K key/value heads, G = H / K, d head size. qkv is [B * T, (H + 2K) d]: a token's query heads, then keys, then values.
/// With s = scale q k', p = softmax s over the visible keys, o = p v: dv = p' do, ds = p (do v' - do . o), dq = scale ds k, dk = scale ds' q (arXiv 2205.14135).
/// libtorch's kernels took 9.6 ms for 32 rows of 64 tokens with heads of 32 where all other operators of the layer took 15 (docs/performance.md).
/// </remarks>
internal static unsafe class CausalAttention
{
    private const int Width = 16;                   // floats in a vector
    private const int Block = 32;                   // queries whose scores live at a time

    /// <summary>Whether <see cref="Forward"/> and <see cref="Backward"/> may stand in for libtorch's operators.</summary>
    public static bool Supports(ScalarType dtype, Device device, int headDim) =>
        Vector512.IsHardwareAccelerated && dtype == ScalarType.Float32 && device.type == DeviceType.CPU && headDim % (2 * Width) == 0;

    /// <summary>Shapes and what each query may see.</summary>
    /// <param name="Rows">B.</param>
    /// <param name="Tokens">T.</param>
    /// <param name="Heads">H.</param>
    /// <param name="KvHeads">K.</param>
    /// <param name="HeadDim">d, a multiple of 32.</param>
    /// <param name="Starts">[B * T]: the first token that a query sees; it sees all from there to itself. Null = 0.</param>
    /// <param name="Window">At most so many tokens are seen, the query's own included; null = all.</param>
    public sealed record Shape(int Rows, int Tokens, int Heads, int KvHeads, int HeadDim, int[]? Starts, int? Window)
    {
        public int TokenSize => (Heads + (2 * KvHeads)) * HeadDim;

        /// <summary>T up to whole vectors.</summary>
        public int Columns => (Tokens + Width - 1) / Width * Width;

        public int Start(int row, int token) => Math.Max(Starts is null ? 0 : Starts[(row * Tokens) + token], Window is { } window ? token - window + 1 : 0);
    }

    /// <summary>Rotates the queries and keys of qkv in place and attends.</summary>
    /// <param name="qkv">[B * T, (H + 2K) d], contiguous.</param>
    /// <param name="cos">[B or 1, T, 1, d], see <see cref="ForwardPass"/>.</param>
    /// <param name="sin">[B or 1, T, 1, d].</param>
    /// <returns>[B * T, H d], and of each query and head the logarithm of the sum of its exponentials, [B * T, H].</returns>
    public static (Tensor Attended, Tensor LogSums) Forward(Tensor qkv, Tensor cos, Tensor sin, Shape shape)
    {
        var attended = Floats.Unset((long)shape.Rows * shape.Tokens, shape.Heads * shape.HeadDim);
        var logSums = Floats.Unset((long)shape.Rows * shape.Tokens, shape.Heads);
        Rotate(qkv, cos, sin, shape, isBackward: false);
        var (from, to, sums) = ((nint)Aten.Data<float>(qkv), (nint)Aten.Data<float>(attended), (nint)Aten.Data<float>(logSums));
        Rows.ForEach(shape.Rows * shape.KvHeads, item => ForwardHeads((float*)from, (float*)to, (float*)sums, item / shape.KvHeads, item % shape.KvHeads, shape));
        return (attended, logSums);
    }

    /// <summary>The gradient of qkv as it was before its rotation, [B * T, (H + 2K) d].</summary>
    /// <param name="qkv">As <see cref="Forward"/> left it.</param>
    /// <param name="gradient">Of the attended values, [B * T, H d].</param>
    public static Tensor Backward(Tensor qkv, Tensor cos, Tensor sin, Tensor attended, Tensor logSums, Tensor gradient, Shape shape)
    {
        var result = Floats.Unset(qkv.shape).zero_();
        var pointers = new Pointers(
            Aten.Data<float>(qkv), Aten.Data<float>(attended), Aten.Data<float>(logSums), Aten.Data<float>(gradient), Aten.Data<float>(result));
        Rows.ForEach(shape.Rows * shape.KvHeads, item => BackwardHeads(pointers, item / shape.KvHeads, item % shape.KvHeads, shape));
        Rotate(result, cos, sin, shape, isBackward: true);
        return result;
    }

    // The queries of one key/value head in one row.
    private static void ForwardHeads(float* qkv, float* attended, float* logSums, int row, int kvHead, Shape shape)
    {
        var (size, tokens, columns, group) = (shape.HeadDim, shape.Tokens, shape.Columns, shape.Heads / shape.KvHeads);
        var stride = shape.TokenSize;
        var outStride = shape.Heads * size;
        var first = qkv + ((long)row * tokens * stride);
        var values = first + ((shape.Heads + shape.KvHeads + kvHead) * size);
        using var keys = Transposed(first + ((shape.Heads + kvHead) * size), stride, tokens, size, columns);
        using var scores = new NativeFloats(Block * columns);
        var scale = 1 / MathF.Sqrt(size);
        for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
        {
            for (var query = 0; query < tokens; query += Block)
            {
                var count = Math.Min(Block, tokens - query);
                var (start, end) = Reach(shape, row, query, count);
                Products.Multiply(first + ((long)query * stride) + (head * size), stride, 1, keys.Data + start, columns, scores.Data, columns, count, size, end - start, adds: false);
                var target = attended + (((long)row * tokens) + query) * outStride + (head * size);
                for (var i = 0; i < count; i++)
                {
                    var token = query + i;
                    var (logSum, sum) = Softmax(scores.Data + (i * columns), start, end, shape.Start(row, token), token, scale);
                    logSums[(((long)row * tokens) + token) * shape.Heads + head] = logSum;
                    Scale(scores.Data + (i * columns), end - start, 1 / sum);
                }
                Products.Multiply(scores.Data, columns, 1, values + ((long)start * stride), stride, target, outStride, count, Math.Min(end, tokens) - start, size, adds: false);
            }
        }
    }

    private static void BackwardHeads(Pointers at, int row, int kvHead, Shape shape)
    {
        var (size, tokens, columns, group) = (shape.HeadDim, shape.Tokens, shape.Columns, shape.Heads / shape.KvHeads);
        var stride = shape.TokenSize;
        var outStride = shape.Heads * size;
        var rowStart = (long)row * tokens;
        var first = at.Qkv + (rowStart * stride);
        var firstGradient = at.Result + (rowStart * stride);
        var (keyPlace, valuePlace) = ((shape.Heads + kvHead) * size, (shape.Heads + shape.KvHeads + kvHead) * size);
        using var keys = Transposed(first + keyPlace, stride, tokens, size, columns);
        using var values = Transposed(first + valuePlace, stride, tokens, size, columns);
        using var weights = new NativeFloats(Block * columns);
        using var slopes = new NativeFloats(Block * columns);
        var scale = 1 / MathF.Sqrt(size);
        for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
        {
            for (var query = 0; query < tokens; query += Block)
            {
                var count = Math.Min(Block, tokens - query);
                var (start, end) = Reach(shape, row, query, count);
                var seen = Math.Min(end, tokens) - start;
                var queries = first + ((long)query * stride) + (head * size);
                var place = ((rowStart + query) * outStride) + (head * size);
                var output = at.Attended + place;
                var outputGradient = at.Gradient + place;
                Products.Multiply(queries, stride, 1, keys.Data + start, columns, weights.Data, columns, count, size, end - start, adds: false);
                Products.Multiply(outputGradient, outStride, 1, values.Data + start, columns, slopes.Data, columns, count, size, end - start, adds: false);
                for (var i = 0; i < count; i++)
                {
                    var token = query + i;
                    var delta = Dot(output + ((long)i * outStride), outputGradient + ((long)i * outStride), size);
                    var logSum = at.LogSums[((rowStart + token) * shape.Heads) + head];
                    SoftmaxBackward(weights.Data + (i * columns), slopes.Data + (i * columns), start, end, shape.Start(row, token), token, scale, logSum, delta);
                }
                Products.Multiply(slopes.Data, columns, 1, first + keyPlace + ((long)start * stride), stride, firstGradient + ((long)query * stride) + (head * size), stride, count, seen, size, adds: false);
                Products.Multiply(slopes.Data, 1, columns, queries, stride, firstGradient + keyPlace + ((long)start * stride), stride, seen, count, size, adds: true);
                Products.Multiply(weights.Data, 1, columns, outputGradient, outStride, firstGradient + valuePlace + ((long)start * stride), stride, seen, count, size, adds: true);
            }
        }
    }

    // From the first key that a query of the block sees, down to a whole vector, to the last, up to a whole vector.
    private static (int Start, int End) Reach(Shape shape, int row, int query, int count)
    {
        var start = query;
        for (var i = 0; i < count; i++) { start = Math.Min(start, shape.Start(row, query + i)); }
        return (start / Width * Width, (query + count + Width - 1) / Width * Width);
    }

    // x [tokens, size] to [size, columns], 0 beyond the tokens.
    private static NativeFloats Transposed(float* x, int stride, int tokens, int size, int columns)
    {
        var result = new NativeFloats(size * columns);
        for (var i = 0; i < size; i++)
        {
            var to = result.Data + ((long)i * columns);
            for (var token = 0; token < tokens; token++) { to[token] = x[((long)token * stride) + i]; }
            for (var token = tokens; token < columns; token++) { to[token] = 0; }
        }
        return result;
    }

    // Scores of the keys start..end-1 to exponentials, 0 where the query does not see.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float LogSum, float Sum) Softmax(float* scores, int start, int end, int firstSeen, int lastSeen, float scale)
    {
        var lowest = Vector512.Create(float.NegativeInfinity);
        var largest = lowest;
        for (var key = start; key < end; key += Width)
        {
            var score = Vector512.ConditionalSelect(Seen(key, firstSeen, lastSeen), Vector512.Load(scores + key - start), lowest);
            largest = Vector512.Max(largest, score);
            score.Store(scores + key - start);
        }
        var top = float.NegativeInfinity;
        for (var i = 0; i < Width; i++) { top = MathF.Max(top, largest[i]); }
        var (shift, factor) = (Vector512.Create(-top * scale), Vector512.Create(scale));
        var sum = Vector512<float>.Zero;
        for (var key = start; key < end; key += Width)
        {
            var weight = Vector512.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(scores + key - start), factor, shift));
            sum += weight;
            weight.Store(scores + key - start);
        }
        var total = Vector512.Sum(sum);
        return ((top * scale) + MathF.Log(total), total);
    }

    // Scores to weights p; d loss / d p to scale * d loss / d score.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SoftmaxBackward(float* weights, float* slopes, int start, int end, int firstSeen, int lastSeen, float scale, float logSum, float delta)
    {
        var (shift, factor, mean) = (Vector512.Create(-logSum), Vector512.Create(scale), Vector512.Create(delta));
        for (var key = start; key < end; key += Width)
        {
            var weight = Vector512.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(weights + key - start), factor, shift));
            weight = Vector512.ConditionalSelect(Seen(key, firstSeen, lastSeen), weight, Vector512<float>.Zero);
            weight.Store(weights + key - start);
            (weight * (Vector512.Load(slopes + key - start) - mean) * factor).Store(slopes + key - start);
        }
    }

    private static Vector512<float> Seen(int key, int firstSeen, int lastSeen)
    {
        var keys = Vector512.Create(key) + Vector512<int>.Indices;
        return (Vector512.GreaterThanOrEqual(keys, Vector512.Create(firstSeen)) & Vector512.LessThanOrEqual(keys, Vector512.Create(lastSeen))).AsSingle();
    }

    private static void Scale(float* x, int count, float factor)
    {
        for (var i = 0; i < count; i += Width) { (Vector512.Load(x + i) * factor).Store(x + i); }
    }

    private static float Dot(float* x, float* y, int size)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < size; i += Width) { sum = Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(y + i), sum); }
        return Vector512.Sum(sum);
    }

    // y_i = x_i cos_i + x_j sin_i with j the same place in the other half; backward is the transposed map.
    private static void Rotate(Tensor qkv, Tensor cos, Tensor sin, Shape shape, bool isBackward)
    {
        var (size, half, heads) = (shape.HeadDim, shape.HeadDim / 2, shape.Heads + shape.KvHeads);
        var isShared = cos.shape[0] == 1;
        var (x, c, s) = ((nint)Aten.Data<float>(qkv), (nint)Aten.Data<float>(cos), (nint)Aten.Data<float>(sin));
        Rows.ForEach(shape.Rows, row =>
        {
            for (var token = 0; token < shape.Tokens; token++)
            {
                var place = ((isShared ? 0L : (long)row * shape.Tokens) + token) * size;
                var at = (float*)x + (((long)row * shape.Tokens) + token) * shape.TokenSize;
                for (var head = 0; head < heads; head++) { RotateHead(at + (head * size), (float*)c + place, (float*)s + place, half, isBackward); }
            }
        });
    }

    private static void RotateHead(float* x, float* cos, float* sin, int half, bool isBackward)
    {
        for (var i = 0; i < half; i += Width)
        {
            var (low, high) = (Vector512.Load(x + i), Vector512.Load(x + half + i));
            var (sinLow, sinHigh) = (Vector512.Load(sin + i), Vector512.Load(sin + half + i));
            if (isBackward) { (sinLow, sinHigh) = (sinHigh, sinLow); }
            ((low * Vector512.Load(cos + i)) + (high * sinLow)).Store(x + i);
            ((high * Vector512.Load(cos + half + i)) + (low * sinHigh)).Store(x + half + i);
        }
    }

    private readonly struct Pointers(float* qkv, float* attended, float* logSums, float* gradient, float* result)
    {
        public readonly float* Qkv = qkv, Attended = attended, LogSums = logSums, Gradient = gradient, Result = result;
    }
}
