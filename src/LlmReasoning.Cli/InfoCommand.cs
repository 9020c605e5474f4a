using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmReasoning.Cli;

/// <summary><c>info</c>: what this machine and this build are, and which dtype to take.</summary>
internal static class InfoCommand
{
    private static readonly JsonSerializerOptions JsonStyle = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Write one JSON object" };
        var noMeasure = new Option<bool>("--no-measure") { Description = "Skip the measurements, which take a few seconds" };
        var command = new Command("info", "Show device, libtorch, processor and versions; measure matrix products and memory; say which dtype to take.") { json, noMeasure };
        command.SetAction(parsed => Run(parsed.GetValue(json), !parsed.GetValue(noMeasure)));
        return command.WithExamples("llm-reasoning info", "llm-reasoning info --no-measure --json | jq .devices");
    }

    private static int Run(bool json, bool measure)
    {
        NativeTorch.Initialise();
        var machine = Machine.Read();
        var torch = TorchInfo.Read();
        var speed = measure ? TorchSpeed.Measure(torch.CudaAvailable, machine.LacksFastBfloat16, Interruption.Token) : null;
        if (json) { Console.Out.WriteLine(JsonSerializer.Serialize(new { Machine = machine, Torch = torch, Speed = speed }, JsonStyle)); }
        else { WriteTable(machine, torch, speed); }
        return ExitCode.Done;
    }

    private static void WriteTable(Machine machine, TorchInfo torch, TorchSpeed? speed)
    {
        Row("program", $"llm-reasoning {machine.ProgramVersion}");
        Row(".NET", machine.DotnetVersion);
        Row("system", machine.OperatingSystem);
        Row("processor", $"{machine.Processor}, {machine.Processors} logical");
        Row("features", machine.ProcessorFeatures.Count > 0 ? string.Join(' ', machine.ProcessorFeatures) : "none of those looked for");
        Row("memory", Text($"{machine.MemoryGibibytes:0.0} GiB, {machine.AvailableMemoryGibibytes:0.0} GiB available"));
        Row("torch", $"libtorch {torch.LibtorchVersion} ({torch.Backend}), TorchSharp {torch.TorchsharpVersion}");
        Row("libtorch in", NativeTorch.FolderBesideProgram is null ? torch.Folder : "the program's folder");
        Row("devices", string.Join(", ", torch.Devices) + (torch.CudaAvailable ? "" : "; CUDA is not available"));
        Row("threads", $"{torch.Threads} in an operator, {torch.InteropThreads} between operators");
        if (speed is null) { return; }
        Row("measured on", speed.Device);
        Row("float32", Text($"{speed.Float32Gigaflops:0} GFLOP/s, product of {speed.Float32Size}^3"));
        Row("bfloat16", Text($"{speed.Bfloat16Gigaflops:0.#} GFLOP/s, product of {speed.Bfloat16Size}^3")
            + (speed.Bfloat16Size < speed.Float32Size ? "; stopped early, larger ones are slow" : ""));
        Row("memory copy", Text($"{speed.CopyGigabytesPerSecond:0.0} GB/s, read and written"));
        Row("take dtype", $"{speed.Dtype}; {speed.Reason}");
    }

    private static void Row(string name, string value)
    {
        const int nameWidth = 13, width = 80;
        var line = name.PadRight(nameWidth);
        foreach (var word in value.Split(' '))
        {
            if (line.Length + word.Length > width && line.Trim().Length > 0)
            {
                Console.Out.WriteLine(line.TrimEnd());
                line = new string(' ', nameWidth);
            }
            line += word + ' ';
        }
        Console.Out.WriteLine(line.TrimEnd());
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
