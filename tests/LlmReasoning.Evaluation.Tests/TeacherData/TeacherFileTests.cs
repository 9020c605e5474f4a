using LlmReasoning.Evaluation.TeacherData;

namespace LlmReasoning.Evaluation.Tests.TeacherData;

public sealed class TeacherFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Category", "Golden")]
    public void ParquetGivesTheConversationsOfJsonl()
    {
        var files = Golden.Files("reference/formats", "messages_*");
        var expected = Conversations(files.First(file => file.EndsWith(".jsonl", StringComparison.Ordinal)));
        Assert.NotEmpty(expected);
        foreach (var file in files.Where(file => file.EndsWith(".parquet", StringComparison.Ordinal))) { Assert.Equal(expected, Conversations(file)); }
    }

    [Fact]
    public void AFolderStandsForItsTrainingSetElseForItsSamples()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "samples.jsonl"), "");
        Assert.Equal([Path.Combine(_folder.Path, "samples.jsonl")], TeacherFile.Find(_folder.Path));
        File.WriteAllText(Path.Combine(_folder.Path, "sft.jsonl"), "");
        Assert.Equal([Path.Combine(_folder.Path, "sft.jsonl")], TeacherFile.Find(_folder.Path));
        Assert.Contains("does not exist", Assert.Throws<UserException>(() => TeacherFile.Find(Path.Combine(_folder.Path, "none.jsonl"))).Message, StringComparison.Ordinal);
    }

    // Up to the first row that is none (the files hold messages without content too).
    private static List<string> Conversations(string file)
    {
        var rows = new List<string>();
        try
        {
            foreach (var row in TeacherFile.Read(file)) { rows.Add(string.Join("\n", Assert.IsType<TeacherRow.Chat>(row).Messages)); }
        }
        catch (UserException e)
        {
            Assert.StartsWith(file, e.Message, StringComparison.Ordinal);
        }
        return rows;
    }
}
