using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmReasoning.Cli.Config;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using Serilog;

namespace LlmReasoning.Cli;

/// <summary><c>train distill</c>: supervised training on teacher responses.</summary>
internal static class TrainDistillCommand
{
    private static readonly string[] s_changeable = ["max_steps", "save_steps", "save_total_limit", "output_dir", "micro_batch_tokens"];

    public static Command Create()
    {
        var command = new Command("distill", "Train on teacher responses: jsonl with prompt and completion (or response), or problem and response.");
        var options = new ConfigOptions<DistillConfig>(command);
        options.Add("--model", nameof(DistillConfig.ModelNameOrPath), "The student's folder, or \"embedded\"", "DIR");
        options.Add("--teacher-data", nameof(DistillConfig.TeacherData), "Files of responses, such as sft.jsonl of data select", "FILE");
        options.Add("--output", nameof(DistillConfig.OutputDir), "The run's folder", "DIR");
        options.Add("--seed", nameof(DistillConfig.Seed), "Of the data's order", "SEED");
        var resume = new Option<bool>("--resume") { Description = "Go on from the last checkpoint in the output folder" };
        command.Options.Add(resume);
        command.SetAction(parsed => Run(options.Load(parsed), parsed.GetValue(resume)));
        return command.WithExamples("llm-reasoning train distill --config configs/quickstart/distill.yaml --teacher-data runs/self/sft.jsonl --output runs/base-base");
    }

    private static int Run(RunConfig<DistillConfig> config, bool resume)
    {
        var value = config.Value.Validate();
        var modelId = SamplingCommand.Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded");
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        if (value.TeacherData is not { Count: > 0 } files) { throw config.Mistake(nameof(value.TeacherData), "give it, as in --teacher-data sft.jsonl"); }
        var template = PromptTemplate.Load(value.Template);
        var run = TrainingRun.Open(folder, resume);
        if (run.LastStep > 0) { RunSettings.RefuseOthers(config, folder, s_changeable); }
        Logging.ToFile(folder);
        NativeTorch.Initialise();
        var source = ModelFolder.Resolve(modelId);
        var tokenizer = ModelFolder.LoadTokenizer(source);
        using var student = CausalLM.Load(run.LastStep > 0 ? TrainingRun.CheckpointOf(folder, run.LastStep) : source);
        var stopId = GenerationDefaults.Read(source, student.Config).EosTokenIds is [var first, ..] ? first
            : throw new UserException($"{source}: the model names no stop token (eos_token_id), so the student could not learn to stop; add it to generation_config.json");
        var examples = Fitting([.. files.SelectMany(file => Read(file, tokenizer, template, stopId))], value, student.Config.MaxPositionEmbeddings);
        IReadOnlyList<TrainingRow> rows = value.Packing
            ? TrainingRow.Pack(examples, Math.Min(value.MaxLength ?? int.MaxValue, student.Config.MaxPositionEmbeddings))
            : [.. examples.Select(example => new TrainingRow(example))];
        var steps = value.Steps(rows.Count);
        AtomicFile.WriteText(Path.Combine(folder, "config.yaml"), config.ToYaml());
        Manifest.Write(Path.Combine(folder, "manifest.json"), source, student, files[0]);
        using (var progress = Progress.Start("training", steps, "steps", run.LastStep))
        {
            new DistillTrainer(student, value, source).Train(
                run,
                rows,
                step => progress.Report(step.Step, string.Create(CultureInfo.InvariantCulture, $"loss {step.Loss:F4}, grad norm {step.GradNorm:G2}, epoch {step.Epoch:F2}, {step.TrainedTokens / Math.Max(step.Seconds.Rollout + step.Seconds.Train, 1e-3):F0} trained tokens/s")),
                Interruption.Token);
        }
        Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, steps));
        return ExitCode.Done;
    }

    private static IEnumerable<SftExample> Read(string file, Tokenizer tokenizer, PromptTemplate template, int stopId)
    {
        foreach (var (line, place) in JsonLines.Read(file))
        {
            var response = JsonLines.Text(line, "completion", place) ?? JsonLines.Text(line, "response", place)
                ?? throw new UserException($"{place}: completion is missing; write \"completion\" or \"response\"");
            yield return SftExample.Of(tokenizer, PromptOf(line, place, template), response, stopId, place);
        }
    }

    private static string PromptOf(JsonElement line, string place, PromptTemplate template) =>
        JsonLines.Text(line, "prompt", place)
        ?? (JsonLines.Text(line, "problem", place) is { } problem ? template.Render(problem) : null)
        ?? throw new UserException($"{place}: prompt is missing; write \"prompt\", or \"problem\" for the template");

    private static List<SftExample> Fitting(List<SftExample> examples, DistillConfig config, int context)
    {
        var limit = Math.Min(config.MaxLength ?? context, context);
        List<SftExample> fitting = [.. examples.Where(example => example.Length <= limit)];
        var dropped = examples.Count - fitting.Count;
        if (dropped > 0 && !config.DropOverlong) { throw new UserException($"{dropped} of {examples.Count} examples have more than {limit} tokens, the longest {examples.Max(example => example.Length)}; raise max_length, or leave them out with drop_overlong: true"); }
        if (fitting.Count == 0) { throw new UserException("no example is left to train on; look at teacher_data and max_length"); }
        if (dropped > 0) { Log.Warning("{Dropped} of {Count} examples have more than {Limit} tokens and are left out", dropped, examples.Count, limit); }
        return fitting;
    }
}
