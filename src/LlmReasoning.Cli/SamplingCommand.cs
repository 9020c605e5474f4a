using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using Serilog;
using static TorchSharp.torch;
using SamplingSettings = LlmReasoning.Torch.Generation.SamplingSettings;

namespace LlmReasoning.Cli;

/// <summary>What <c>sample</c> and <c>eval passk</c> share: the options, and sampling into a folder.</summary>
internal static class SamplingCommand
{
    public static void AddOptions<T>(ConfigOptions<T> options) where T : SamplingConfig
    {
        options.Add("--model", nameof(SamplingConfig.ModelNameOrPath), "The model's folder, or \"embedded\"", "DIR");
        options.Add("--problems", nameof(SamplingConfig.Problems), "A file of problems, embedded-test or embedded-train", "FILE");
        options.Add("--output", nameof(SamplingConfig.OutputDir), "The folder to write to; an unfinished run there goes on", "DIR");
        options.Add("--n", nameof(SamplingConfig.N), "Samples a problem", "N");
        options.Add("--temperature", nameof(SamplingConfig.Temperature), "0 = greedy", "T");
        options.Add("--top-p", nameof(SamplingConfig.TopP), "1 = off", "P");
        options.Add("--top-k", nameof(SamplingConfig.TopK), "0 = off", "K");
        options.Add("--min-p", nameof(SamplingConfig.MinP), "0 = off", "P");
        options.Add("--repetition-penalty", nameof(SamplingConfig.RepetitionPenalty), "1 = off", "X");
        options.Add("--max-new-tokens", nameof(SamplingConfig.MaxCompletionLength), "A completion ends here at the latest", "TOKENS");
        options.Add("--stop", nameof(SamplingConfig.StopStrings), "A completion ends before such a text", "TEXT");
        options.Add("--seed", nameof(SamplingConfig.Seed), "Of the random numbers", "SEED");
        options.Add("--template", nameof(SamplingConfig.Template), "plain, qwen-boxed, r1-think, chatml, llama3, smollm2, or a text file with {problem}", "NAME");
        ProblemOptions.Add(options);
        options.Add("--batch-size", nameof(SamplingConfig.BatchSize), "Sequences decoded at a time", "ROWS");
        options.Add("--threads", nameof(SamplingConfig.Threads), "Processors to use", "COUNT");
        options.Add("--dtype", nameof(SamplingConfig.Dtype), "float32, bfloat16 or float16", "TYPE");
        options.Add("--device", nameof(SamplingConfig.Device), "cpu or cuda", "DEVICE");
        options.AddFlag("--save-tokens", nameof(SamplingConfig.SaveTokens), "Write ids and log-probabilities into each line");
        options.Add("--compress", nameof(SamplingConfig.Compress), "gzip or zstd: compress samples.jsonl when all samples are drawn", "NAME");
    }

    /// <summary>The value, or the mistake that it is missing.</summary>
    public static string Require<T>(RunConfig<T> config, string? value, string property, string option) where T : class =>
        string.IsNullOrWhiteSpace(value) ? throw config.Mistake(property, $"give it, as in {option}") : value;

