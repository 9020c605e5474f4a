using System.Runtime.InteropServices;

namespace LlmReasoning.Cli;

/// <summary>Everything that must happen before the first call into libtorch. Called by the commands that need tensors, and by no other.</summary>
/// <remarks>Refers to no type of TorchSharp, so that calling it loads nothing but libtorch itself.</remarks>
internal static partial class NativeTorch
{
    private static readonly Lock Gate = new();
    private static bool _initialised;

    /// <summary>Sets the process up for libtorch and, where no libtorch stands beside the program, loads the one that TORCH_LIB names.</summary>
    /// <exception cref="UserException">No libtorch stands beside the program, and TORCH_LIB is unset or names a folder without one.</exception>
    public static void Initialise()
    {
        lock (Gate)
        {
            if (_initialised) { return; }
            if (OperatingSystem.IsLinux())
            {
                WaitWithoutSpinning();
                KeepFreedMemory();
            }
            if (FolderBesideProgram is null) { LoadFromTorchLib(); }
            _initialised = true;
        }
    }

    /// <summary>The folder of the libtorch that came with the build, or null (TorchBackend=system).</summary>
    public static string? FolderBesideProgram { get; } = FindBesideProgram();

    /// <summary>Where libtorch is loaded from: the build's own folder, or TORCH_LIB.</summary>
    public static string Folder => FolderBesideProgram ?? Environment.GetEnvironmentVariable("TORCH_LIB") ?? "";

    // libgomp's threads spin at barriers: with one other busy process, every parallel region then costs a scheduler's quantum
    // (a softmax of 512 x 2048: 8.0 ms instead of 0.45 ms). libgomp reads the C environment, which .NET's SetEnvironmentVariable does not reach.
    private static void WaitWithoutSpinning() => SetEnvironment("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);

    // A tensor over 32 MB would be mapped anew and page-faulted in by every operation (an out-of-place product of 64 MB: 18.3 ms instead of 6.4 ms).
    // A heap that never maps, never trims and grows by 64 MB; see also FewArenas. The numbers of the parameters are those of glibc's malloc.h.
    private static void KeepFreedMemory()
    {
        if (!NativeLibrary.TryLoad("libc.so.6", out _)) { return; }    // another C library, such as musl
        const int trimThreshold = -1, topPad = -2, mmapMax = -4;
        SetAllocatorOption(mmapMax, 0);
        SetAllocatorOption(trimThreshold, -1);
        SetAllocatorOption(topPad, 64 << 20);
    }

    private static string? FindBesideProgram()
    {
        var library = LibraryName("torch_cpu");
        var program = AppContext.BaseDirectory;
        string[] folders = [program, Path.Combine(program, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"), Path.Combine(program, "runtimes", "linux-x64", "native")];
        return Array.Find(folders, folder => File.Exists(Path.Combine(folder, library)));
    }

    private static void LoadFromTorchLib()
    {
        const string remedy = "set it to the folder of PyTorch's libraries: TORCH_LIB=$(python -c \"import torch,os;print(os.path.dirname(torch.__file__)+'/lib')\")";
        var folder = Environment.GetEnvironmentVariable("TORCH_LIB");
        if (string.IsNullOrEmpty(folder)) { throw new UserException($"this build has no libtorch of its own (TorchBackend=system) and TORCH_LIB is not set; {remedy}"); }
        if (!File.Exists(Path.Combine(folder, LibraryName("torch_cpu")))) { throw new UserException($"TORCH_LIB is '{folder}', which holds no {LibraryName("torch_cpu")}; {remedy}"); }

        // In the order of their needs: libtorch, once loaded, is found by its name (SONAME) when TorchSharp's library asks for it.
        // The CUDA libraries find their nvidia-* neighbours by a path relative to where they lie, hence the full path.
        string[] names = ["torch_global_deps", "c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];
        foreach (var path in names.Select(name => Path.Combine(Path.GetFullPath(folder), LibraryName(name))).Where(File.Exists))
        {
            try { NativeLibrary.Load(path); }
            catch (DllNotFoundException e)
            {
                throw new UserException($"TORCH_LIB is '{folder}', but {Path.GetFileName(path)} there cannot be loaded ({e.Message.Split('\n')[0]}); it must be libtorch 2.10 or 2.11 for this system", e);
            }
        }
    }

    private static string LibraryName(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial void SetAllocatorOption(int parameter, int value);
}
