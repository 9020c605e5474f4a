using System.Text;

namespace LlmReasoning.Evaluation.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatFailsHalfwayLeavesTheFileAsItWasAndNothingBeside()
    {
        var path = _folder.File("a.txt", "before");
        Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("disk full");
        }));
        Assert.Equal("before", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void AnEmptyNameIsTheUsersMistake(string path) =>
        Assert.Contains("is empty", Assert.Throws<UserException>(() => AtomicFile.WriteText(path, "x")).Message, StringComparison.Ordinal);

    [Fact]
    public void AFolderIsTheUsersMistake() =>
        Assert.Equal($"{_folder.Path}: is a folder; name a file to write", Assert.Throws<UserException>(() => AtomicFile.WriteText(_folder.Path, "x")).Message);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ALinkStaysALinkAndItsTargetIsReplaced(bool exists)
    {
        var target = exists ? _folder.File("target.txt", "before") : Path.Combine(_folder.Path, "target.txt");
        var link = Path.Combine(_folder.Path, "link.txt");
        File.CreateSymbolicLink(link, target);
        AtomicFile.WriteText(link, "after");
        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.Equal("after", File.ReadAllText(target));
    }

    /// <summary>As with --output /dev/stdout: a rename would put a file in the device's place.</summary>
    [Fact]
    public void AnOpenDescriptorIsWrittenThrough()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("/proc/self/fd is Linux's"); }
        using var open = new FileStream(Path.Combine(_folder.Path, "a.txt"), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        AtomicFile.Write($"/proc/self/fd/{open.SafeFileHandle.DangerousGetHandle()}", stream => stream.Write(Encoding.UTF8.GetBytes("text")));
        Assert.Equal("text"u8, File.ReadAllBytes(open.Name));
    }
}
