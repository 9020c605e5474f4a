namespace LlmReasoning.Evaluation.Tests;

public sealed class OutputFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFolderIsMadeWithThoseAboveItAndNothingIsLeftInIt()
    {
        var folder = Path.Combine(_folder.Path, "a", "b");
        OutputFolder.Create(folder);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void AFileInPlaceOfTheFolderOrAboveItIsNamed()
    {
        var file = _folder.File("file", "");
        Assert.Equal($"{file}: is a file; name a folder to write to", Refusal(file));
        var below = Path.Combine(file, "a", "b");
        Assert.Equal($"{below}: cannot be written: {file} is a file; choose another place", Refusal(below));
    }

    [Fact]
    public void AFolderWhereNothingCanBeMadeIsRefusedBeforeAnyWork()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("/proc is Linux's"); }
        Assert.StartsWith("/proc/x: cannot be written: ", Refusal("/proc/x"), StringComparison.Ordinal);
        Assert.StartsWith("/proc: cannot be written: ", Refusal("/proc"), StringComparison.Ordinal);
    }

    [Fact]
    public void AHeldFolderIsRefusedUntilItIsLetGoAndTheFileThatStaysHoldsNothing()
    {
        using (OutputFolder.Lock(_folder.Path))
        {
            Assert.Equal(
                $"{_folder.Path}: another process is writing to this folder; wait for its end, or choose another --output",
                Assert.Throws<UserException>(() => OutputFolder.Lock(_folder.Path)).Message);
        }
        Assert.True(File.Exists(Path.Combine(_folder.Path, OutputFolder.LockFile)));
        OutputFolder.Lock(_folder.Path).Dispose();
    }

    private static string Refusal(string folder) => Assert.Throws<UserException>(() => OutputFolder.Create(folder)).Message;
}
