using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LlmReasoning;

/// <summary>Refuses what looks like a file and has no end, or waits for a writer: a pipe, a device, a socket.</summary>
public static partial class RegularFile
{
    private const int WorkingFolder = -100;     // AT_FDCWD
    private const uint TypeMask = 1;            // STATX_TYPE
    private const int ModeOffset = 28;          // of stx_mode; struct statx is the same on every architecture
    private const int FileTypeBits = 0xF000, Regular = 0x8000, Folder = 0x4000;

    /// <summary>Links are followed. What is absent, or a folder, is left to whoever opens it.</summary>
    /// <exception cref="UserException">It is there and neither a file nor a folder.</exception>
    public static void Require(string path)
    {
        if (!OperatingSystem.IsLinux()) { return; }
        var status = new byte[256];
        if (Statx(WorkingFolder, path, 0, TypeMask, status) != 0) { return; }
        var type = BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(ModeOffset)) & FileTypeBits;
        if (type is not (Regular or Folder)) { throw new UserException($"{path}: is a pipe or a device, not a file; write its content to a file and name that"); }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] status);
}
