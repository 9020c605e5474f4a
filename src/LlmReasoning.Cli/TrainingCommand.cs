using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using Serilog;

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
    /// <returns>The folder that the named model lies in, its tokenizer, and the model, which the caller disposes.</returns>
    public static (string Source, Tokenizer Tokenizer, CausalLM Model) LoadModel<T>(RunConfig<T> config, TrainingRun run, string modelId, string? data) where T : class
    {
        NativeTorch.Initialise();
        var source = ModelFolder.Resolve(modelId);
        var tokenizer = ModelFolder.LoadTokenizer(source);
        var folder = run.LastStep > 0 ? TrainingRun.CheckpointOf(run.Folder, run.LastStep) : source;
        var model = CausalLM.Load(folder);
        AtomicFile.WriteText(Path.Combine(run.Folder, "config.yaml"), config.ToYaml());
        Manifest.Write(Path.Combine(run.Folder, "manifest.json"), source, model, data);
        return (source, tokenizer, model);
    }

    /// <summary>Says so where computing in bfloat16 has no fast products on this machine.</summary>
    public static void WarnOfSlowBfloat16(bool bf16)
    {
        if (bf16 && Machine.Read().LacksFastBfloat16)
        {
            Log.Warning("bf16 is true and this processor has neither avx512_bf16 nor amx_bf16: products take up to a thousand times as long; use --set bf16=false");
        }
    }
}
