using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Cli;

/// <summary><c>eval passk</c>: sample, grade, tables and plots.</summary>
internal static class EvalPassKCommand
{
    public static Command Create()
    {
        var command = new Command("passk", "Sample (or take given samples), grade, and write pass@1..pass@k by difficulty bucket with intervals and a plot.");
        var options = new ConfigOptions<EvalPassKConfig>(command);
        options.Add("--k", nameof(EvalPassKConfig.K), "The largest k; so many samples are drawn unless --n says otherwise", "K");
        SamplingCommand.AddOptions(options);
        options.Add("--samples", nameof(EvalPassKConfig.Samples), "Grade these samples.jsonl files or folders (shards are merged) instead of sampling", "DIR");
        options.Add("--shard", nameof(EvalPassKConfig.Shard), "Only part i of n of the problems, such as 3/16, for job arrays", "i/n");
        options.AddFlag("--allow-unequal-n", nameof(EvalPassKConfig.AllowUnequalN), "Let problems have fewer samples than others");
        options.Add("--policy", nameof(EvalPassKConfig.Policy), "Where an answer is looked for: reward (the last box alone) or lenient", "NAME");
        options.Add("--buckets", nameof(EvalPassKConfig.Buckets), "By success count: kim4, kim6, kim8, kim_entropy, or upper ends such as 0,4,16", "NAME");
        options.Add("--base", nameof(EvalPassKConfig.Base), "The base's evaluation folder of these problems: a second table has buckets by its success count", "DIR");
        command.SetAction(parsed => Run(options.Load(parsed)));
        return command.WithExamples(
            "llm-reasoning eval passk --model embedded --problems embedded-test --k 256 --max-new-tokens 72 --output runs/base",
            "llm-reasoning eval passk --samples runs/base/samples.jsonl --problems embedded-test --output runs/base-again",
            "llm-reasoning eval passk --config configs/quickstart/base.yaml --shard 3/16 --output runs/base-3");
    }

    private static int Run(RunConfig<EvalPassKConfig> config)
    {
        var value = config.Value;
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        var source = SamplingCommand.Require(config, value.Problems, nameof(value.Problems), "--problems FILE");
        if (value.K is < 1 or > SamplingRun.MostSamples) { throw config.Mistake(nameof(value.K), $"it must be from 1 to {SamplingRun.MostSamples}"); }
        if (value.N < value.K && config.IsGiven(nameof(value.K))) { throw config.Mistake(nameof(value.K), $"with n = {value.N} samples a problem k goes up to {value.N}; raise n or lower k"); }
        var problems = ProblemSource.Read(source, value.Filter(), value.FieldNames());
        if (value.Shard is not null) { problems = Shard.Parse(value.Shard).Of(problems); }
        var baseModel = value.Base is null ? null : EvaluatedModel.Read(value.Base);
        PassKReport.CheckBase(problems, baseModel);
        using var held = OutputFolder.Lock(folder);
        Logging.ToFile(folder);
        IReadOnlyList<string> samples;
        if (value.Samples is not null)
        {
            samples = SampleFile.Find(value.Samples);
            // Where the samples lie in the folder itself, it says how they were drawn; that stays.
            if (SampleFile.InFolder(folder) is null)
            {
                AtomicFile.WriteText(Path.Combine(folder, "config.yaml"), config.ToYaml(without: config.IsGiven(nameof(value.K)) ? SamplingConfig.OfSamplingAlone : [.. SamplingConfig.OfSamplingAlone, nameof(value.K)]));
                Manifest.Write(Path.Combine(folder, "manifest.json"), samples, source);
            }
        }
        else
        {
            if (value.N is < 1 or > SamplingRun.MostSamples) { throw config.Mistake(nameof(value.N), $"it must be from 1 to {SamplingRun.MostSamples}"); }
            SuccessBuckets.Parse(value.Buckets, value.N ?? value.K);
            PassKReport.CheckGolds(problems, value.Policy);
            var template = PromptTemplate.Load(value.Template);
            var n = value.N ?? value.K;
            var drawn = config.With(value with { N = n, K = config.IsGiven(nameof(value.K)) ? value.K : n });
            samples = [SamplingCommand.Sample(drawn, [.. problems.Select(problem => new Prompt(problem.Id, template.Render(problem.Text)))], template, n, folder)];
        }
        var summary = PassKReport.Write(problems, samples, folder, new()
        {
            Dataset = ProblemSource.NameOf(source),
            K = config.IsGiven(nameof(value.K)) ? [value.K] : [],
            N = value.Samples is null ? value.N ?? value.K : value.N,
            AllowUnequalN = value.AllowUnequalN,
            Policy = value.Policy,
            Buckets = value.Buckets,
            Base = baseModel,
            BootstrapSeed = value.Seed,
        });
        Console.Out.Write(SummaryTable.ToText(summary));
        Console.Out.WriteLine($"written to {folder}: report.html, summary.md, problems.csv, passk.csv, buckets.csv, figures/passk.png");
        return ExitCode.Done;
    }
}
