using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Pretraining;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using Serilog;

namespace LlmReasoning.Cli;

/// <summary><c>train pretrain</c>: a model from random weights, by the loop of <c>train distill</c>.</summary>
internal static class TrainPretrainCommand
{
    private const string EmbeddedCorpus = "embedded";

    private static readonly string[] s_changeable = ["save_steps", "save_total_limit", "output_dir", "micro_batch_tokens", "gradient_checkpointing", "device",
        "eval_on_start", "metric_for_best_model", "greater_is_better"];

    public static Command Create()
    {
        var command = new Command("pretrain", "Train a small model from random weights on texts, or on prompts with completions.");
        var options = new ConfigOptions<PretrainConfig>(command);
        options.Add("--corpus", nameof(PretrainConfig.Corpus), "\"embedded\", generated on the fly, or jsonl with text, or with prompt and completion", "FILE");
        options.Add("--output", nameof(PretrainConfig.OutputDir), "The run's folder", "DIR");
        options.Add("--seed", nameof(PretrainConfig.Seed), "Of the random weights and the data's order", "SEED");
        var resume = TrainingCommand.ResumeOption();
        command.Options.Add(resume);
        command.SetAction(parsed => Run(options.Load(parsed), parsed.GetValue(resume)));
        return command.WithExamples("llm-reasoning train pretrain --config configs/quickstart/pretrain.yaml --output runs/pretrain", "llm-reasoning train pretrain --config configs/quickstart/pretrain.yaml --output runs/pretrain --resume");
    }

    private static int Run(RunConfig<PretrainConfig> config, bool resume)
    {
        config = config.With(config.Value with { Bf16 = TrainingCommand.ComputesInBfloat16(config, config.Value.Dtype, config.Value.Bf16) });
        var value = config.Checked(given => given.Validate());
        var corpus = SamplingCommand.Require(config, value.Corpus, nameof(value.Corpus), "--corpus embedded");
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        var isGenerated = corpus == EmbeddedCorpus && !File.Exists(corpus);
        if (isGenerated && value is { CorpusSize: null, MaxSteps: -1 }) { throw config.Mistake(nameof(value.CorpusSize), "the generated corpus has no end: give corpus_size or max_steps"); }
        var heldOut = new HeldOutProblems(value.HeldOut.SelectMany(set => ProblemSource.Read(set, null, null)));
        var supervised = value.Supervised();
        var examined = TrainDistillCommand.HeldOut(supervised);
        NativeTorch.Initialise();
        var device = SamplingCommand.DeviceOf(config, value.Device);
        var run = TrainingCommand.Open(config, folder, s_changeable, resume, value.Best());
        var source = Path.Combine(folder, "initial");
        if (run.LastStep == 0) { NewModel.Write(source, value); }
        var (_, tokenizer, model) = TrainingCommand.LoadModel(config, run, source, corpus, device);
        using var _ = model;
        TrainingCommand.WarnOfSlowBfloat16(value.Bf16, device);
        var stopIds = GenerationDefaults.Read(source, model.Config).EosTokenIds;
        if (stopIds is not [var stopId, ..]) { throw new UserException($"{source}: the model names no stop token (eos_token_id), so it could not learn to stop; add it to model_config"); }
        var limit = Math.Min(value.MaxLength ?? int.MaxValue, model.Config.MaxPositionEmbeddings);
        List<SftExample> examples = isGenerated
            ? [.. Generated(value, tokenizer, stopId, limit, heldOut)]
            : [.. ReadFile(corpus, tokenizer, stopId, limit, heldOut)];
        Log.Information(
            "{Examples} examples of {Tokens} tokens, {Trained} of them trained; none holds one of {Problems} held-out problems",
            examples.Count, examples.Sum(example => (long)example.Length), examples.Sum(example => (long)example.TrainedTokens), heldOut.Count);
        var trainer = new DistillTrainer(model, supervised, source)
        {
            Examiner = examined is null ? null : new(model, tokenizer, examined, PromptTemplate.Load(supervised.Template), [.. stopIds], supervised),
            Warn = warning => Log.Warning("{Warning:l}", warning),
        };
        List<TrainingRow> rows = [.. examples.Select(example => new TrainingRow(example))];
        var steps = trainer.Resolve(rows).MaxSteps;
        using (var progress = Progress.Start("training", steps, "steps", run.LastStep))
        {
            HeldOutEval? eval = null;
            trainer.Train(run, rows, step => progress.Report(step.Step, TrainDistillCommand.Describe(step), TrainDistillCommand.Details(step, eval = step.Eval ?? eval)), Interruption.Token);
        }
        Console.Out.WriteLine(TrainingRun.CheckpointOf(folder, steps));
        return ExitCode.Done;
    }

    private static IEnumerable<SftExample> Generated(PretrainConfig config, Tokenizer tokenizer, int stopId, int limit, HeldOutProblems heldOut)
    {
        var size = config.CorpusSize ?? (int)Math.Min(int.MaxValue, (long)config.MaxSteps * config.PerDeviceTrainBatchSize);
        foreach (var drawn in SyntheticProblems.Corpus(config.CorpusSeed, 0, size))
        {
            heldOut.RefuseIn(drawn.Problem, drawn.Id);
            yield return Fitting(SftExample.Of(tokenizer, drawn.Prompt, drawn.Response, stopId, drawn.Id), limit, drawn.Id);
        }
    }

    private static IEnumerable<SftExample> ReadFile(string file, Tokenizer tokenizer, int stopId, int limit, HeldOutProblems heldOut)
    {
        foreach (var (line, place) in JsonLines.Read(file))
        {
            if (JsonLines.Text(line, "text", place) is { } text)
            {
                heldOut.RefuseIn(text, place);
                foreach (var piece in SftExample.OfText(tokenizer, text, stopId, limit, place)) { yield return piece; }
                continue;
            }
            var prompt = JsonLines.Text(line, "prompt", place) ?? throw new UserException($"{place}: text is missing; write \"text\", or \"prompt\" and \"completion\"");
            var response = JsonLines.Text(line, "completion", place) ?? JsonLines.Text(line, "response", place)
                ?? throw new UserException($"{place}: completion is missing; write \"completion\" or \"response\"");
            heldOut.RefuseIn(prompt, place);
            yield return Fitting(SftExample.Of(tokenizer, prompt, response, stopId, place), limit, place);
        }
    }

    private static SftExample Fitting(SftExample example, int limit, string place) => example.Length <= limit ? example
        : throw new UserException($"{place}: prompt and completion have {example.Length} tokens; at most {limit} fit: raise max_position_embeddings or max_length, or write it as \"text\", which is cut into pieces");
}
