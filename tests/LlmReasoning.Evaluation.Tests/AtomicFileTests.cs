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
        var failure = Assert.Throws<UserException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("no device");
        }));
        Assert.Equal($"{path}: cannot be written: no device; choose another place", failure.Message);
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

    [Fact]
    public void AFullDiskIsToldWithTheRemedy()
    {
        if (!File.Exists("/dev/full")) { Assert.Skip("needs /dev/full"); }
        Assert.Equal("/dev/full: cannot be written: the disk is full; make room, or choose a place on another disk", Assert.Throws<UserException>(() => AtomicFile.WriteText("/dev/full", "x")).Message);
    }

    [Fact]
    public void ANameThatIsTooLongIsTheUsersMistake() =>
        Assert.Contains("the name is too long; choose a shorter one", Assert.Throws<UserException>(() => AtomicFile.WriteText(Path.Combine(_folder.Path, new string('a', 300)), "x")).Message, StringComparison.Ordinal);

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
