using System.Diagnostics;

namespace LlmReasoning.Cli.Tests;

/// <summary>The program as it was built, run as a process.</summary>
internal static class BuiltProgram
{
    /// <summary>artifacts/bin/LlmReasoning.Cli/debug, found from the tests' own artifacts/bin/LlmReasoning.Cli.Tests/debug.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>The folder of the native libraries that came with the build; null for TorchBackend=system.</summary>
    public static string? NativeFolder { get; } = new[] { Folder, Path.Combine(Folder, "runtimes", "linux-x64", "native") }
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "libtorch_cpu.so")));

    /// <summary>What the environment of the tests says, for a build without a libtorch of its own.</summary>
    public static string? TorchLib { get; } = Environment.GetEnvironmentVariable("TORCH_LIB");

    public static Finished Run(params string[] arguments) => RunIn(Folder, TorchLib, arguments);

    /// <summary>Skips the test where the built program finds no libtorch.</summary>
    public static void NeedsLibtorch()
    {
        if (NativeFolder is null && TorchLib is null) { Assert.Skip("the build has no libtorch of its own and TORCH_LIB is not set"); }
    }

    /// <summary>Runs the program that lies in <paramref name="folder"/>, with TORCH_LIB set or (null) unset.</summary>
    public static Finished RunIn(string folder, string? torchLib, params string[] arguments)
    {
        using var process = Start(folder, torchLib, arguments);
        return Finish(process);
    }

    /// <summary>Runs the program with an environment variable of its own.</summary>
    public static Finished RunWith(string variable, string value, params string[] arguments)
    {
        var start = StartInfo(Folder, TorchLib, arguments);
        start.Environment[variable] = value;
        using var process = Process.Start(start)!;
        return Finish(process);
    }

    public static Process Start(string folder, string? torchLib, params string[] arguments) => Process.Start(StartInfo(folder, torchLib, arguments))!;

    private static ProcessStartInfo StartInfo(string folder, string? torchLib, string[] arguments)
    {
        var start = new ProcessStartInfo(Dotnet, [Path.Combine(folder, "llm-reasoning.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("TORCH_LIB");
        if (torchLib is not null) { start.Environment["TORCH_LIB"] = torchLib; }
        return start;
    }

    public static Finished Finish(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.Result);
    }

    /// <summary>The dotnet that runs these tests, else the one on the path.</summary>
    public static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string FindFolder()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent!.Parent!.FullName, "LlmReasoning.Cli", own.Name);
    }

    public sealed record Finished(int ExitCode, string Output, string Error)
    {
        public string OneErrorLine => Assert.Single(Error.TrimEnd('\n').Split('\n'));
    }
}
