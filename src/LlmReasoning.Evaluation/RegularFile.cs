using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LlmReasoning;

/// <summary>Reads files, and refuses what looks like one and has no end, or waits for a writer: a pipe, a device, a socket.</summary>
public static partial class RegularFile
{
    /// <summary>What is read whole is no larger: settings, tables and manifests are small.</summary>
    private const long MostBytes = 256 << 20;

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

    /// <summary>The bytes of a file that is read whole.</summary>
    /// <exception cref="UserException">As <see cref="Require"/>; or it is larger than 256 MB.</exception>
    public static byte[] ReadBytes(string path)
    {
        Require(path);
        var length = new FileInfo(path).Length;
        return length <= MostBytes ? File.ReadAllBytes(path) : throw new UserException($"{path}: {length} bytes; such a file has at most {MostBytes}, so it is another file");
    }

    /// <summary>The text of a UTF-8 file that is read whole, without a byte order mark.</summary>
    /// <exception cref="UserException">As <see cref="ReadBytes"/>.</exception>
    public static string ReadText(string path) => Encoding.UTF8.GetString(ReadBytes(path)).TrimStart('\uFEFF');

    /// <summary>Opens a file that is read as a stream.</summary>
    /// <exception cref="UserException">As <see cref="Require"/>.</exception>
    public static FileStream OpenRead(string path)
    {
        Require(path);
        return File.OpenRead(path);
    }

    /// <summary>The SHA-256 of a file's bytes in lower case hexadecimal.</summary>
    /// <exception cref="UserException">As <see cref="Require"/>.</exception>
    public static string Sha256(string path)
    {
        using var stream = OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] status);
}
