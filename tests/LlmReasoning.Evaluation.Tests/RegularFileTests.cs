using System.Diagnostics;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Report.Study;

namespace LlmReasoning.Evaluation.Tests;

/// <summary>A pipe has no end and a read of it waits for a writer: a test that hangs has found one that is opened.</summary>
public sealed class RegularFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsReadHasNoByteOrderMark()
    {
        var path = Path.Combine(_folder.Path, "a.txt");
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, (byte)'a']);
        Assert.Equal("a", RegularFile.ReadText(path));
    }

    [Theory]
    [InlineData("study.json")]
    [InlineData("stage.json")]
    [InlineData("config.yaml")]
    [InlineData("summary.json")]
    [InlineData("problems.csv")]
    public void APipeInPlaceOfAFileOfAStudyIsRefused(string name)
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("needs mkfifo"); }
        var path = Path.Combine(_folder.Path, name);
        Process.Start("mkfifo", [path]).WaitForExit();
        Action read = name switch
        {
            "study.json" => () => StudyFile.Read(_folder.Path),
            "stage.json" => () => StudySettings.StageSeconds(_folder.Path),
            "config.yaml" => () => StudySettings.Config(path),
            "summary.json" => () => EvaluationSettings.Read(path),
            _ => () => EvaluatedModel.Read(_folder.Path),
        };
        Assert.Equal($"{path}: is a pipe or a device, not a file; write its content to a file and name that", Assert.Throws<UserException>(read).Message);
    }

    [Fact]
    public void ADeviceWithoutAnEndIsRefused()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("needs /dev/zero"); }
        Assert.Throws<UserException>(() => RegularFile.ReadBytes("/dev/zero"));
        Assert.Throws<UserException>(() => RegularFile.OpenRead("/dev/zero"));
    }
}
