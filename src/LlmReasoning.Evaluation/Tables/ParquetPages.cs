using System.Buffers.Binary;
using System.IO.Compression;
using ZstdSharp;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>Rewrites a parquet file with data pages of version 1, uncompressed: Parquet.Net 6.1 does not read lists from pages of version 2.</summary>
/// <remarks>
/// Numbers of fields as in parquet.thrift of apache/parquet-format. A page of version 2 holds its levels uncompressed and without their lengths, then the values;
/// one of version 1 has each length before the levels and is compressed as a whole.
/// </remarks>
internal static class ParquetPages
{
    private const int MaxPageBytes = 1 << 30;
    private const int Uncompressed = 0, Snappy = 1, Gzip = 2, Brotli = 4, Zstd = 6;
    private const int DataPage = 0, DataPageV2 = 3, DictionaryPage = 2;
    private const int RleEncoding = 3;

    /// <summary>Walks through all headers of a file: a reader that trusts a changed one may read without end.</summary>
    /// <exception cref="InvalidDataException">Not parquet, or headers that contradict each other or the file's length.</exception>
    public static void Check(Stream file)
    {
        foreach (var column in Chunks(Metadata(file)).Select(Column))
        {
            ReadOnlySpan<byte> pages = Bytes(file, column);
            var values = 0L;
            while (pages.Length > 0)
            {
                var header = ThriftStruct.Read(ref pages);
                pages = pages[Size(header, 3, pages.Length)..];
                _ = Size(header, 2, MaxPageBytes);
                if (header.Number(1) != DictionaryPage) { values += (header.Child(5) ?? header.Child(8))?.Number(1) ?? 0; }
            }
            if (values != column.Number(5)) { throw new InvalidDataException($"a column says that it holds {column.Number(5)} values, and its pages {values}"); }
        }
    }

    /// <returns>The rewritten file, in memory.</returns>
    /// <exception cref="InvalidDataException">Not parquet, damaged, or compressed in a way that is not known.</exception>
    public static MemoryStream WithVersion1(Stream file)
    {
        var metadata = Metadata(file);
        var rewritten = new MemoryStream();
        rewritten.Write("PAR1"u8);
        foreach (var chunk in Chunks(metadata))
        {
            foreach (var index in new[] { 4, 5, 6, 7 }) { chunk.Remove(index); }             // page indexes: of the old pages
            RewriteChunk(Bytes(file, Column(chunk)), Column(chunk), rewritten);
        }
        var start = rewritten.Position;
        metadata.Write(rewritten);
        rewritten.Write(BitConverter.GetBytes((int)(rewritten.Position - start)));
        rewritten.Write("PAR1"u8);
        rewritten.Position = 0;
        return rewritten;
    }

    private static ThriftStruct Metadata(Stream file)
    {
        if (file.Length < 12) { throw new InvalidDataException("shorter than any parquet file"); }
        var end = Bytes(file, file.Length - 8, 8);
        if (!end.AsSpan(4).SequenceEqual("PAR1"u8)) { throw new InvalidDataException("no PAR1 at the end"); }
        var length = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (length < 0 || length > file.Length - 12) { throw new InvalidDataException("the footer is longer than the file"); }
        ReadOnlySpan<byte> footer = Bytes(file, file.Length - 8 - length, length);
        return ThriftStruct.Read(ref footer);
    }

    private static IEnumerable<ThriftStruct> Chunks(ThriftStruct metadata) => metadata.Children(4).SelectMany(rowGroup => rowGroup.Children(1));

    private static ThriftStruct Column(ThriftStruct chunk) => chunk.Child(3) ?? throw new InvalidDataException("a column without metadata");

    /// <summary>All pages of a column.</summary>
    private static byte[] Bytes(Stream file, ThriftStruct column)
    {
        long first = column.Number(9) ?? 0, dictionary = column.Number(11) ?? 0, size = column.Number(7) ?? 0;
        var start = dictionary > 0 ? Math.Min(first, dictionary) : first;
        return start >= 4 && size >= 0 && size <= file.Length - start ? Bytes(file, start, size) : throw new InvalidDataException("a column lies outside the file");
    }

