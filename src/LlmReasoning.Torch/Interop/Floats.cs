using System.Runtime.InteropServices;

namespace LlmReasoning.Torch.Interop;

/// <summary>Float32 tensors on the CPU for what passes come and go with, in memory of malloc.</summary>
/// <remarks>
/// libtorch takes memory by posix_memalign, which in glibc asks for 96 bytes more and gives the edges back: a block that was freed is too small for the next of its own size
/// (glibc bug 14581). With temporaries of 2,048 tokens the heap grew to 3.5 GB where 2.4 GB were alive; the same requests by malloc: 2.5 GB (docs/performance.md).
/// </remarks>
internal static unsafe class Floats
{
    private const int Alignment = 64;               // as libtorch's own, for its vectors

    /// <summary>A tensor of this shape whose values are not set.</summary>
    public static Tensor Unset(params ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var size in shape) { count *= size; }
        var block = (byte*)NativeMemory.Alloc((nuint)((count * sizeof(float)) + Alignment));
        // The block's own address stands right before the numbers.
        var data = block + Alignment - ((nint)block % Alignment);
        ((byte**)data)[-1] = block;
        fixed (long* sizes = shape)
        {
            const sbyte type = (sbyte)ScalarType.Float32;
            return Tensor.UnsafeCreateTensor(THSTensor_new(data, &Free, sizes, shape.Length, type, type, (int)DeviceType.CPU, 0, 0));
        }
    }

    /// <summary>x W', [N, out], in such memory: the bits of F.linear.</summary>
    /// <param name="x">[N, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out] or null.</param>
    public static Tensor Product(Tensor x, Tensor weight, Tensor? bias = null)
    {
        var result = Unset(x.shape[0], weight.shape[0]);
        if (bias is not null) { result.copy_(bias); }
        using var transposed = weight.t();
        return result.addmm_(x, transposed, bias is null ? 0 : 1, 1);
    }

    /// <summary>Whether <see cref="Product"/> may stand in for F.linear.</summary>
    public static bool Support(Tensor x, Tensor weight) =>
        x.dim() == 2 && x.dtype == ScalarType.Float32 && weight.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && !is_grad_enabled();

    [UnmanagedCallersOnly]
    private static void Free(void* data) => NativeMemory.Free(((void**)data)[-1]);

    // What torch.tensor of TorchSharp calls.
    [DllImport("LibTorchSharp")]
    private static extern IntPtr THSTensor_new(
        void* data, delegate* unmanaged<void*, void> deleter, long* sizes, int dimensions, sbyte type, sbyte targetType, int deviceType, int deviceIndex, byte requiresGrad);
}
