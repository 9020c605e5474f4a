namespace LlmReasoning.Evaluation.Tables;

/// <summary>A structure of Thrift's compact protocol, as parquet's headers are written: fields by number, read and written without knowing their meaning.</summary>
/// <remarks>Values: long for whole numbers and truth values, byte[] for texts and doubles, <see cref="ThriftList"/>, <see cref="ThriftStruct"/>.</remarks>
internal sealed class ThriftStruct
{
    public const byte True = 1, False = 2, I32 = 5, I64 = 6, Struct = 12;

    private const byte Byte = 3, I16 = 4, Double = 7, Binary = 8, List = 9, Set = 10;
    private const int MaxDepth = 32;

    private readonly SortedDictionary<int, (byte Type, object Value)> _fields = [];

    public long? Number(int field) => _fields.TryGetValue(field, out var known) && known.Value is long number ? number : null;

    public ThriftStruct? Child(int field) => _fields.TryGetValue(field, out var known) ? known.Value as ThriftStruct : null;

    public IEnumerable<ThriftStruct> Children(int field) => _fields.TryGetValue(field, out var known) && known.Value is ThriftList list ? list.Items.OfType<ThriftStruct>() : [];

    public void Set32(int field, int value) => _fields[field] = (I32, (long)value);

    public void Set64(int field, long value) => _fields[field] = (I64, value);

    public void SetChild(int field, ThriftStruct child) => _fields[field] = (Struct, child);

    public void Remove(int field) => _fields.Remove(field);

    /// <summary>Reads a structure and moves <paramref name="bytes"/> behind it.</summary>
    /// <exception cref="InvalidDataException">Not of this protocol, or cut off.</exception>
    public static ThriftStruct Read(ref ReadOnlySpan<byte> bytes) => Read(ref bytes, 0);

    private static ThriftStruct Read(ref ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > MaxDepth) { throw new InvalidDataException("a header is nested too deeply"); }
        var read = new ThriftStruct();
        var id = 0;
        while (Take(ref bytes, 1)[0] is not 0 and var header)
        {
            var type = (byte)(header & 15);
            id = header >> 4 is > 0 and var delta ? id + delta : (int)ZigZag(ref bytes);
            read._fields[id] = (type, type is True or False ? type == True ? 1L : 0L : Value(ref bytes, type, depth));
        }
        return read;
    }

    private static object Value(ref ReadOnlySpan<byte> bytes, byte type, int depth)
    {
        switch (type)
        {
            case True or False or Byte: return (long)(sbyte)Take(ref bytes, 1)[0];        // truth values in a list are bytes
            case I16 or I32 or I64: return ZigZag(ref bytes);
            case Double: return Take(ref bytes, 8).ToArray();
            case Binary: return Take(ref bytes, Length(ref bytes)).ToArray();
            case Struct: return Read(ref bytes, depth + 1);
            case List or Set:
                var header = Take(ref bytes, 1)[0];
                var count = header >> 4 is < 15 and var few ? few : Length(ref bytes);
                if (count > bytes.Length) { throw new InvalidDataException("a list in a header is longer than the file"); }
                var list = new ThriftList((byte)(header & 15), new List<object>(count));
                for (var i = 0; i < count; i++) { list.Items.Add(Value(ref bytes, list.Type, depth + 1)); }
                return list;
            default: throw new InvalidDataException($"a header holds a value of type {type}");
        }
    }

    public void Write(Stream stream)
    {
        var last = 0;
        foreach (var (id, (type, value)) in _fields)
        {
            var written = type is True or False ? value is 1L ? True : False : type;
            if (id - last is > 0 and < 16) { stream.WriteByte((byte)((id - last) << 4 | written)); }
            else
            {
                stream.WriteByte(written);
                WriteZigZag(stream, id);
            }
            last = id;
            if (type is not (True or False)) { WriteValue(stream, type, value); }
        }
        stream.WriteByte(0);
    }

    private static void WriteValue(Stream stream, byte type, object value)
    {
        switch (value)
        {
            case long number when type is True or False or Byte: stream.WriteByte((byte)number); break;
            case long number: WriteZigZag(stream, number); break;
            case byte[] bytes:
                if (type == Binary) { WriteVarint(stream, (ulong)bytes.Length); }
                stream.Write(bytes);
                break;
            case ThriftStruct child: child.Write(stream); break;
            case ThriftList list:
                stream.WriteByte((byte)(Math.Min(list.Items.Count, 15) << 4 | list.Type));
                if (list.Items.Count >= 15) { WriteVarint(stream, (ulong)list.Items.Count); }
                foreach (var item in list.Items) { WriteValue(stream, list.Type, item); }
                break;
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        if (count > bytes.Length) { throw new InvalidDataException("a header is cut off"); }
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static int Length(ref ReadOnlySpan<byte> bytes) =>
        Varint(ref bytes) is <= int.MaxValue and var length ? (int)length : throw new InvalidDataException("a length in a header is out of range");

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(ref bytes, 1)[0];
            value |= (ulong)(next & 127) << shift;
            if (next < 128) { return value; }
        }
        throw new InvalidDataException("a number in a header does not end");
    }

    private static long ZigZag(ref ReadOnlySpan<byte> bytes)
    {
        var value = Varint(ref bytes);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static void WriteVarint(Stream stream, ulong value)
    {
        for (; value >= 128; value >>= 7) { stream.WriteByte((byte)(value | 128)); }
        stream.WriteByte((byte)value);
    }

    private static void WriteZigZag(Stream stream, long value) => WriteVarint(stream, (ulong)(value << 1 ^ value >> 63));
}

/// <param name="Type">Of the items.</param>
/// <param name="Items">As in <see cref="ThriftStruct"/>.</param>
internal sealed record ThriftList(byte Type, List<object> Items);