    /// <summary>Draws n completions of every prompt into the folder's samples.jsonl, unless they are all there, compressed in the end where that is asked for.</summary>
    /// <returns>The path of the samples.</returns>
    /// <param name="config">The settings.</param>
    /// <param name="prompts">With their templates.</param>
    /// <param name="template">The template that the prompts were made with; null = none.</param>
    /// <param name="n">Samples a prompt.</param>
    /// <param name="folder">The output folder.</param>
    public static string Sample<T>(RunConfig<T> config, IReadOnlyList<Prompt> prompts, PromptTemplate? template, int n, string folder) where T : SamplingConfig
    {
        var value = config.Value;
        var modelPath = Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded");
        var modelId = value.ModelId ?? modelPath;
        if (n is < 1 or > SamplingRun.MostSamples) { throw config.Mistake(nameof(value.N), $"it must be from 1 to {SamplingRun.MostSamples}"); }
        var settings = config.Checked(sampling => SettingsOf(sampling).Validate());
        var samplesPath = SampleFile.ToWrite(folder);
        var manifestPath = Path.Combine(folder, "manifest.json");
        var templateId = template?.Id ?? "none";
        var isComplete = SamplingRun.IsComplete(samplesPath, SamplingRun.SharedSettingsOf(modelId, templateId, settings), prompts, n);
        if (new FileInfo(samplesPath) is { Exists: true, Length: > 0 }) { Manifest.RequireSameModel(manifestPath, ModelFolder.PathOf(modelPath)); }
        if (isComplete)
        {
            Log.Information("{Path} is complete; nothing is sampled", samplesPath);
            if (SampleFile.IsCompressed(samplesPath)) { return samplesPath; }
            SampleFile.Sort(samplesPath, prompts.Select(prompt => prompt.Id));      // a run may have ended between its last sample and this
            return Compressed(samplesPath, value.Compress);
        }
        if (SampleFile.IsCompressed(samplesPath)) { samplesPath = SampleFile.Decompress(samplesPath); }
        NativeTorch.Initialise();
        var modelFolder = ModelFolder.Resolve(modelPath);
        using var model = CausalLM.Load(modelFolder, DtypeOf(config), DeviceOf(config, value.Device));
        var run = new SamplingRun
        {
            Model = model,
            ModelId = modelId,
            Tokenizer = ModelFolder.LoadTokenizer(modelFolder),
            Prompts = prompts,
            TemplateId = templateId,
            Settings = settings,
            StopTokens = template?.StopTokens ?? [],
            N = n,
            SaveTokens = value.SaveTokens,
            BatchSize = value.BatchSize,
            Threads = value.Threads,
        };
        Progress? progress = null;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            run.Run(
                samplesPath,
                modelFolder,
                warning => Log.Warning("{Warning:l}", warning),
                done =>
                {
                    if (progress is null)
                    {
                        AtomicFile.WriteText(Path.Combine(folder, "config.yaml"), config.ToYaml());
                        Manifest.Write(manifestPath, modelFolder, model, value.Problems);
                        progress = Progress.Start("sampling", done.Total, "samples", done.Samples);
                    }
                    progress.Report(done.Samples, $"{done.Tokens / Math.Max(watch.Elapsed.TotalSeconds, 1e-3):0} tokens/s");
                },
                Interruption.Token);
        }
        finally
        {
            progress?.Dispose();
        }
        return Compressed(samplesPath, value.Compress);
    }

    private static string Compressed(string samplesPath, Compression? compression) => compression switch
    {
        null => samplesPath,
        Compression.Gzip => SampleFile.Compress(samplesPath, ".gz"),
        Compression.Zstd => SampleFile.Compress(samplesPath, ".zst"),
        _ => throw new ArgumentOutOfRangeException(nameof(compression)),
    };

    private static SamplingSettings SettingsOf(SamplingConfig config) => new()
    {
        Temperature = config.Temperature,
        TopP = config.TopP,
        TopK = config.TopK,
        MinP = config.MinP,
        RepetitionPenalty = config.RepetitionPenalty,
        MaxNewTokens = config.MaxCompletionLength,
        Seed = config.Seed,
        StopStrings = config.StopStrings ?? [],
    };

    /// <summary>The type asked for; null = the device's default.</summary>
    private static ScalarType? DtypeOf<T>(RunConfig<T> config) where T : SamplingConfig => config.Value.Dtype switch
    {
        null => null,
        "float32" => ScalarType.Float32,
        "bfloat16" => ScalarType.BFloat16,
        "float16" => ScalarType.Float16,
        _ => throw config.Mistake(nameof(SamplingConfig.Dtype), "it must be float32, bfloat16 or float16"),
    };

    /// <summary>The device asked for; null = cuda where there is one. After <see cref="NativeTorch.Initialise"/>.</summary>
    /// <param name="config">Has the key device.</param>
    /// <param name="device">Its value.</param>
    internal static Device DeviceOf<T>(RunConfig<T> config, string? device) where T : class
    {
        switch (device)
        {
            case "cpu": return CPU;
            case null: return cuda.is_available() ? CUDA : CPU;
            case "cuda" when cuda.is_available(): return CUDA;
            case "cuda": throw config.Mistake(nameof(SamplingConfig.Device), "no CUDA device is available; see docs/cuda.md, or take cpu");
            default: throw config.Mistake(nameof(SamplingConfig.Device), "it must be cpu or cuda");
        }
    }
}
