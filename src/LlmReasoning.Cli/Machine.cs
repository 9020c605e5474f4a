using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace LlmReasoning.Cli;

/// <summary>What can be said about the machine without libtorch.</summary>
internal sealed record Machine
{
    private static readonly string[] FeaturesLookedFor =
        ["avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_fp16", "asimd", "asimdhp", "bf16", "sve"];

    public required string ProgramVersion { get; init; }
    public required string DotnetVersion { get; init; }
    public required string OperatingSystem { get; init; }
    public required string Processor { get; init; }

    /// <summary>Logical processors this process may use.</summary>
    public required int Processors { get; init; }

    /// <summary>Those that matter to matrix products, in the kernel's spelling.</summary>
    public required IReadOnlyList<string> ProcessorFeatures { get; init; }

    /// <summary>The machine's memory, or the container's limit where that is smaller.</summary>
    public required double MemoryGibibytes { get; init; }
    public required double AvailableMemoryGibibytes { get; init; }

    /// <summary>Whether libtorch has no fast bfloat16 product here and falls to a loop that can take tens of seconds for one product.</summary>
    public bool LacksFastBfloat16 => !ProcessorFeatures.Any(feature => feature is "avx512_bf16" or "amx_bf16" or "bf16");

    public static Machine Read()
    {
        const double gibibyte = 1L << 30;
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new()
        {
            ProgramVersion = Cli.ProgramVersion.Text,
            DotnetVersion = Environment.Version.ToString(),
            OperatingSystem = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
            Processor = FromFile("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
            Processors = Environment.ProcessorCount,
            ProcessorFeatures = ReadFeatures(),
            MemoryGibibytes = limit / gibibyte,
            AvailableMemoryGibibytes = Math.Min(limit, Kibibytes(FromFile("/proc/meminfo", "MemAvailable")) * 1024 ?? limit) / gibibyte,
        };
    }

    private static string[] ReadFeatures()
    {
        var flags = FromFile("/proc/cpuinfo", "flags") ?? FromFile("/proc/cpuinfo", "Features");
        if (flags is not null)
        {
            var present = flags.Split(' ').ToHashSet();
            return [.. FeaturesLookedFor.Where(present.Contains)];
        }
        var known = new (string Name, bool Present)[] { ("avx2", Avx2.IsSupported), ("fma", Fma.IsSupported), ("avx512f", Avx512F.IsSupported), ("avx512bw", Avx512BW.IsSupported) };
        return [.. known.Where(feature => feature.Present).Select(feature => feature.Name)];
    }

    private static double? Kibibytes(string? text) => text is not null && double.TryParse(text.Split(' ')[0], out var number) ? number : null;

    /// <summary>The value of the first line "key : value" of a file under /proc; null where there is no such file or line.</summary>
    private static string? FromFile(string path, string key)
    {
        if (!File.Exists(path)) { return null; }
        var line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal) && line.Contains(':'));
        return line?[(line.IndexOf(':') + 1)..].Trim();
    }
}
