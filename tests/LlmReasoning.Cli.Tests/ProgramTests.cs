using System.Diagnostics;

namespace LlmReasoning.Cli.Tests;

public sealed class ProgramTests
{
    [Theory]
    [InlineData(new string[] { }, "a command is missing")]
    [InlineData(new[] { "inof" }, "'inof' is not known here (did you mean 'info'?); see llm-reasoning --help")]
    [InlineData(new[] { "info", "--jsno" }, "'--jsno' is not known here (did you mean '--json'?); see llm-reasoning info --help")]
    [InlineData(new[] { "info", "extra" }, "'extra' is not known here; see llm-reasoning info --help")]
    [InlineData(new[] { "train", "distill", "--teacher-data", "a.jsonl", "--outptu", "x" }, "'--outptu' is not known here (did you mean '--output'?); see llm-reasoning train distill --help")]
    [InlineData(new[] { "eval", "compare", "--base", "a", "--output", "c", "--model", "b", "--control-run", "d" }, "'--control-run' is not known here (did you mean '--control'?); see llm-reasoning eval compare --help")]
    [InlineData(new[] { "sample", "--level", "1", "2", "--modle", "embedded" }, "'--modle' is not known here (did you mean '--model'?)")]
    [InlineData(new[] { "runs", "summary", "a", "--outptu", "x" }, "'--outptu' is not known here (did you mean '--output'?)")]
    [InlineData(new[] { "sample", "--output", "--modle", "embedded" }, "'--modle' is not known here (did you mean '--model'?)")]
    [InlineData(new[] { "info", "--verbsoe" }, "'--verbsoe' is not known here (did you mean '--verbose'?)")]
    [InlineData(new[] { "info", "@missing" }, "'@missing' is not known here; see llm-reasoning info --help")]
    public void AMistakeInTheCommandLineIsOneLineAndExitCodeOne(string[] arguments, string expected)
    {
        var run = BuiltProgram.Run(arguments);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"llm-reasoning: {expected}", run.OneErrorLine);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void StartedAgainWithFewArenasItReadsTheSameArgumentsAndLeavesNothingInTheFolderForTemporaryFiles()
    {
        using var folder = new TemporaryFolder();
        var run = BuiltProgram.RunWith("TMPDIR", folder.Path, "--verbose", "eval", "passk", "--output", "", "--problems", "gr\u00f6\u00dfe 'a\" b.jsonl");
        Assert.Equal("llm-reasoning: --output: output_dir is \"\"; give it, as in --output runs/name", run.OneErrorLine);
        run = BuiltProgram.RunWith("TMPDIR", folder.Path, "eval", "passk", "--output", "o", "--problems", "gr\u00f6\u00dfe 'a\" b.jsonl");
        Assert.StartsWith("llm-reasoning: problems is gr\u00f6\u00dfe 'a\" b.jsonl, which does not exist; ", run.OneErrorLine, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("info", "--help")]
    public void WhatWasAskedForGoesToStdoutAlone(params string[] arguments)
    {
        var run = BuiltProgram.Run(arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.NotEmpty(run.Output);
        Assert.Empty(run.Error);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("info", "--help")]
    public void WhatNeedsNoTensorRunsWhereTorchSharpAndLibtorchAreAbsent(params string[] arguments)
    {
        using var folder = CopyOfProgram(withTorchSharp: false);
        var run = BuiltProgram.RunIn(folder.Path, null, arguments);
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
    }

    [Fact]
    public void AFailureIsOneLineThatNamesTheLogAndExitCodeTwo()
    {
        if (BuiltProgram.NativeFolder is null) { Assert.Skip("the build has no libtorch of its own"); }
        using var folder = CopyOfProgram(withTorchSharp: false);
        var run = BuiltProgram.RunIn(folder.Path, BuiltProgram.NativeFolder, "info", "--no-measure");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("llm-reasoning: FileNotFoundException: ", run.OneErrorLine);
        var log = run.OneErrorLine[(run.OneErrorLine.LastIndexOf(' ') + 1)..];
        Assert.Contains("   at LlmReasoning.Cli.Program.Main", File.ReadAllText(log));
        File.Delete(log);
    }

    [Fact]
    public void WithoutALibtorchOfItsOwnTheProgramAsksForTorchLib()
    {
        using var folder = CopyOfProgram(withTorchSharp: true);
        var unset = BuiltProgram.RunIn(folder.Path, null, "info");
        Assert.Equal(1, unset.ExitCode);
        Assert.Contains("TORCH_LIB is not set; set it to", unset.OneErrorLine);
        var empty = BuiltProgram.RunIn(folder.Path, "/nowhere", "info");
        Assert.Equal(1, empty.ExitCode);
        Assert.Contains("TORCH_LIB is '/nowhere', which holds no ", empty.OneErrorLine);
    }

    [Fact]
    public void ALibraryThatCannotBeLoadedIsTheUsersMistake()
    {
        using var folder = CopyOfProgram(withTorchSharp: true);
        using var torchLib = new TemporaryFolder();
        torchLib.File("libtorch_cpu.so", "not a library");
        var run = BuiltProgram.RunIn(folder.Path, torchLib.Path, "info");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("libtorch_cpu.so there cannot be loaded", run.OneErrorLine);
    }

    [Fact]
    public void ALibtorchNamedByTorchLibIsUsed()
    {
        if (BuiltProgram.NativeFolder is null) { Assert.Skip("the build has no libtorch of its own"); }
        using var folder = CopyOfProgram(withTorchSharp: true);
        var run = BuiltProgram.RunIn(folder.Path, BuiltProgram.NativeFolder, "info", "--no-measure", "--json");
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        Assert.Contains($"\"folder\": \"{BuiltProgram.NativeFolder}\"", run.Output);
    }

    [Fact]
    public void ATerminationSignalEndsWithExitCode130()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("reads /proc"); }
        BuiltProgram.NeedsLibtorch();
        using var process = BuiltProgram.Start(BuiltProgram.Folder, BuiltProgram.TorchLib, "info");
        var maps = $"/proc/{process.Id}/maps";
        while (!process.HasExited && !File.ReadAllText(maps).Contains("libLibTorchSharp", StringComparison.Ordinal)) { Thread.Sleep(10); }
        Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit();
        var run = BuiltProgram.Finish(process);
        Assert.Equal(130, run.ExitCode);
        Assert.Equal(["llm-reasoning: interrupted, stopping; once more to end at once", "llm-reasoning: interrupted"], run.Error.TrimEnd('\n').Split('\n'));
        Assert.Empty(run.Output);
    }

