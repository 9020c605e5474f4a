using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmReasoning.Torch.Checkpoints;

/// <summary>Writes safetensors files with the bytes the safetensors library writes for the same tensors.</summary>
public static class SafetensorsWriter
{
    private const long ChunkBytes = 64 << 20;

    // The library sorts by type, widest first, then by name.
    private static readonly (ScalarType Type, string Name, int Bytes)[] Types =
    [
        (ScalarType.Int64, "I64", 8),
        (ScalarType.Float64, "F64", 8),
        (ScalarType.Float32, "F32", 4),
        (ScalarType.Int32, "I32", 4),
        (ScalarType.BFloat16, "BF16", 2),
        (ScalarType.Float16, "F16", 2),
        (ScalarType.Int16, "I16", 2),
        (ScalarType.Int8, "I8", 1),
        (ScalarType.Byte, "U8", 1),
        (ScalarType.Bool, "BOOL", 1),
    ];

    /// <summary>What transformers asks for in a file of weights.</summary>
    public static IReadOnlyDictionary<string, string> PyTorchMetadata { get; } = new Dictionary<string, string> { ["format"] = "pt" };

    /// <summary>Writes the tensors, whole or not at all; they may lie on any device.</summary>
    /// <exception cref="ArgumentException">A tensor's type has no name in the format.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var ordered = tensors
            .Select(tensor => (Name: tensor.Key, Tensor: tensor.Value, Rank: RankOf(tensor.Key, tensor.Value)))
            .OrderBy(tensor => tensor.Rank).ThenBy(tensor => tensor.Name, Utf8Order)
            .ToList();
        var header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var (_, tensor, _) in ordered) WriteData(stream, tensor);
        });
    }

    /// <summary>Bytes of the tensor's data in a file.</summary>
    internal static long BytesOf(Tensor tensor) => tensor.numel() * tensor.element_size();

    // Names compare by their UTF-8 bytes in the library; UTF-16 order differs beyond U+FFFF only.
    private static Comparer<string> Utf8Order { get; } =
        Comparer<string>.Create((a, b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)));

    private static int RankOf(string name, Tensor tensor)
    {
        var rank = Array.FindIndex(Types, type => type.Type == tensor.dtype);
        return rank >= 0 ? rank : throw new ArgumentException($"{name} is {tensor.dtype}, which a safetensors file cannot hold here");
    }

    private static byte[] Header(List<(string Name, Tensor Tensor, int Rank)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is not null)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(entry => entry.Key, Utf8Order)) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, tensor, rank) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", Types[rank].Name);
                json.WriteStartArray("shape");
                foreach (var size in tensor.shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += BytesOf(tensor);
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');    // so that the data are aligned
        return buffer.ToArray();
    }

    private static void WriteData(Stream stream, Tensor tensor)
    {
        using var _ = NewDisposeScope();
        using var __ = no_grad();
        var flat = tensor.detach().contiguous().view(-1);
        var chunk = ChunkBytes / tensor.element_size();
        for (long start = 0; start < flat.shape[0]; start += chunk)
        {
            using var inner = NewDisposeScope();
            stream.Write(flat.narrow(0, start, Math.Min(chunk, flat.shape[0] - start)).cpu().bytes);
        }
    }
}
