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

    /// <summary>Whether the kernels may stand in for libtorch's operators on rows [..., size].</summary>
    public static bool Support(Tensor x, long size) =>
        x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && size % Width == 0 && !is_grad_enabled() && x.is_contiguous();

    /// <summary>x / sqrt(mean(x^2) + eps) * weight, rows [..., size].</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        var size = (int)weight.shape[0];
        var result = empty_like(x);
        var (from, scale, to) = ((nint)Aten.Data<float>(x), (nint)Aten.Data<float>(weight), (nint)Aten.Data<float>(result));
        ForEachRow(x.numel() / size, size, row => Norm((float*)from + (row * size), (float*)scale, (float*)to + (row * size), size, (float)eps));
        return result;
    }

    /// <summary>silu(gate) * up of rows [..., gate | up], [..., size].</summary>
    public static Tensor SiluGate(Tensor gateUp, long size)
    {
        var shape = gateUp.shape;
        shape[^1] = size;
        var result = empty(shape, ScalarType.Float32);
        var (from, to) = ((nint)Aten.Data<float>(gateUp), (nint)Aten.Data<float>(result));
        ForEachRow(result.numel() / size, size, row => Gate((float*)from + (2 * row * size), (float*)to + (row * size), (int)size));
        return result;
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
}
