using System.CommandLine;
using System.Globalization;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using Serilog;
using static TorchSharp.torch;

namespace LlmReasoning.Cli;

/// <summary><c>train distill</c>: training on a teacher's texts or distributions, or on the student's own samples under a teacher.</summary>
internal static class TrainDistillCommand
{
    // What a run that goes on may change.
    private static readonly string[] s_changeable = ["max_steps", "save_steps", "save_total_limit", "log_completions_steps", "output_dir", "micro_batch_tokens", "gradient_checkpointing", "device",
        "eval_on_start", "metric_for_best_model", "greater_is_better"];

    public static Command Create()
    {
        var command = new Command("distill", "Train on teacher responses (jsonl, CSV, parquet), or under a teacher model's distribution.");
        var options = new ConfigOptions<DistillConfig>(command, DistillPresets.ValuesOf);
        options.Add("--model", nameof(DistillConfig.ModelNameOrPath), "The student's folder, or \"embedded\"", "DIR");
        options.Add("--teacher-data", nameof(DistillConfig.TeacherData), "Responses: prompt and completion, problem and response, messages, text, samples; or folders of data select, sample, eval passk", "FILE");
        options.Add("--teacher-model", nameof(DistillConfig.TeacherModelNameOrPath), "A model with the student's tokenizer, for its distribution over the vocabulary", "DIR");
        options.Add("--problems", nameof(DistillConfig.Problems), "What samples are of, and prompts for new samples: a file, or embedded-train", "FILE");
        options.Add("--preset", nameof(DistillConfig.Preset), $"Values for keys that are not given: {string.Join(", ", DistillPresets.All.Select(preset => preset.Name))}", "NAME");
        options.Add("--output", nameof(DistillConfig.OutputDir), "The run's folder", "DIR");
        options.Add("--seed", nameof(DistillConfig.Seed), "Of the data's order and of sampling", "SEED");
        var resume = TrainingCommand.ResumeOption();
        command.Options.Add(resume);
        var explain = new Option<bool>("--explain") { Description = "Print the memory and the expected time of a step; then stop" };
        command.Options.Add(explain);
        command.SetAction(parsed => parsed.GetValue(explain) ? Explain(options.Load(parsed)) : Run(options.Load(parsed), parsed.GetValue(resume)));
        return command.WithExamples(
            "llm-reasoning train distill --config configs/quickstart/distill.yaml --teacher-data runs/self/sft.jsonl --output runs/base-base",
            "llm-reasoning train distill --config configs/quickstart/on-policy.yaml --teacher-model runs/rlvr/checkpoints/step-000070 \\\n--problems embedded-train --output runs/on-policy");
    }

