using System.Runtime.InteropServices;

namespace LlmReasoning.Torch.Interop;

/// <summary>Scratch memory of floats, unset, on whole cache lines.</summary>
internal sealed unsafe class NativeFloats(long count) : IDisposable
{
    public float* Data { get; private set; } = (float*)NativeMemory.AlignedAlloc((nuint)(count * sizeof(float)), 64);

    public void Dispose()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
    }
}