    private static byte[] Bytes(Stream file, long start, long length)
    {
        var bytes = new byte[length];
        file.Position = start;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void RewriteChunk(ReadOnlySpan<byte> pages, ThriftStruct column, MemoryStream rewritten)
    {
        var codec = (int)(column.Number(4) ?? 0);
        var chunkStart = rewritten.Position;
        column.Remove(11);
        column.Remove(13);
        column.Remove(14);
        long? firstData = null;
        while (pages.Length > 0)
        {
            var header = ThriftStruct.Read(ref pages);
            var compressed = Size(header, 3, pages.Length);
            var body = Body(header, pages[..compressed], codec);
            pages = pages[compressed..];
            if (header.Number(1) == DictionaryPage) { column.Set64(11, rewritten.Position); }
            else { firstData ??= rewritten.Position; }
            header.Set32(2, body.Length);
            header.Set32(3, body.Length);
            header.Remove(4);                                                              // the old page's checksum
            header.Write(rewritten);
            rewritten.Write(body);
        }
        column.Set32(4, Uncompressed);
        column.Set64(6, rewritten.Position - chunkStart);
        column.Set64(7, rewritten.Position - chunkStart);
        column.Set64(9, firstData ?? chunkStart);
    }

    /// <summary>The page's content as version 1 has it; a header of version 2 is made one of version 1.</summary>
    private static byte[] Body(ThriftStruct header, ReadOnlySpan<byte> page, int codec)
    {
        var uncompressed = Size(header, 2, MaxPageBytes);
        if (header.Number(1) != DataPageV2 || header.Child(8) is not { } v2) { return Decompress(page, codec, uncompressed); }
        int definitions = Size(v2, 5, page.Length), repetitions = Size(v2, 6, page.Length - definitions);
        if (definitions + repetitions > uncompressed) { throw new InvalidDataException("the levels of a page are longer than the page"); }
        var values = page[(repetitions + definitions)..];
        var body = new MemoryStream();
        foreach (var levels in new[] { page[..repetitions].ToArray(), page.Slice(repetitions, definitions).ToArray() })
        {
            if (levels.Length == 0) { continue; }
            body.Write(BitConverter.GetBytes(levels.Length));
            body.Write(levels);
        }
        body.Write(v2.Number(7) == 0 ? values : Decompress(values, codec, uncompressed - repetitions - definitions));

        var v1 = new ThriftStruct();
        v1.Set32(1, (int)(v2.Number(1) ?? 0));
        v1.Set32(2, (int)(v2.Number(4) ?? 0));
        v1.Set32(3, RleEncoding);
        v1.Set32(4, RleEncoding);
        header.Set32(1, DataPage);
        header.Remove(8);
        header.SetChild(5, v1);
        return body.ToArray();
    }

    private static int Size(ThriftStruct header, int field, int most) =>
        header.Number(field) is >= 0 and var size && size <= most ? (int)size : throw new InvalidDataException("the size of a page is out of range");

    private static byte[] Decompress(ReadOnlySpan<byte> bytes, int codec, int size)
    {
        if (codec == Uncompressed || bytes.Length == 0) { return bytes.ToArray(); }
        var decompressed = new byte[size];
        if (codec == Snappy)
        {
            if (Snappier.Snappy.Decompress(bytes, decompressed) != size) { throw new InvalidDataException("a page is shorter than it says"); }
            return decompressed;
        }
        using var compressed = new MemoryStream(bytes.ToArray());
        using Stream stream = codec switch
        {
            Gzip => new GZipStream(compressed, CompressionMode.Decompress),
            Brotli => new BrotliStream(compressed, CompressionMode.Decompress),
            Zstd => new DecompressionStream(compressed),
            _ => throw new InvalidDataException($"compression {codec} is not known here"),
        };
        stream.ReadExactly(decompressed);
        return decompressed;
    }
}
