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
using Serilog;

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
        var explain = new Option<bool>("--explain") { Description = "Print the objective as a formula, what a run takes, and settings that cannot act; then stop" };
        command.Options.Add(explain);
        command.SetAction(parsed => Run(options.Load(parsed), parsed.GetValue(resume), parsed.GetValue(explain)));
        return command.WithExamples("llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr", "llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr --resume");
    }

    private static int Run(RunConfig<RlvrConfig> config, bool resume, bool explain)
    {
        var value = config.Value.Validate();
        var modelId = SamplingCommand.Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded");
        var problems = ProblemSource.Read(SamplingCommand.Require(config, value.Problems, nameof(value.Problems), "--problems FILE"), value.Filter(), value.FieldNames());
        var source = ModelFolder.Resolve(modelId);
        var tokenizer = ModelFolder.LoadTokenizer(source);
        var template = PromptTemplate.Load(value.Template);
        var fitting = RolloutCollector.Fitting(problems, tokenizer, template, value, ModelConfig.Read(source).MaxPositionEmbeddings);
        value = value.Resolve(fitting.Count);
        config = config.With(value);
        if (explain) { return Explain(value, fitting.Count); }
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        IReadOnlyList<Problem> heldOut = value.EvalProblems is null ? [] : ProblemSource.Read(value.EvalProblems, fields: value.FieldNames());
        PassKReport.CheckGolds(problems, value.Policy);
        PassKReport.CheckGolds(heldOut, value.Policy);
        var run = TrainingRun.Open(folder, resume);
        if (run.LastStep > 0) { RunSettings.RefuseOthers(config, folder, s_changeable); }
        if (run.LastStep >= value.MaxSteps)
        {
            Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, run.LastStep));
            return ExitCode.Done;
        }
        Logging.ToFile(folder);
        foreach (var warning in RlvrExplanation.Warnings(value)) { Log.Warning("{Warning:l}", warning); }
        if (fitting.Count < problems.Count) { Log.Warning("{Count} of {All} problems are left out: their prompts are too long", problems.Count - fitting.Count, problems.Count); }
        NativeTorch.Initialise();
        using var policy = CausalLM.Load(run.LastStep > 0 ? TrainingRun.CheckpointOf(folder, run.LastStep) : source);
        using var reference = value.Objective().Loss.Beta == 0 ? null : CausalLM.Load(source);
        HashSet<int> stopIds = [.. GenerationDefaults.Read(source, policy.Config).EosTokenIds, .. template.StopTokens.Select(tokenizer.IdOf).OfType<int>()];
        AtomicFile.WriteText(Path.Combine(folder, "config.yaml"), config.ToYaml());
        Manifest.Write(Path.Combine(folder, "manifest.json"), source, policy, value.Problems);
        using (var progress = Progress.Start("training", value.MaxSteps, "steps", run.LastStep))
        {
            new RlvrTrainer(policy, reference, tokenizer, value, template, stopIds, source)
                .Train(run, fitting, heldOut, step => progress.Report(step.Step, Describe(step)), Interruption.Token);
        }
        Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, value.MaxSteps));
        return ExitCode.Done;
    }

    private static int Explain(RlvrConfig config, int problems)
    {
        foreach (var line in RlvrExplanation.Objective(config)) { Console.Out.WriteLine(line); }
        Console.Out.WriteLine();
        foreach (var line in RlvrExplanation.Work(config, problems)) { Console.Out.WriteLine(line); }
        // MemoryPlan: the memory of a step and the expected time of the run are printed here.
        Console.Out.WriteLine();
        foreach (var warning in RlvrExplanation.Warnings(config)) { Console.Out.WriteLine($"warning: {warning}"); }
        return ExitCode.Done;
    }

    private static string Describe(RlvrStep step) => string.Create(
        CultureInfo.InvariantCulture,
        $"accuracy {step.Accuracy:P0}, groups wrong/mixed/right {step.Groups.Wrong:F2}/{step.Groups.Mixed:F2}/{step.Groups.Right:F2}, length {step.CompletionLength:F0}, grad norm {step.Update.GradNorm:G2}, rollout {step.Seconds.Rollout:F2} s, train {step.Seconds.Train:F2} s")
        + (step.Eval is { } eval ? string.Create(CultureInfo.InvariantCulture, $", eval pass@1 {eval.PassAt1:P1} pass@n {eval.PassAtN:P1}") : "");
}
