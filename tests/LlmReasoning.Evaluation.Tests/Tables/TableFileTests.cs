using System.IO.Compression;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Tests.Tables;

public sealed class TableFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CsvFieldsAreTextsAndEmptyOnesAreAbsent()
    {
        var rows = TableFile.Rows(_folder.File("a.csv", "problem,answer,level\r\n\"two\nlines, \"\"quoted\"\"\",1,\r\nq,2,3\r\n")).ToArray();
        Assert.Equal(["line 2", "line 4"], rows.Select(row => row.Place));
        Assert.Equal(("two\nlines, \"quoted\"", "1", null), (rows[0].Text("problem"), rows[0].Text("answer"), rows[0].Text("level")));
        Assert.Equal(1, rows[1].Index);
    }

    [Fact]
    public void ACsvRecordWithTooFewFieldsCarriesItsFault()
    {
        var rows = TableFile.Rows(_folder.File("a.csv", "problem,answer\nq\nr,1\n")).ToArray();
        Assert.Equal(["has 1 fields, but the header has 2", null], rows.Select(row => row.Fault));
    }

    [Theory]
    [InlineData("a.csv", "problem,problem\n1,2\n", "column \"problem\" occurs twice")]
    [InlineData("b.csv", "problem,answer\n\"open,1\n", "not CSV")]
    [InlineData("c.parquet", "PAR1 but not parquet PAR1", "cannot be read as parquet")]
    [InlineData("d.parquet", "", "cannot be read as parquet")]
    [InlineData("e.jsonl.gz", "not gzip at all", "damaged or cut off")]
    [InlineData("f.csv.zst", "not zstd at all", "damaged or cut off")]
    public void ADamagedFileIsOneLineThatNamesIt(string name, string text, string message)
    {
        var path = _folder.File(name, text);
        var error = Assert.Throws<UserException>(() => TableFile.Rows(path).ToArray());
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("a.jsonl.gz")]
    [InlineData("a.jsonl.zst")]
    public void CompressedFilesReadAsTheirText(string name)
    {
        var path = _folder.File(name);
        CompressedStream.Write(path, stream => stream.Write("{\"problem\": \"p\"}\n"u8));
        Assert.Equal("p", Assert.Single(TableFile.Rows(path)).Text("problem"));
    }

    [Fact]
    public void ACutCompressedFileIsNamed()
    {
        var path = _folder.File("a.jsonl.gz");
        using (var stream = new GZipStream(File.Create(path), CompressionLevel.NoCompression)) { stream.Write(new byte[100_000]); }
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..50_000]);
        Assert.Contains("damaged or cut off", Assert.Throws<UserException>(() => TableFile.Rows(path).ToArray()).Message);
    }
}
