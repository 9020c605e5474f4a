using System.Text.Json;
using System.Text.Unicode;
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
    private const int MaxHeaderBytes = 100_000_000;    // the library's bound
    private const int MaxDepth = 128;                  // the library's JSON parser has the same
    private const int MaxDimensions = 64;
    private const int ChunkBytes = 16 << 20;           // buffer of a read that converts

    private static readonly Dictionary<string, int> BitsOf = new()
    {
        ["BOOL"] = 8,
        ["F4"] = 4,
        ["F6_E2M3"] = 6,
        ["F6_E3M2"] = 6,
        ["U8"] = 8,
        ["I8"] = 8,
        ["F8_E5M2"] = 8,
        ["F8_E4M3"] = 8,
        ["F8_E8M0"] = 8,
        ["F8_E4M3FNUZ"] = 8,
        ["F8_E5M2FNUZ"] = 8,
        ["I16"] = 16,
        ["U16"] = 16,
        ["F16"] = 16,
        ["BF16"] = 16,
        ["I32"] = 32,
        ["U32"] = 32,
        ["F32"] = 32,
        ["C64"] = 64,
        ["F64"] = 64,
        ["I64"] = 64,
        ["U64"] = 64,
    };

    private readonly SafeFileHandle _file;

    private SafetensorsFile(string path, SafeFileHandle file, Header header)
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
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new SafetensorsFile(path, file, ReadHeader(path, file));
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
        var elementBytes = BitsOf[entry.DType] / 8;
        long chunk = isDirect ? (1 << 30) / elementBytes : ChunkBytes / elementBytes;    // Tensor.bytes spans at most 2^31 - 1 bytes
        using var buffer = isDirect ? null : empty([Math.Min(chunk, elements)], dtype: type == ScalarType.Bool ? ScalarType.Byte : type);
        for (long start = 0; start < elements; start += chunk)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(chunk, elements - start);
            var part = flat.narrow(0, start, count);
            var target = buffer is null ? part : buffer.narrow(0, 0, count);
            ReadExactly(target.bytes, entry.Offset + (start * elementBytes));
            if (buffer is not null) part.copy_(type == ScalarType.Bool ? target.ne(0) : target);
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

    private static Header ReadHeader(string path, SafeFileHandle file)
    {
        var fileBytes = RandomAccess.GetLength(file);
        Span<byte> lengthBytes = stackalloc byte[8];
        if (fileBytes < 8 || RandomAccess.Read(file, lengthBytes, 0) < 8) throw Broken(path, $"it has {fileBytes} bytes, and the header's length alone takes 8");
        var length = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > MaxHeaderBytes) throw Broken(path, $"the header's length is {length}, above {MaxHeaderBytes}");
        var dataOffset = 8 + (long)length;
        if (dataOffset > fileBytes) throw Broken(path, $"the header's length is {length} and the file has {fileBytes} bytes");

        var bytes = new byte[length];
        for (var read = 0; read < bytes.Length;)
        {
            var count = RandomAccess.Read(file, bytes.AsSpan(read), 8 + read);
            if (count == 0) throw Broken(path, "it ends inside the header");
            read += count;
        }
        if (!Utf8.IsValid(bytes)) throw Broken(path, "the header is not UTF-8");
        Header header;
        try
        {
            header = ParseHeader(path, bytes, dataOffset);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape sequence in a string stands for half a surrogate pair.
            throw Broken(path, $"the header is not valid ({e.Message.TrimEnd('.')})", e);
        }
        CheckCover(path, header, dataOffset, fileBytes);
        return header;
    }

    private static Header ParseHeader(string path, byte[] bytes, long dataOffset)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        var header = new Header();
        var hasMetadata = false;
        reader.Read();
        Require(ref reader, JsonTokenType.StartObject, "the header");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name != "__metadata__")
            {
                header.Tensors[name] = ParseEntry(path, ref reader, name, dataOffset);    // a name given twice: the last one counts
                continue;
            }
            if (hasMetadata) throw new JsonException("__metadata__ is given twice");
            hasMetadata = true;
            header.Metadata = ParseMetadata(ref reader);
        }
        if (reader.Read()) throw new JsonException("something follows the JSON object");
        return header;
    }

    private static Dictionary<string, string>? ParseMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        Require(ref reader, JsonTokenType.StartObject, "__metadata__");
        var metadata = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            Require(ref reader, JsonTokenType.String, $"__metadata__.{key}");
            metadata[key] = reader.GetString()!;
        }
        return metadata;
    }

    private static SafetensorsEntry ParseEntry(string path, ref Utf8JsonReader reader, string name, long dataOffset)
    {
        Require(ref reader, JsonTokenType.StartObject, name);
        string? type = null;
        long[]? shape = null;
        long[]? range = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            reader.Read();
            switch (field)
            {
                case "dtype" when type is null:
                    Require(ref reader, JsonTokenType.String, $"dtype of {name}");
                    type = reader.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ParseNumbers(ref reader, $"shape of {name}");
                    break;
                case "data_offsets" when range is null:
                    range = ParseNumbers(ref reader, $"data_offsets of {name}");
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw new JsonException($"{field} of {name} is given twice");
                default:
                    reader.Skip();
                    break;
            }
        }
        if (type is null || shape is null || range is null) throw new JsonException($"{name} lacks dtype, shape or data_offsets");
        if (!BitsOf.TryGetValue(type, out var elementBits)) throw new JsonException($"dtype of {name} is {type}, which is not a safetensors type");
        if (range.Length != 2) throw new JsonException($"data_offsets of {name} has {range.Length} numbers in place of 2");
        var (begin, end) = (range[0], range[1]);
        if (end < begin) throw Broken(path, $"data_offsets of {name} is [{begin}, {end}]");
        if (BitCount(shape, elementBits) is not { } bits || bits % 8 != 0 || bits / 8 != end - begin)
        {
            throw Broken(path, $"{name} is {type} [{string.Join(", ", shape)}] and takes {end - begin} bytes, which do not fit together");
        }
        if (end > long.MaxValue - dataOffset) throw Broken(path, $"data_offsets of {name} is [{begin}, {end}]");
        return new SafetensorsEntry(type, shape, dataOffset + begin, end - begin);
    }

    private static long[] ParseNumbers(ref Utf8JsonReader reader, string what)
    {
        Require(ref reader, JsonTokenType.StartArray, what);
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt64(out var number) || number > long.MaxValue)
            {
                throw new JsonException($"{what} has an entry that is not a whole number from 0 on");
            }
            if (numbers.Count == MaxDimensions) throw new JsonException($"{what} has more than {MaxDimensions} entries");
            numbers.Add((long)number);
        }
        return [.. numbers];
    }

    /// <summary>Elements times bits of an element, or null where that overflows.</summary>
    private static long? BitCount(long[] shape, long elementBits)
    {
        var bits = elementBits;
        try
        {
            foreach (var size in shape) bits = checked(bits * size);
            return bits;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static void Require(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type) throw new JsonException($"{what} is {reader.TokenType} in place of {type}");
    }

    /// <summary>The tensors follow one another without gap or overlap, up to the end of the file.</summary>
    private static void CheckCover(string path, Header header, long dataOffset, long fileBytes)
    {
        var end = dataOffset;
        foreach (var (name, entry) in header.Tensors.OrderBy(tensor => tensor.Value.Offset).ThenBy(tensor => tensor.Value.Bytes))
        {
            if (entry.Offset != end) throw Broken(path, $"{name} starts at byte {entry.Offset} and the tensor before it ends at {end}");
            end += entry.Bytes;
        }
        if (end != fileBytes) throw Broken(path, $"the tensors end at byte {end} and the file has {fileBytes} bytes");
    }

    private static UserException Broken(string path, string reason, Exception? cause = null) =>
        new($"{path}: not a whole safetensors file: {StrictJson.Printable(reason, longest: 300)}; download or write it again", cause);

    private sealed class Header
    {
        public Dictionary<string, string>? Metadata { get; set; }
        public Dictionary<string, SafetensorsEntry> Tensors { get; } = [];
    }
}
