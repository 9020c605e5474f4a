using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using Serilog;
using TorchSharp;
using static TorchSharp.torch;

namespace LlmReasoning.Cli;

/// <summary>What the commands of <c>train</c> share: opening the run's folder, and the model that goes on in it.</summary>
internal static class TrainingCommand
{
    public static Option<bool> ResumeOption() => new("--resume") { Description = "Go on from the last checkpoint in the output folder" };

    /// <summary>Opens the folder, for a new run or for one that goes on with the settings it began with, and logs to its log.txt.</summary>
    /// <param name="folder">output_dir.</param>
    /// <param name="changeable">Keys that may differ from those the run began with.</param>
    /// <param name="resume">--resume was given.</param>
    /// <param name="best">By what the best checkpoint is chosen.</param>
    /// <exception cref="UserException">There is a run and no --resume; settings that differ.</exception>
    public static TrainingRun Open<T>(RunConfig<T> config, string folder, string[] changeable, bool resume, BestMetric? best = null) where T : class
    {
        if (resume && TrainingRun.LastStepOf(folder) > 0) { RunSettings.RefuseOthers(config, folder, changeable); }
        var run = TrainingRun.Open(folder, resume, best);
        Logging.ToFile(folder);
        return run;
    }

    /// <summary>Loads the model of the run's last checkpoint, the one named where there is none yet, and writes config.yaml and manifest.json.</summary>
    /// <param name="modelId">As the user named it.</param>
    /// <param name="data">The file trained on, for the manifest.</param>
    /// <param name="device">To train on.</param>
    /// <returns>The folder that the named model lies in, its tokenizer, and the model, which the caller disposes.</returns>
    public static (string Source, Tokenizer Tokenizer, CausalLM Model) LoadModel<T>(RunConfig<T> config, TrainingRun run, string modelId, string? data, Device device) where T : class
    {
        var source = ModelFolder.Resolve(modelId);
        var tokenizer = ModelFolder.LoadTokenizer(source);
        var folder = run.LastStep > 0 ? TrainingRun.CheckpointOf(run.Folder, run.LastStep) : source;
        var model = CausalLM.Load(folder, ScalarType.Float32, device);
        AtomicFile.WriteText(Path.Combine(run.Folder, "config.yaml"), config.ToYaml());
        Manifest.Write(Path.Combine(run.Folder, "manifest.json"), source, model, data);
        return (source, tokenizer, model);
    }

    /// <summary>Whether a run computes in bfloat16: bf16, or dtype bfloat16, which says the same since the weights that train are float32.</summary>
    /// <param name="config">Has the key dtype.</param>
    /// <exception cref="UserException">Another dtype.</exception>
    public static bool ComputesInBfloat16<T>(RunConfig<T> config, string? dtype, bool bf16) where T : class
    {
        switch (dtype)
        {
            case null or "float32": return bf16;
            case "bfloat16":
                if (!bf16) { Log.Warning("dtype bfloat16 is taken as bf16: true: weights, moments and losses stay in float32, forward and backward compute in bfloat16"); }
                return true;
            case "float16": throw config.Mistake("Dtype", "gradients underflow in it without loss scaling; take bfloat16 or float32");
            default: throw config.Mistake("Dtype", "it must be float32 or bfloat16");
        }
    }

    /// <summary>Says so where computing in bfloat16 has no fast products on this machine.</summary>
    public static void WarnOfSlowBfloat16(bool bf16, Device device)
    {
        if (bf16 && device.type == DeviceType.CPU && Machine.Read().LacksFastBfloat16)
        {
            Log.Warning("bf16 is true and this processor has neither avx512_bf16 nor amx_bf16: products take up to a thousand times as long; use --set bf16=false");
        }
    }
}
