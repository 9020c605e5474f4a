using System.Text.Json;
using System.Text.Json.Nodes;
using CsvHelper;

namespace LlmReasoning.Evaluation.Tables;

/// <summary>Records of a CSV file (RFC 4180, with a header) as objects of texts. An empty field is an absent one.</summary>
internal static class CsvRows
{
    private static readonly CsvReaderOptions Options = CsvReaderOptions.Default with
    {
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Allow,           // reported by row below, with both counts
        MaxRecordSize = LineReader.MaxLineBytes,
    };

    public static IEnumerable<TableRow> Read(string path)
    {
        using var stream = CompressedStream.OpenRead(path);
        using var csv = CsvReader.Create(stream, Options, leaveOpen: true);
        var header = Guard(path, () => csv.Headers.ToArray());
        if (header.Length == 0) { yield break; }
        if (header.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } repeated)
        {
            throw new UserException($"{path}: line 1: column \"{repeated.Key}\" occurs twice; give every column its own name");
        }
        for (var index = 0; Guard(path, csv.Read); index++)
        {
            var place = $"line {csv.LineNumber}";
            if (csv.FieldCount != header.Length)
            {
                yield return new TableRow(index, place, default, $"has {csv.FieldCount} fields, but the header has {header.Length}");
                continue;
            }
            var fields = new JsonObject();
            for (var i = 0; i < header.Length; i++)
            {
                if (!csv.IsEmpty(i)) { fields.Add(header[i], csv.GetString(i)); }
            }
            yield return new TableRow(index, place, JsonSerializer.SerializeToElement(fields, RowJson.Default.JsonObject));
        }
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CsvFormatException e)
        {
            throw new UserException($"{path}: not CSV ({e.Message.Split('\n')[0].TrimEnd('.')})", e);
        }
        catch (Exception e) when (CompressedStream.IsDamage(e))
        {
            throw CompressedStream.Damaged(path, e);
        }
    }
}
