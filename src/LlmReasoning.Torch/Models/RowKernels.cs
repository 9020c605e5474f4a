using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>The small operations between products as one pass over each row, for float32 on a CPU without gradients.</summary>
/// <remarks>libtorch takes four to six operators for them, and each wakes its threads: 165 microseconds for a norm of 64 x 576 on two threads (docs/performance.md).</remarks>
internal static unsafe class RowKernels
{
    private const int Width = 16;                   // floats in a vector
    private const int ElementsAThread = 1 << 16;    // below this, waking a thread costs more than it does

    /// <summary>Whether rows of this size are whole vectors.</summary>
    public static bool Divides(long size) => size % Width == 0;

    /// <summary>Whether the kernels may stand in for libtorch's operators on rows [..., size].</summary>
    public static bool Support(Tensor x, long size) =>
        x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && size % Width == 0 && !is_grad_enabled() && x.is_contiguous();

    /// <summary>x / sqrt(mean(x^2) + eps) * weight, rows [..., size].</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        var size = (int)weight.shape[0];
        var result = Floats.Unset(x.shape);
        var (from, scale, to) = ((nint)Aten.Data<float>(x), (nint)Aten.Data<float>(weight), (nint)Aten.Data<float>(result));
        ForEachRow(x.numel() / size, size, row => Norm((float*)from + (row * size), (float*)scale, (float*)to + (row * size), size, (float)eps));
        return result;
    }

    /// <summary>silu(gate) * up of rows [..., gate | up], [..., size].</summary>
    public static Tensor SiluGate(Tensor gateUp, long size)
    {
        var shape = gateUp.shape;
        shape[^1] = size;
        var result = Floats.Unset(shape);
        var (from, to) = ((nint)Aten.Data<float>(gateUp), (nint)Aten.Data<float>(result));
        ForEachRow(result.numel() / size, size, row => Gate((float*)from + (2 * row * size), (float*)to + (row * size), (int)size));
        return result;
    }

    /// <summary>The gradient of <see cref="RmsNorm"/>: adds d loss / d x to <paramref name="sum"/> and d loss / d weight to <paramref name="weightGradient"/>.</summary>
    /// <remarks>With r = 1 / sqrt(mean x^2 + eps): dx = r (g w) - x r^3 mean(g w x), dw = sum over rows of g x r.</remarks>
    /// <param name="x">Rows [..., size].</param>
    /// <param name="gradient">Of the result.</param>
    public static void RmsNormBackward(Tensor x, Tensor weight, Tensor gradient, double eps, Tensor sum, Tensor weightGradient)
    {
        var size = (int)weight.shape[0];
        var rows = x.numel() / size;
        using var partial = new NativeFloats((long)Parts * size);
        var (from, scale, slope, to, weights) = ((nint)Aten.Data<float>(x), (nint)Aten.Data<float>(weight), (nint)Aten.Data<float>(gradient), (nint)Aten.Data<float>(sum), (nint)partial.Data);
        // Parts of fixed size, added in order: the same bits on any number of threads.
        ForEachPart(rows * size, part =>
        {
            var mine = (float*)weights + (part * size);
            new Span<float>(mine, size).Clear();
            for (var row = part * rows / Parts; row < (part + 1) * rows / Parts; row++)
            {
                NormBackward((float*)from + (row * size), (float*)scale, (float*)slope + (row * size), (float*)to + (row * size), mine, size, (float)eps);
            }
        });
        var target = Aten.Data<float>(weightGradient);
        for (var part = 0; part < Parts; part++)
        {
            for (var i = 0; i < size; i++) { target[i] += partial.Data[(part * size) + i]; }
        }
    }

    /// <summary>The gradient of <see cref="SiluGate"/>, rows [..., gate | up].</summary>
    /// <param name="gradient">Of the result, [..., size].</param>
    public static Tensor SiluGateBackward(Tensor gateUp, Tensor gradient, long size)
    {
        var result = Floats.Unset(gateUp.shape);
        var (from, slope, to) = ((nint)Aten.Data<float>(gateUp), (nint)Aten.Data<float>(gradient), (nint)Aten.Data<float>(result));
        ForEachRow(gradient.numel() / size, size, row => GateBackward((float*)from + (2 * row * size), (float*)slope + (row * size), (float*)to + (2 * row * size), (int)size));
        return result;
    }

    /// <summary>log softmax(logits / temperature) in the memory of the logits [n, V], and of each row the entropy in nats, [n].</summary>
    public static Tensor LogSoftmax(Tensor logits, double temperature)
    {
        var size = logits.shape[1];
        var entropies = empty([logits.shape[0]], ScalarType.Float32);
        var (rows, means) = ((nint)Aten.Data<float>(logits), (nint)Aten.Data<float>(entropies));
        ForEachRow(logits.shape[0], size, row => ((float*)means)[row] = LogSoftmax((float*)rows + (row * size), (int)size, (float)temperature));
        return entropies;
    }

    /// <summary>d loss / d logits in the memory of the log-probabilities l [n, V]: (g (1[y] - p) - h p (l + H)) / temperature.</summary>
    /// <param name="targets">y, [n] long.</param>
    /// <param name="gradient">g, of the targets' log-probabilities, [n].</param>
    /// <param name="entropies">H, [n]; read where there is a gradient of them.</param>
    /// <param name="entropyGradient">h, [n]; null = 0.</param>
    public static void LogitGradient(Tensor all, Tensor targets, Tensor gradient, Tensor? entropies, Tensor? entropyGradient, double temperature)
    {
        var size = all.shape[1];
        var (rows, ids, slopes) = ((nint)Aten.Data<float>(all), (nint)Aten.Data<long>(targets), (nint)Aten.Data<float>(gradient));
        var (means, meanSlopes) = entropyGradient is null ? (0, 0) : ((nint)Aten.Data<float>(entropies!), (nint)Aten.Data<float>(entropyGradient));
        ForEachRow(all.shape[0], size, row =>
        {
            var (mean, meanSlope) = meanSlopes == 0 ? (0f, 0f) : (((float*)means)[row], ((float*)meanSlopes)[row]);
            LogitGradient((float*)rows + (row * size), (int)size, (int)((long*)ids)[row], ((float*)slopes)[row], mean, meanSlope, (float)(1 / temperature));
        });
    }

    private const int Parts = 16;

    private static void ForEachPart(long elements, Action<int> each)
    {
        if (elements >= ElementsAThread) { Rows.ForEach(Parts, each); }
        else
        {
            for (var part = 0; part < Parts; part++) { each(part); }
        }
    }

    private static void ForEachRow(long rows, long size, Action<long> each)
    {
        if (rows * size >= ElementsAThread) { Rows.ForEach((int)rows, row => each(row)); }
        else
        {
            for (long row = 0; row < rows; row++) { each(row); }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Norm(float* x, float* weight, float* result, int size, float eps)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < size; i += Width)
        {
            var part = Vector512.Load(x + i);
            sum = Vector512.FusedMultiplyAdd(part, part, sum);
        }
        var scale = Vector512.Create(1 / MathF.Sqrt((Vector512.Sum(sum) / size) + eps));
        for (var i = 0; i < size; i += Width) { (Vector512.Load(x + i) * scale * Vector512.Load(weight + i)).Store(result + i); }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gate(float* gateUp, float* result, int size)
    {
        for (var i = 0; i < size; i += Width)
        {
            var gate = Vector512.Load(gateUp + i);
            (gate / (Vector512<float>.One + Vector512.Exp(-gate)) * Vector512.Load(gateUp + size + i)).Store(result + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NormBackward(float* x, float* weight, float* gradient, float* sum, float* weightGradient, int size, float eps)
    {
        var (squares, products) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = 0; i < size; i += Width)
        {
            var part = Vector512.Load(x + i);
            squares = Vector512.FusedMultiplyAdd(part, part, squares);
            products = Vector512.FusedMultiplyAdd(Vector512.Load(gradient + i) * Vector512.Load(weight + i), part, products);
        }
        var r = 1 / MathF.Sqrt((Vector512.Sum(squares) / size) + eps);
        var (scale, pull) = (Vector512.Create(r), Vector512.Create(-r * r * r * Vector512.Sum(products) / size));
        for (var i = 0; i < size; i += Width)
        {
            var (part, slope) = (Vector512.Load(x + i), Vector512.Load(gradient + i) * scale);
            Vector512.FusedMultiplyAdd(slope, part, Vector512.Load(weightGradient + i)).Store(weightGradient + i);
            (Vector512.Load(sum + i) + Vector512.FusedMultiplyAdd(part, pull, slope * Vector512.Load(weight + i))).Store(sum + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GateBackward(float* gateUp, float* gradient, float* result, int size)
    {
        for (var i = 0; i < size; i += Width)
        {
            var (gate, up, slope) = (Vector512.Load(gateUp + i), Vector512.Load(gateUp + size + i), Vector512.Load(gradient + i));
            var sigmoid = Vector512<float>.One / (Vector512<float>.One + Vector512.Exp(-gate));
            (slope * up * sigmoid * (Vector512<float>.One + (gate * (Vector512<float>.One - sigmoid)))).Store(result + i);
            (slope * gate * sigmoid).Store(result + size + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float LogSoftmax(float* x, int size, float temperature)
    {
        var scale = Vector512.Create(1 / temperature);
        var largest = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < size; i += Width) { largest = Vector512.Max(largest, Vector512.Load(x + i)); }
        var top = float.NegativeInfinity;
        for (var i = 0; i < Width; i++) { top = MathF.Max(top, largest[i]); }
        var (shift, sum, weighted) = (Vector512.Create(top), Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = 0; i < size; i += Width)
        {
            var z = (Vector512.Load(x + i) - shift) * scale;
            var weight = Vector512.Exp(z);
            sum += weight;
            weighted = Vector512.FusedMultiplyAdd(weight, z, weighted);
            z.Store(x + i);
        }
        var total = Vector512.Sum(sum);
        var logSum = MathF.Log(total);
        var down = Vector512.Create(logSum);
        for (var i = 0; i < size; i += Width) { (Vector512.Load(x + i) - down).Store(x + i); }
        return logSum - (Vector512.Sum(weighted) / total);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LogitGradient(float* logProbs, int size, int target, float gradient, float entropy, float entropyGradient, float scale)
    {
        var (constant, slope) = (Vector512.Create(-scale * (gradient + (entropyGradient * entropy))), Vector512.Create(-scale * entropyGradient));
        for (var i = 0; i < size; i += Width)
        {
            var logProb = Vector512.Load(logProbs + i);
            (Vector512.Exp(logProb) * Vector512.FusedMultiplyAdd(slope, logProb, constant)).Store(logProbs + i);
        }
        logProbs[target] += scale * gradient;
    }
}
