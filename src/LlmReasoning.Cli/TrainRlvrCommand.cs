using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using Serilog;
using static TorchSharp.torch;

namespace LlmReasoning.Cli;

/// <summary><c>train rlvr</c>: reinforcement learning from verifiable rewards.</summary>
internal static class TrainRlvrCommand
{
    // What a run that goes on may change.
    private static readonly string[] s_changeable = ["max_steps", "save_steps", "save_total_limit", "log_completions_steps", "output_dir", "batch_size", "threads", "micro_batch_tokens", "gradient_checkpointing", "device",
        "eval_on_start", "metric_for_best_model", "greater_is_better", "log_completions", "num_completions_to_print"];

    public static Command Create()
    {
        var command = new Command("rlvr", "Train by reinforcement learning from verifiable rewards (the GRPO family).");
        var options = new ConfigOptions<RlvrConfig>(command);
        options.Add("--model", nameof(RlvrConfig.ModelNameOrPath), "The model's folder, or \"embedded\"", "DIR");
        options.Add("--problems", nameof(RlvrConfig.Problems), "A file of problems, or embedded-train", "FILE");
        ProblemOptions.Add(options);
        options.Add("--output", nameof(RlvrConfig.OutputDir), "The run's folder", "DIR");
        options.Add("--seed", nameof(RlvrConfig.Seed), "Of data order and sampling", "SEED");
        options.Add("--completions", nameof(RlvrConfig.NumCompletionsToPrint), "Print so many completions whenever log_completions_steps writes them", "N");
        var resume = TrainingCommand.ResumeOption();
        command.Options.Add(resume);
        var explain = new Option<bool>("--explain") { Description = "Print the objective as a formula, what a run takes, and settings that cannot act; then stop" };
        command.Options.Add(explain);
        command.SetAction(parsed => Run(options.Load(parsed), parsed.GetValue(resume), parsed.GetValue(explain)));
        return command.WithExamples("llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr", "llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr --resume");
    }

    private static int Run(RunConfig<RlvrConfig> config, bool resume, bool explain)
    {
        config = config.With(config.Value with { Bf16 = TrainingCommand.ComputesInBfloat16(config, config.Value.Dtype, config.Value.Bf16) });
        var value = config.Checked(given => given.Validate());
        var modelId = SamplingCommand.Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded");
        var problems = ProblemSource.Read(SamplingCommand.Require(config, value.Problems, nameof(value.Problems), "--problems FILE"), value.Filter(), value.FieldNames());
        var modelFolder = ModelFolder.Resolve(modelId);
        var template = PromptTemplate.Load(value.Template);
        var fitting = RolloutCollector.Fitting(problems, ModelFolder.LoadTokenizer(modelFolder), template, value, ModelConfig.Read(modelFolder).MaxPositionEmbeddings);
        value = config.Checked(given => given.Resolve(fitting.Count).ValidateView());
        config = config.With(value);
        NativeTorch.Initialise();
        var device = SamplingCommand.DeviceOf(config, value.Device);
        if (explain) { return Explain(value, modelFolder, template, fitting, device); }
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        IReadOnlyList<Problem> examined = value.EvalProblems is null ? [] : ProblemSource.Read(value.EvalProblems, fields: value.FieldNames());
        PassKReport.CheckGolds(problems, value.Policy);
        PassKReport.CheckGolds(examined, value.Policy);
        var training = ProblemBuckets.Of(fitting, value.BaseEval, value.Buckets);
        var heldOut = examined.Count == 0 ? null : ProblemBuckets.Of(examined, value.EvalBaseEval, value.Buckets);
        var run = TrainingCommand.Open(config, folder, s_changeable, resume, value.Best());
        if (run.LastStep >= value.MaxSteps && !(value.IsEvalStep(run.LastStep) && run.LacksEval))
        {
            run.Complete(value.SaveTotalLimit);
            Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, run.LastStep));
            return ExitCode.Done;
        }
        var (source, tokenizer, policy) = TrainingCommand.LoadModel(config, run, modelId, value.Problems, device);
        using var _ = policy;
        TrainingCommand.WarnOfSlowBfloat16(value.Bf16, device);
        foreach (var warning in RlvrExplanation.Warnings(value)) { Log.Warning("{Warning:l}", warning); }
        if (fitting.Count < problems.Count) { Log.Warning("{Count} of {All} problems are left out: their prompts are too long", problems.Count - fitting.Count, problems.Count); }
        using var reference = value.Objective().Loss.Beta == 0 ? null : CausalLM.Load(source, ScalarType.Float32, device);
        HashSet<int> stopIds = [.. GenerationDefaults.Read(source, policy.Config).EosTokenIds, .. template.StopTokens.Select(tokenizer.IdOf).OfType<int>()];
        using (var progress = Progress.Start("training", value.MaxSteps, "steps", run.LastStep))
        {
            var view = new TrainingView();
            void Report(RlvrStep step)
            {
                progress.Report(step.Step, TrainingView.Summary(step), view.Details(step));
                if (value.LogCompletionsSteps == 0 || step.Step % value.LogCompletionsSteps != 0) { return; }
                foreach (var line in TrainingView.Completions(step, value.CompletionsToPrint)) { Stderr.WriteLine(line); }
            }

            new RlvrTrainer(policy, reference, tokenizer, value, template, stopIds, source)
                .Train(run, training, heldOut, Report, warning => Log.Warning("{Warning:l}", warning), Interruption.Token);
        }
        Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, value.MaxSteps));
        return ExitCode.Done;
    }

    private static int Explain(RlvrConfig config, string modelFolder, PromptTemplate template, IReadOnlyList<Problem> problems, Device device)
    {
        var (model, tokenizer) = (ModelConfig.Read(modelFolder), ModelFolder.LoadTokenizer(modelFolder));
        var longestPrompt = problems.Max(problem => tokenizer.Encode(template.Render(problem.Text)).Length);
        foreach (var line in RlvrExplanation.Objective(config)) { Console.Out.WriteLine(line); }
        Console.Out.WriteLine();
        foreach (var line in RlvrExplanation.Work(config, problems.Count)) { Console.Out.WriteLine(line); }
        Console.Out.WriteLine();
        foreach (var line in MemoryPlan.Of(model, config.Shape(model, longestPrompt, device)).Explain()) { Console.Out.WriteLine(line); }
        Console.Out.WriteLine(config.Time(model, longestPrompt, device).Explain(config.MaxSteps));
        Console.Out.WriteLine();
        foreach (var warning in RlvrExplanation.Warnings(config)) { Console.Out.WriteLine($"warning: {warning}"); }
        return ExitCode.Done;
    }
}
