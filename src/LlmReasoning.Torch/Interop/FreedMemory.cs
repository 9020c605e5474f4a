using System.Runtime.InteropServices;

namespace LlmReasoning.Torch.Interop;

/// <summary>What was freed and is still resident.</summary>
/// <remarks>
/// Sampling and training take turns, and the holes that the one leaves do not fit the tensors of the other: a step would take nearly the sum of both.
/// </remarks>
internal static partial class FreedMemory
{
    /// <summary>Gives it back to the system where the C library is glibc; elsewhere does nothing. A gigabyte that is needed again costs a quarter of a second of page faults.</summary>
    public static void GiveBack()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out _)) { _ = Trim(0); }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint kept);
}