    private static int Run(RunConfig<DistillConfig> config, bool resume)
    {
        config = Resolved(config);
        var value = config.Value;
        var modelId = SamplingCommand.Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded");
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        var files = value.TeacherData ?? [];
        if (files.Count == 0 && value.ReadsData) { throw config.Mistake(nameof(value.TeacherData), "give it, as in --teacher-data sft.jsonl"); }
        if (files.Count == 0 && value.Problems is null) { throw config.Mistake(nameof(value.Problems), "samples need prompts: give problems, or teacher data with prompts"); }
        var problems = value.Problems is null ? null : ProblemSource.Read(value.Problems);
        if (value.CorrectOnly) { PassKReport.CheckGolds(problems ?? [], value.Policy); }
        var heldOut = HeldOut(value);
        var template = PromptTemplate.Load(value.Template);
        NativeTorch.Initialise();
        var device = SamplingCommand.DeviceOf(config, value.Device);
        var teacherDtype = TeacherDtypeOf(config);
        var run = TrainingCommand.Open(config, folder, s_changeable, resume, value.Best());
        var (source, tokenizer, student) = TrainingCommand.LoadModel(config, run, modelId, files.Count > 0 ? files[0] : value.Problems, device);
        using var _ = student;
        TrainingCommand.WarnOfSlowBfloat16(value.Bf16, device);
        using var teacher = LoadTeacher(value, tokenizer, teacherDtype, device);
        var stopIds = GenerationDefaults.Read(source, student.Config).EosTokenIds is { Count: > 0 } ids ? ids
            : throw new UserException($"{source}: the model names no stop token (eos_token_id), so the student could not learn to stop; add it to generation_config.json");
        var examples = Read(files, new(tokenizer, template, stopIds[0], value, problems), value, student.Config.MaxPositionEmbeddings);
        HashSet<int> sampleStopIds = [.. stopIds, .. template.StopTokens.Select(tokenizer.IdOf).OfType<int>()];
        SampledExamples? Sampler(CausalLM? model, string stream) =>
            model is null ? null : new(model, tokenizer, Prompts(problems, examples, tokenizer, template), sampleStopIds, value, stream);
        var rows = value.ReadsData ? Rows(examples, value, student.Config.MaxPositionEmbeddings) : [];
        var trainer = new DistillTrainer(student, value, source)
        {
            Teacher = teacher,
            StudentSamples = value.Lmbda > 0 ? Sampler(student, "student") : null,
            TeacherSamples = value.SeqKd && value.Lmbda < 1 ? Sampler(teacher, "teacher") : null,
            Examiner = heldOut is null ? null : new(student, tokenizer, heldOut, template, sampleStopIds, value),
            Warn = warning => Log.Warning("{Warning:l}", warning),
        };
        var steps = trainer.Resolve(rows).MaxSteps;
        using (var progress = Progress.Start("training", steps, "steps", run.LastStep))
        {
            HeldOutEval? eval = null;
            trainer.Train(run, rows, step => progress.Report(step.Step, Describe(step), Details(step, eval = step.Eval ?? eval)), Interruption.Token);
        }
        Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, Math.Max(steps, run.LastStep)));
        return ExitCode.Done;
    }

    private static int Explain(RunConfig<DistillConfig> config)
    {
        config = Resolved(config);
        var value = config.Value;
        var folder = ModelFolder.Resolve(SamplingCommand.Require(config, value.ModelNameOrPath, nameof(value.ModelNameOrPath), "--model embedded"));
        var model = ModelConfig.Read(folder);
        var stopId = GenerationDefaults.Read(folder, model).EosTokenIds is [var first, ..] ? first : 0;
        var problems = value.Problems is null ? null : ProblemSource.Read(value.Problems);
        var reader = new ExampleReader(ModelFolder.LoadTokenizer(folder), PromptTemplate.Load(value.Template), stopId, value, problems);
        var rows = value.ReadsData ? Rows(Read(value.TeacherData ?? [], reader, value, model.MaxPositionEmbeddings), value, model.MaxPositionEmbeddings) : [];
        var context = Math.Min(value.MaxLength ?? model.MaxPositionEmbeddings, model.MaxPositionEmbeddings);
        var (longest, mean) = rows.Count == 0 ? (context, context / 2.0) : (rows.Max(row => row.Length), rows.Average(row => row.Length));
        NativeTorch.Initialise();
        var step = new StepShape
        {
            MicroBatchTokens = Math.Max(longest, Math.Min(value.MicroBatchTokens, (long)value.RowsPerStep * longest)),
            OtherModels = value.TeacherModelNameOrPath is { } teacher ? [ModelConfig.Read(ModelFolder.Resolve(teacher))] : [],
            GradientCheckpointing = value.GradientCheckpointing,
            Bf16 = value.Bf16,
        };
        foreach (var line in MemoryPlan.Of(model, step).Explain()) { Console.Out.WriteLine(line); }
        Console.Out.WriteLine(TimePlan.Of(model, 0, value.RowsPerStep * mean, 0, value.GradientCheckpointing, SamplingCommand.DeviceOf(config, value.Device), value.Bf16).Explain(value.Steps(Math.Max(1, rows.Count))));
        if (!value.ReadsData || value.Lmbda > 0 || value.SeqKd) { Console.Out.WriteLine("sampling while training is not in these numbers"); }
        return ExitCode.Done;
    }

    /// <summary>The problems to evaluate on while training; null = none.</summary>
    internal static ProblemBuckets? HeldOut(DistillConfig config)
    {
        if (config.EvalProblems is null || config.EvalStrategy == IntervalStrategy.No) { return null; }
        var problems = ProblemSource.Read(config.EvalProblems);
        PassKReport.CheckGolds(problems, config.Policy);
        return ProblemBuckets.Of(problems, config.EvalBaseEval, config.Buckets);
    }

    private static RunConfig<DistillConfig> Resolved(RunConfig<DistillConfig> config)
    {
        config = config.With(config.Value with { Bf16 = TrainingCommand.ComputesInBfloat16(config, config.Value.Dtype, config.Value.Bf16) });
        return config.With(config.Checked(given => given.Validate()));
    }

    private static ScalarType TeacherDtypeOf(RunConfig<DistillConfig> config) => config.Value.TeacherDtype switch
    {
        null or "float32" => ScalarType.Float32,
        "bfloat16" => ScalarType.BFloat16,
        _ => throw config.Mistake(nameof(DistillConfig.TeacherDtype), "it must be float32 or bfloat16"),
    };

    private static CausalLM? LoadTeacher(DistillConfig config, Tokenizer tokenizer, ScalarType dtype, Device device)
    {
        if (config.TeacherModelNameOrPath is not { } name) { return null; }
        var folder = ModelFolder.Resolve(name);
        SharedVocabulary.Require(tokenizer, ModelFolder.LoadTokenizer(folder));
        return CausalLM.Load(folder, dtype, device);
    }

    private static List<SftExample> Read(IReadOnlyList<string> files, ExampleReader reader, DistillConfig config, int context)
    {
        if (files.Count == 0) { return []; }
        List<PlacedExample> placed = [.. files.SelectMany(reader.Read)];
        var limit = Math.Min(config.MaxLength ?? context, context);
        var overlong = placed.Where(one => one.Example.Length > limit).ToList();
        if (overlong.Count > 0 && !config.DropOverlong)
        {
            var longest = overlong.MaxBy(one => one.Example.Length)!;
            throw new UserException($"{overlong.Count} of {placed.Count} examples have more than {limit} tokens, the longest {longest.Example.Length} ({longest.Place}); raise max_length, or leave them out with drop_overlong: true");
        }
        if (overlong.Count == placed.Count) { throw new UserException("no example is left to train on; look at teacher_data and max_length"); }
        if (overlong.Count > 0) { Log.Warning("{Dropped} of {Count} examples have more than {Limit} tokens and are left out", overlong.Count, placed.Count, limit); }
        var endless = placed.Count(one => !one.HasEnd);
        if (endless > 0) { Log.Warning("{Endless} of {Count} examples were cut at a limit and do not teach where to stop", endless, placed.Count); }
        return [.. placed.Where(one => one.Example.Length <= limit).Select(one => one.Example)];
    }

    private static IReadOnlyList<SamplePrompt> Prompts(IReadOnlyList<Problem>? problems, List<SftExample> examples, Tokenizer tokenizer, PromptTemplate template) => problems is not null
        ? [.. problems.Select(problem => new SamplePrompt(problem.Id, tokenizer.Encode(template.Render(problem.Text))))]
        : [.. examples.Select((example, i) => new SamplePrompt($"example-{i + 1}", example.PromptIds))];

    private static IReadOnlyList<TrainingRow> Rows(List<SftExample> examples, DistillConfig config, int context)
    {
        if (!config.Packing) { return [.. examples.Select(example => new TrainingRow(example))]; }
        var rows = TrainingRow.Pack(examples, Math.Min(config.MaxLength ?? context, context));
        Log.Information("{Examples} examples are packed into {Rows} rows", examples.Count, rows.Count);
        return rows;
    }

    /// <summary>For the bar.</summary>
    internal static string Describe(DistillStep step) => Text($"loss {step.Loss:F4}, grad norm {step.GradNorm:G2}, epoch {step.Epoch:F2}, {step.TrainedTokens / Math.Max(step.Seconds.Rollout + step.Seconds.Train, 1e-3):F0} trained tokens/s");

    /// <summary>Lines below the bar.</summary>
    internal static IReadOnlyList<string> Details(DistillStep step, HeldOutEval? eval)
    {
        List<string> lines = [Text($"{step.TrainedTokens} trained tokens, lr {step.LearningRate:G3}, rollout {step.Seconds.Rollout:0.00} s, train {step.Seconds.Train:0.00} s")];
        if (step.Samples.Count > 0) { lines.Add(Text($"{step.Samples.Count} samples of the {(step.IsOnPolicy ? "student" : "teacher")}, {step.Samples.Average(sample => sample.TokenCount):0} tokens on average")); }
        if (eval is not null) { lines.Add(TrainingView.HeldOut(eval)); }
        return lines;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