    [Fact]
    public void AClosedPipeEndsQuietly()
    {
        if (OperatingSystem.IsWindows()) { Assert.Skip("needs sh"); }
        var start = new ProcessStartInfo("sh", ["-c", $"\"{BuiltProgram.Dotnet}\" \"{BuiltProgram.Folder}/llm-reasoning.dll\" info --help | true"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        Assert.Empty(BuiltProgram.Finish(process).Error);
    }

    [Theory]
    [InlineData("verify 1 1", 0)]
    [InlineData("nonsense", 1)]
    public void AStderrThatTakesNothingChangesNothing(string arguments, int exitCode)
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("needs /dev/full"); }
        using var process = Process.Start("sh", ["-c", $"\"{BuiltProgram.Dotnet}\" \"{BuiltProgram.Folder}/llm-reasoning.dll\" {arguments} 2> /dev/full > /dev/null"]);
        process.WaitForExit();
        Assert.Equal(exitCode, process.ExitCode);
    }

    /// <summary>The managed part alone, and TorchSharp's own library where it is asked for. Without deps.json the host takes what lies there.</summary>
    private static TemporaryFolder CopyOfProgram(bool withTorchSharp)
    {
        var folder = new TemporaryFolder();
        var files = Directory.EnumerateFiles(BuiltProgram.Folder, "*.dll").Append(Path.Combine(BuiltProgram.Folder, "llm-reasoning.runtimeconfig.json"));
        foreach (var file in files.Where(file => withTorchSharp || Path.GetFileName(file) != "TorchSharp.dll"))
        {
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        }
        var native = Directory.EnumerateFiles(BuiltProgram.Folder, "libLibTorchSharp.so", SearchOption.AllDirectories).FirstOrDefault();
        if (withTorchSharp && native is not null) { File.Copy(native, Path.Combine(folder.Path, "libLibTorchSharp.so")); }
        return folder;
    }
}
