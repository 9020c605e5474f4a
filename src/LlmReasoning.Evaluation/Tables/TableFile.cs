namespace LlmReasoning.Evaluation.Tables;

/// <summary>Reads rows from jsonl, CSV and parquet files; the first two may be compressed (.gz, .zst).</summary>
internal static class TableFile
{
    /// <summary>Rows in file order, read as they are taken. A row that cannot be read carries its fault, and reading goes on where it can.</summary>
    /// <exception cref="UserException">The file is missing, cannot be opened, or is damaged beyond a row.</exception>
    public static IEnumerable<TableRow> Rows(string path)
    {
        var name = CompressedStream.WithoutExtension(path);
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".csv" => CsvRows.Read(path),
            ".parquet" when name == path => ParquetRows.Read(path),
            _ => JsonRows.Read(path),
        };
    }
}
