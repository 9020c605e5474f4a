using System.CommandLine;
using System.Globalization;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Cli;

/// <summary><c>train rlvr</c>: reinforcement learning from verifiable rewards.</summary>
internal static class TrainRlvrCommand
{
    // What a run that goes on may change.
    private static readonly string[] s_changeable = ["max_steps", "save_steps", "save_total_limit", "log_completions_steps", "output_dir", "batch_size", "threads", "micro_batch_tokens"];

    public static Command Create()
    {
        var command = new Command("rlvr", "Train by reinforcement learning from verifiable rewards (the GRPO family).");
        var options = new ConfigOptions<RlvrConfig>(command);
        options.Add("--model", nameof(RlvrConfig.ModelNameOrPath), "The model's folder, or \"embedded\"", "DIR");
        options.Add("--problems", nameof(RlvrConfig.Problems), "A file of problems, or embedded-train", "FILE");
        ProblemSource.AddOptions(options);
        options.Add("--output", nameof(RlvrConfig.OutputDir), "The run's folder", "DIR");
        options.Add("--seed", nameof(RlvrConfig.Seed), "Of data order and sampling", "SEED");
        var resume = new Option<bool>("--resume") { Description = "Go on from the last checkpoint in the output folder" };
        command.Options.Add(resume);
        command.SetAction(parsed => Run(options.Load(parsed), parsed.GetValue(resume)));
        return command.WithExamples("llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr", "llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr --resume");
    }

    private static int Run(RunConfig<RlvrConfig> config, bool resume)
    {
        var value = config.Value.Validate();
        var modelId = SamplingCommand.Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded");
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        var problems = ProblemSource.Read(SamplingCommand.Require(config, value.Problems, nameof(value.Problems), "--problems FILE"), value.Filter(), value.FieldNames());
        IReadOnlyList<Problem> heldOut = value.EvalProblems is null ? [] : ProblemSource.Read(value.EvalProblems, fields: value.FieldNames());
        PassKReport.CheckGolds(problems, value.Policy);
        PassKReport.CheckGolds(heldOut, value.Policy);
        var template = PromptTemplate.Load(value.Template);
        var run = TrainingRun.Open(folder, resume);
        if (run.LastStep > 0) { RunSettings.RefuseOthers(config, folder, s_changeable); }
        if (run.LastStep >= value.MaxSteps)
        {
            Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, run.LastStep));
            return ExitCode.Done;
        }
        Logging.ToFile(folder);
        NativeTorch.Initialise();
        var source = ModelFolder.Resolve(modelId);
        var tokenizer = ModelFolder.LoadTokenizer(source);
        using var policy = CausalLM.Load(run.LastStep > 0 ? TrainingRun.CheckpointOf(folder, run.LastStep) : source);
        using var reference = value.Objective().Loss.Beta == 0 ? null : CausalLM.Load(source);
        HashSet<int> stopIds = [.. GenerationDefaults.Read(source, policy.Config).EosTokenIds, .. template.StopTokens.Select(tokenizer.IdOf).OfType<int>()];
        AtomicFile.WriteText(Path.Combine(folder, "config.yaml"), config.ToYaml());
        Manifest.Write(Path.Combine(folder, "manifest.json"), source, policy, value.Problems);
        using (var progress = Progress.Start("training", value.MaxSteps, "steps", run.LastStep))
        {
            new RlvrTrainer(policy, reference, tokenizer, value, template, stopIds, source)
                .Train(run, problems, heldOut, step => progress.Report(step.Step, Describe(step)), Interruption.Token);
        }
        Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, value.MaxSteps));
        return ExitCode.Done;
    }

    private static string Describe(RlvrStep step) => string.Create(
        CultureInfo.InvariantCulture,
        $"accuracy {step.Accuracy:P0}, groups wrong/mixed/right {step.Groups.Wrong:F2}/{step.Groups.Mixed:F2}/{step.Groups.Right:F2}, length {step.CompletionLength:F0}, grad norm {step.Update.GradNorm:G2}, rollout {step.Seconds.Rollout:F2} s, train {step.Seconds.Train:F2} s")
        + (step.Eval is { } eval ? string.Create(CultureInfo.InvariantCulture, $", eval pass@1 {eval.PassAt1:P1} pass@n {eval.PassAtN:P1}") : "");
}
