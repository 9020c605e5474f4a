using Serilog;

namespace LlmReasoning.Cli.Tests;

public sealed class LoggingTests
{
    [Fact]
    public void ALogFileHoldsInformationToo()
    {
        using var folder = new TemporaryFolder();
        var run = Path.Combine(folder.Path, "run");
        Logging.ToFile(run);
        Log.Information("step {Step} of {Steps}", 3, 10);
        Log.Debug("not written");
        Logging.Close();
        var lines = File.ReadAllLines(Path.Combine(run, "log.txt"));
        Assert.Equal(2, lines.Length);
        Assert.Contains(" INF llm-reasoning ", lines[0]);
        Assert.EndsWith(" INF step 3 of 10", lines[1]);
    }

    [Fact]
    public void ALogOnAFullDiskFailsNothing()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("needs /dev/full"); }
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(Path.Combine(folder.Path, "log.txt"), "/dev/full");
        Logging.ToFile(folder.Path);
        Logging.Close();
    }

    [Fact]
    public void AFileInPlaceOfTheFolderIsTheUsersMistake()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("is a file; name a folder", Assert.Throws<UserException>(() => Logging.ToFile(folder.File("run", ""))).Message);
    }

    [Theory]
    [InlineData("a\nb\tc", "a b c")]
    [InlineData("\e[31mred", "?[31mred")]
    public void ALineOfStderrCannotMoveTheCursor(string text, string expected) => Assert.Equal(expected, Stderr.OneLine(text));
}
