using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using LlmReasoning.Torch.Models;
using Microsoft.Win32.SafeHandles;

namespace LlmReasoning.Torch.Checkpoints;

/// <summary>The header of a safetensors file, checked as the library's Rust code does (safetensors/src/tensor.rs).</summary>
internal sealed class SafetensorsHeader
{
    private const int MaxHeaderBytes = 100_000_000;    // the library's bound
    private const int MaxDepth = 128;                  // the library's JSON parser has the same
    private const int MaxDimensions = 64;

    public static readonly Dictionary<string, int> BitsOf = new()
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

    public Dictionary<string, string>? Metadata { get; private set; }

    public Dictionary<string, SafetensorsEntry> Tensors { get; } = [];

    public static SafetensorsHeader Read(string path, SafeFileHandle file)
    {
        var fileBytes = RandomAccess.GetLength(file);
        Span<byte> lengthBytes = stackalloc byte[8];
        if (fileBytes < 8 || RandomAccess.Read(file, lengthBytes, 0) < 8) throw Broken(path, $"it has {fileBytes} bytes, and the header's length alone takes 8");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
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
        SafetensorsHeader header;
        try
        {
            header = Parse(path, bytes, dataOffset);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape sequence in a string stands for half a surrogate pair.
            throw Broken(path, $"the header is not valid ({e.Message.TrimEnd('.')})", e);
        }
        CheckCover(path, header, dataOffset, fileBytes);
        return header;
    }

    private static SafetensorsHeader Parse(string path, byte[] bytes, long dataOffset)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        var header = new SafetensorsHeader();
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
    private static void CheckCover(string path, SafetensorsHeader header, long dataOffset, long fileBytes)
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
}
