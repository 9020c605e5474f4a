using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Serialization;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>Rows of a parquet file as JSON objects; lists and structs nest. Null and NaN fields are absent ones. One row group is held at a time.</summary>
internal static class ParquetRows
{
    /// <summary>A larger row group would be held whole in memory, with its texts as objects.</summary>
    private const long MaxRowGroupBytes = 2L << 30;

    public static IEnumerable<TableRow> Read(string path)
    {
        using var file = CompressedStream.OpenRead(path);
        var stream = file;
        var groups = Guard(path, () => RowGroups(path, stream));
        var index = 0;
        for (var group = 0; group < groups; group++)
        {
            var rowGroup = group;
            var rows = Guard(path, () => RowGroup(ref stream, rowGroup));
            foreach (var row in rows)
            {
                var fields = JsonSerializer.SerializeToElement(Fields(row!), RowJson.Default.JsonObject);
                yield return new TableRow(index, $"row {index + 1}", fields);
                index++;
            }
        }
    }

    private static IList<Dictionary<string, object>> RowGroup(ref Stream stream, int index)
    {
        try
        {
            return ParquetSerializer.DeserializeUntypedAsync(stream, null, index).GetAwaiter().GetResult().Data;
        }
        catch (InvalidDataException e) when (e.InnerException is NotImplementedException && stream is not MemoryStream)
        {
            stream = ParquetPages.WithVersion1(stream);
            return RowGroup(ref stream, index);
        }
    }

    private static int RowGroups(string path, Stream stream)
    {
        ParquetPages.Check(stream);
        stream.Position = 0;
        var reader = ParquetReader.CreateAsync(stream, null, leaveStreamOpen: true).GetAwaiter().GetResult();
        var largest = reader.Metadata?.RowGroups.Select(group => group.TotalByteSize).DefaultIfEmpty().Max() ?? 0;
        return largest <= MaxRowGroupBytes
            ? reader.RowGroupCount
            : throw new UserException($"{path}: a row group holds {largest >> 20} MB, more than {MaxRowGroupBytes >> 20} MB; write the file with smaller row groups");
    }

    private static JsonObject Fields(IEnumerable<KeyValuePair<string, object?>> row)
    {
        var fields = new JsonObject();
        foreach (var (name, value) in row)
        {
            if (Node(value) is { } node) { fields.Add(name, node); }
        }
        return fields;
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        ReadOnlyMemory<char> text => JsonValue.Create(text.ToString()),
        bool flag => JsonValue.Create(flag),
        double.NaN or float.NaN => null,
        double number => double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(number.ToString(CultureInfo.InvariantCulture)),
        float number => float.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(number.ToString(CultureInfo.InvariantCulture)),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        sbyte or byte or short or ushort or uint => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        ulong number => JsonValue.Create(number),
        decimal number => JsonValue.Create(number),
        byte[] bytes => JsonValue.Create(Convert.ToBase64String(bytes)),
        ReadOnlyMemory<byte> bytes => JsonValue.Create(Convert.ToBase64String(bytes.Span)),
        IEnumerable<KeyValuePair<string, object?>> row => Fields(row),
        System.Collections.IDictionary map => Map(map),
        System.Collections.IEnumerable items => new JsonArray([.. items.Cast<object?>().Select(Node)]),
        IFormattable other => JsonValue.Create(other.ToString(null, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(value.ToString()),
    };

    private static JsonObject Map(System.Collections.IDictionary map)
    {
        var fields = new JsonObject();
        foreach (System.Collections.DictionaryEntry entry in map) { fields[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Node(entry.Value); }
        return fields;
    }

    /// <summary>A file that is not parquet, or a changed one, makes the reader fail in many ways; each of them is the file's fault.</summary>
    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (UserException or OutOfMemoryException))
        {
            throw new UserException($"{path}: cannot be read as parquet ({e.Message.Split('\n')[0].TrimEnd('.')}); write it anew, or convert it to jsonl", e);
        }
    }
}
