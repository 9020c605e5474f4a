using System.Text.Json;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Tests.Tables;

[Trait("Category", "Golden")]
public sealed class TableFileGoldenTests
{
    [Fact]
    public void EveryPublishedFormatReadsToTheSameRows()
    {
        var folder = Path.GetDirectoryName(Golden.Files("reference/formats", "tables.json")[0])!;
        var tables = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tables.json"))).RootElement;
        var files = tables.GetProperty("files").EnumerateObject().ToArray();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var expected = tables.GetProperty(file.Value.GetProperty("rows").GetString()!).EnumerateArray().ToArray();
            var rows = TableFile.Rows(Path.Combine(folder, file.Name)).ToArray();
            Assert.Equal(expected.Length, rows.Length);
            for (var i = 0; i < rows.Length; i++)
            {
                Assert.Equal((i, null), (rows[i].Index, rows[i].Fault));
                Assert.True(AreEqual(expected[i], rows[i].Fields), $"{file.Name}, {rows[i].Place}: {rows[i].Fields} is not {expected[i]}");
            }
        }
    }

    [Fact]
    public void AChangedParquetFileIsReadOrRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Golden.Files("reference/formats", "*.parquet"))
        {
            var bytes = File.ReadAllBytes(file);
            for (var i = 0; i < 40; i++)
            {
                var random = new SplitMix64("mutation", Path.GetFileName(file), i);
                var changed = bytes.ToArray();
                for (var j = random.Below(4); j >= 0; j--) { changed[random.Below(changed.Length)] = (byte)random.Below(256); }
                var path = folder.File($"{i}.parquet");
                File.WriteAllBytes(path, changed);
                try
                {
                    _ = TableFile.Rows(path).Count();
                }
                catch (UserException e)
                {
                    Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
                    Assert.DoesNotContain('\n', e.Message);
                }
            }
        }
    }

    /// <summary>Equal values; a null field is an absent one, 2 is 2.0.</summary>
    private static bool AreEqual(JsonElement a, JsonElement b) => (a.ValueKind, b.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) => Names(a).Union(Names(b)).All(name =>
            a.TryGetProperty(name, out var x) && b.TryGetProperty(name, out var y) && AreEqual(x, y)),
        (JsonValueKind.Array, JsonValueKind.Array) => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => AreEqual(pair.First, pair.Second)),
        (JsonValueKind.Number, JsonValueKind.Number) => a.GetDouble().Equals(b.GetDouble()),
        (JsonValueKind.String, JsonValueKind.String) => a.GetString() == b.GetString(),
        var (x, y) => x == y,
    };

    private static IEnumerable<string> Names(JsonElement row) =>
        row.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).Select(field => field.Name);
}
