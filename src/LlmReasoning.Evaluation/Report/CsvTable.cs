using System.Globalization;
using CsvHelper;

namespace LlmReasoning.Evaluation.Report;

/// <summary>A table as CSV: header, UTF-8, RFC 4180, invariant numbers (doubles as the shortest text that reads back to the same value), null as nothing.</summary>
public static class CsvTable
{
    private static readonly CsvWriterOptions Options = CsvWriterOptions.Default with
    {
        NewLine = "\r\n",
        NullValue = "",
        FormatProvider = CultureInfo.InvariantCulture,
        ValidateFieldCount = true,
    };

    /// <summary>Writes a file, whole or not at all.</summary>
    public static void Write(string path, string[] header, IEnumerable<object?[]> rows) => AtomicFile.Write(path, stream => Write(stream, header, rows));

    /// <summary>Writes to a stream and leaves it open.</summary>
    public static void Write(Stream stream, string[] header, IEnumerable<object?[]> rows)
    {
        using var csv = CsvWriter.Create(stream, Options, true);
        csv.WriteHeader(header);
        foreach (var row in rows)
        {
            foreach (var field in row) { csv.WriteField(field); }
            csv.EndRecord();
        }
    }
}
