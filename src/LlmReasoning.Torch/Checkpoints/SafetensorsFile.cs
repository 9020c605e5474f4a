using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;
using Microsoft.Win32.SafeHandles;

namespace LlmReasoning.Torch.Checkpoints;

/// <summary>A tensor's place in a safetensors file.</summary>
/// <param name="DType">The file's name of the type, such as BF16.</param>
/// <param name="Shape">Empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Bytes">Size in the file.</param>
public sealed record SafetensorsEntry(string DType, long[] Shape, long Offset, long Bytes);

/// <summary>Reads a safetensors file; the header is checked as the safetensors library does, the data are read when asked for.</summary>
/// <remarks>Format: 8 bytes little-endian header length, a JSON header, the tensors without gaps. docs/checkpoints.md lists where this is stricter.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 16 << 20;    // buffer of a read that converts

    private readonly SafeFileHandle _file;

    private SafetensorsFile(string path, SafeFileHandle file, SafetensorsHeader header)
    {
        Path = path;
        _file = file;
        Metadata = header.Metadata;
        Tensors = header.Tensors;
    }

    public string Path { get; }

    /// <summary>The header's free text, or null where it has none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; }

    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>Opens the file and checks its header: no tensor is read.</summary>
    /// <exception cref="UserException">The file is missing or not a whole safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        RegularFile.Require(path);
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new SafetensorsFile(path, file, SafetensorsHeader.Read(path, file));
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (e is FileNotFoundException or DirectoryNotFoundException) throw new UserException($"{path}: the file does not exist; download it again", e);
            if (e is not (IOException or UnauthorizedAccessException or NotSupportedException)) throw;
            throw new UserException($"{path}: cannot be read ({e.Message.TrimEnd('.')}); check the path and its permissions", e);
        }
    }

    /// <summary>The tensor as a new one on the CPU, in its own type.</summary>
    /// <exception cref="UserException">The type is not readable, or the file has changed.</exception>
    public Tensor Read(string name)
    {
        var entry = Tensors[name];
        var tensor = empty(entry.Shape, dtype: ScalarTypeOf(name, entry));
        try
        {
            ReadInto(name, tensor);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Copies the tensor into one of the same shape, on any device; the type is converted where it differs.</summary>
    /// <remarks>Equal types on the CPU are read straight into the tensor's memory; else a buffer of 16 MB is in between.</remarks>
    /// <exception cref="UserException">The type is not readable, or the file has changed.</exception>
    public void ReadInto(string name, Tensor destination)
    {
        var entry = Tensors[name];
        if (!entry.Shape.AsSpan().SequenceEqual(destination.shape))
        {
            throw new ArgumentException($"{name} is [{string.Join(", ", entry.Shape)}], the tensor [{string.Join(", ", destination.shape)}]", nameof(destination));
        }
        using var _ = NewDisposeScope();
        using var __ = no_grad();
        var type = ScalarTypeOf(name, entry);
        var whole = destination.is_contiguous() ? destination : empty_like(destination).contiguous();
        var flat = whole.detach().view(-1);
        // A bool other than 0 and 1 is undefined in torch, so those bytes go through a comparison with 0.
        var isDirect = whole.device_type == DeviceType.CPU && whole.dtype == type && type != ScalarType.Bool;
        var elements = flat.shape[0];
        var elementBytes = SafetensorsHeader.BitsOf[entry.DType] / 8;
        long chunk = isDirect ? (1 << 30) / elementBytes : ChunkBytes / elementBytes;    // Tensor.bytes spans at most 2^31 - 1 bytes
        using var buffer = isDirect ? null : empty([Math.Min(chunk, elements)], dtype: type == ScalarType.Bool ? ScalarType.Byte : type);
        for (long start = 0; start < elements; start += chunk)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(chunk, elements - start);
            var part = flat.narrow(0, start, count);
            var target = buffer is null ? part : buffer.narrow(0, 0, count);
            ReadExactly(target.bytes, entry.Offset + (start * elementBytes));
            if (buffer is not null) part.copy_(type == ScalarType.Bool ? target.IsNonzero() : target);
        }
        if (!ReferenceEquals(whole, destination)) destination.copy_(whole);
    }

    /// <summary>True where both tensors have the same type, shape and bytes.</summary>
    internal static bool AreEqual(SafetensorsFile file, string name, SafetensorsFile otherFile, string otherName)
    {
        var entry = file.Tensors[name];
        var other = otherFile.Tensors[otherName];
        if (entry.DType != other.DType || !entry.Shape.AsSpan().SequenceEqual(other.Shape)) return false;
        var bytes = new byte[Math.Min(entry.Bytes, 1 << 20)];
        var otherBytes = new byte[bytes.Length];
        for (long start = 0; start < entry.Bytes; start += bytes.Length)
        {
            var count = (int)Math.Min(bytes.Length, entry.Bytes - start);
            file.ReadExactly(bytes.AsSpan(0, count), entry.Offset + start);
            otherFile.ReadExactly(otherBytes.AsSpan(0, count), other.Offset + start);
            if (!bytes.AsSpan(0, count).SequenceEqual(otherBytes.AsSpan(0, count))) return false;
        }
        return true;
    }

    public void Dispose() => _file.Dispose();

    private ScalarType ScalarTypeOf(string name, SafetensorsEntry entry) => entry.DType switch
    {
        "F64" => ScalarType.Float64,
        "F32" => ScalarType.Float32,
        "F16" => ScalarType.Float16,
        "BF16" => ScalarType.BFloat16,
        "I64" => ScalarType.Int64,
        "I32" => ScalarType.Int32,
        "I16" => ScalarType.Int16,
        "I8" => ScalarType.Int8,
        "U8" => ScalarType.Byte,
        "BOOL" => ScalarType.Bool,
        _ => throw new UserException($"{Path}: {StrictJson.Printable(name)} is of type {entry.DType}; readable are F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL"),
    };

    private void ReadExactly(Span<byte> span, long offset)
    {
        while (span.Length > 0)
        {
            int count;
            try
            {
                count = RandomAccess.Read(_file, span, offset);
            }
            catch (IOException e)
            {
                throw new UserException($"{Path}: cannot be read ({e.Message.TrimEnd('.')}); check the disk", e);
            }
            if (count == 0) throw new UserException($"{Path}: the file ends at byte {offset}; it has changed since it was opened, run again");
            span = span[count..];
            offset += count;
        }
    }
}
