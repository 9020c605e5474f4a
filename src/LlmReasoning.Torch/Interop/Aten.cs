using System.Runtime.InteropServices;

namespace LlmReasoning.Torch.Interop;

/// <summary>Operators of libtorch that TorchSharp does not bind, reached through libtorch's stable C interface (torch/csrc/stable/c/shim.h, 2.10).</summary>
/// <remarks>
/// Arguments travel as 64-bit cells: tensors as owned handles, doubles as bits, optionals as allocated cells that the callee frees, none as 0.
/// An operator that fails prints its reason to stderr and returns non-zero. Autograd works through these calls.
/// </remarks>
internal static unsafe class Aten
{
    private const string Library = "libtorch_cpu";

    private static readonly ulong s_version = aoti_torch_abi_version();

    /// <summary>softmax(scale * q k' + mask) v with fewer key/value heads than query heads.</summary>
    /// <param name="q">[B, H, T, d].</param>
    /// <param name="k">[B, K, S, d], H a multiple of K.</param>
    /// <param name="v">[B, K, S, d].</param>
    /// <param name="mask">Bool, true = may be seen, broadcast to [B, H, T, S]; null for none.</param>
    /// <param name="causal">Query t sees keys 0..t; only without a mask.</param>
    public static Tensor ScaledDotProductAttention(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal)
    {
        var grouped = q.shape[1] != k.shape[1];
        Span<ulong> cells = [Handle(q), Handle(k), Handle(v), mask is null ? 0 : Optional(Handle(mask)), Bits(0), causal ? 1UL : 0, 0, grouped ? 1UL : 0];
        Call("aten::scaled_dot_product_attention"u8, cells);
        return Own(cells[0]);
    }

    /// <summary>Reorders a weight [out, in] of float32 into oneDNN's blocked layout for inputs of <paramref name="rows"/> rows.</summary>
    public static Tensor ReorderLinearWeight(Tensor weight, long rows)
    {
        Span<ulong> cells = [Handle(weight), Optional((ulong)rows)];
        Call("mkldnn::_reorder_linear_weight"u8, cells);
        return Own(cells[0]);
    }

    /// <summary>x W' + b with a weight from <see cref="ReorderLinearWeight"/>. No autograd.</summary>
    public static Tensor PackedLinear(Tensor x, Tensor packedWeight, Tensor? bias)
    {
        ReadOnlySpan<byte> none = "none\0"u8;
        IntPtr attribute, algorithm;
        fixed (byte* text = none)
        {
            Check(torch_new_string_handle(text, 4, &attribute), "string");
            Check(torch_new_string_handle(text, 0, &algorithm), "string");
        }
        IntPtr scalars;
        Check(torch_new_list_reserve_size(0, &scalars), "list");
        Span<ulong> cells = [Handle(x), Handle(packedWeight), bias is null ? 0 : Optional(Handle(bias)), (ulong)attribute, (ulong)scalars, Optional((ulong)algorithm)];
        Call("mkldnn::_linear_pointwise"u8, cells);
        return Own(cells[0]);
    }

    /// <summary>One step of AdamW with decoupled decay (arXiv 1711.05101) in place, all parameters in one call.</summary>
    /// <param name="steps">Float32 without axes, one a parameter, counted up already.</param>
    public static void FusedAdamW(
        IEnumerable<Tensor> parameters, IEnumerable<Tensor> gradients, IEnumerable<Tensor> means, IEnumerable<Tensor> squares, IEnumerable<Tensor> steps,
        double learningRate, double beta1, double beta2, double weightDecay, double epsilon)
    {
        Span<ulong> cells =
        [
            List(parameters), List(gradients), List(means), List(squares), List([]), List(steps),
            Bits(learningRate), Bits(beta1), Bits(beta2), Bits(weightDecay), Bits(epsilon), 0, 0, 0, 0,
        ];
        Call("aten::_fused_adamw_"u8, cells);
    }

    /// <summary>The first element's address, valid while the tensor lives. The tensor must lie on the CPU.</summary>
    public static T* Data<T>(Tensor tensor) where T : unmanaged
    {
        IntPtr data;
        Check(aoti_torch_get_data_ptr(tensor.Handle, &data), "data");
        return (T*)data;
    }

    private static ulong Handle(Tensor tensor)
    {
        IntPtr handle;
        Check(aoti_torch_new_tensor_handle(tensor.Handle, &handle), "tensor");
        return (ulong)handle;
    }

    // The operator takes over the list and the handles in it.
    private static ulong List(IEnumerable<Tensor> tensors)
    {
        IntPtr list;
        Check(torch_new_list_reserve_size(0, &list), "list");
        foreach (var tensor in tensors) { Check(torch_list_push_back(list, Handle(tensor)), "list"); }
        return (ulong)list;
    }

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static ulong Optional(ulong value)
    {
        var cell = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *cell = value;
        return (ulong)cell;
    }

    private static Tensor Own(ulong handle) => Tensor.UnsafeCreateTensor((IntPtr)handle);

    private static void Call(ReadOnlySpan<byte> name, Span<ulong> cells)
    {
        byte overload = 0;
        fixed (byte* op = name)
        fixed (ulong* stack = cells)
        {
            Check(torch_call_dispatcher(op, &overload, stack, s_version), System.Text.Encoding.UTF8.GetString(name));
        }
    }

    private static void Check(int code, string what)
    {
        if (code != 0) { throw new InvalidOperationException($"libtorch refused {what}; its reason stands on stderr."); }
    }

    [DllImport(Library)] private static extern ulong aoti_torch_abi_version();
    [DllImport(Library)] private static extern int aoti_torch_get_data_ptr(IntPtr tensor, IntPtr* result);
    [DllImport(Library)] private static extern int aoti_torch_new_tensor_handle(IntPtr tensor, IntPtr* result);
    [DllImport(Library)] private static extern int torch_call_dispatcher(byte* op, byte* overload, ulong* stack, ulong version);
    [DllImport(Library)] private static extern int torch_list_push_back(IntPtr list, ulong item);
    [DllImport(Library)] private static extern int torch_new_list_reserve_size(nuint size, IntPtr* result);
    [DllImport(Library)] private static extern int torch_new_string_handle(byte* text, nuint length, IntPtr* result);
}
