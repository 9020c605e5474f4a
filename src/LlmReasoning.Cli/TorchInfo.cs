using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace LlmReasoning.Cli;

/// <summary>What libtorch says of itself.</summary>
internal sealed partial record TorchInfo
{
    /// <summary>Of the libtorch that is loaded, such as 2.10.0.</summary>
    public required string LibtorchVersion { get; init; }
    public required string TorchsharpVersion { get; init; }

    /// <summary>"cpu" or "cuda": what the loaded libtorch was built for.</summary>
    public required string Backend { get; init; }

    /// <summary>Where libtorch was loaded from.</summary>
    public required string Folder { get; init; }
    public required bool CudaAvailable { get; init; }
    public required IReadOnlyList<string> Devices { get; init; }
    public required int Threads { get; init; }
    public required int InteropThreads { get; init; }

    /// <summary>Loads libtorch. <see cref="NativeTorch.Initialise"/> must have been called.</summary>
    public static TorchInfo Read()
    {
        torch.InitializeDeviceType(DeviceType.CPU);
        var cuda = torch.cuda.is_available();
        return new()
        {
            LibtorchVersion = Version(AbiVersion()),
            TorchsharpVersion = typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
            Backend = File.Exists(Path.Combine(NativeTorch.Folder, "libtorch_cuda.so")) ? "cuda" : "cpu",
            Folder = NativeTorch.Folder,
            CudaAvailable = cuda,
            Devices = cuda ? ["cpu", .. Enumerable.Range(0, torch.cuda.device_count()).Select(index => $"cuda:{index}")] : ["cpu"],
            Threads = torch.get_num_threads(),
            InteropThreads = torch.get_num_interop_threads(),
        };
    }

    /// <summary>One byte each, from the top: major, minor, patch.</summary>
    private static string Version(ulong abiVersion) => $"{abiVersion >> 56}.{abiVersion >> 48 & 0xff}.{abiVersion >> 40 & 0xff}";

    [LibraryImport("libtorch_cpu", EntryPoint = "aoti_torch_abi_version")]
    private static partial ulong AbiVersion();
}
