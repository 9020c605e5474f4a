using System.CommandLine;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Evaluation.Responses;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Cli;

/// <summary><c>eval text</c>: lengths, reflection keywords and the entropy of answers.</summary>
internal static class EvalTextCommand
{
    private static readonly Option<string[]> SampleFiles = new("--samples")
    {
        Description = "samples.jsonl files or folders of one model (shards are merged)",
        HelpName = "DIR",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string> Output = new("--output") { Description = "Folder for tables and figures", HelpName = "DIR", Required = true };

    private static readonly Option<string?> ProblemSet = new("--problems")
    {
        Description = "The problems; with them correct and wrong responses are told apart",
        HelpName = "FILE",
    };

    private static readonly ProblemFieldOptions Fields = new();

    private static readonly Option<string?> Base = new("--base")
    {
        Description = "Evaluation folder whose success counts make the buckets; its samples.jsonl, where there is one, is measured too",
        HelpName = "DIR",
    };

    private static readonly Option<string> Keywords = new("--keywords")
    {
        Description = "Keywords, one a line, lines with # left out; default: reflection-keywords.txt beside the program",
        HelpName = "FILE",
        DefaultValueFactory = _ => ReflectionKeywords.DefaultPath,
    };

    private static readonly Option<KeywordMatch> Match = new("--match") { Description = "Keywords as words of their own or anywhere", DefaultValueFactory = _ => KeywordMatch.Word };

    private static readonly Option<string?> Buckets = new("--buckets")
    {
        Description = "Buckets by success count; default: kim4 for lengths and keywords, kim_entropy for entropy",
        HelpName = "NAME",
    };

    private static readonly Option<ExtractionPolicy> Policy = new("--policy") { Description = "Where an answer is looked for: reward (the last box alone) or lenient", DefaultValueFactory = _ => ExtractionPolicy.Lenient };
    private static readonly Option<long> Seed = new("--seed") { Description = "Of the bootstrap", DefaultValueFactory = _ => 0 };
    private static readonly Option<int> Draws = new("--bootstrap-draws") { Description = "Draws of the bootstrap", HelpName = "COUNT", DefaultValueFactory = _ => Bootstrap.DefaultDraws };

    public static Command Create()
    {
        var command = new Command("text", "Measure the texts of samples: length, reflection keywords, entropy of answers; by correctness and by difficulty.")
        {
            SampleFiles, Output, ProblemSet, Base, Keywords, Match, Buckets, Policy, Seed, Draws,
        };
        Fields.AddTo(command);
        command.SetAction(Run);
        return command.WithExamples(
            "llm-reasoning eval text --samples evals/rl --problems math500.jsonl --base evals/base --output text",
            "llm-reasoning eval text --samples part-*.jsonl --keywords my-keywords.txt --match substring --output text");
    }

    private static int Run(ParseResult parsed)
    {
        Bootstrap.RequireDraws(parsed.GetValue(Draws));
        var keywords = ReflectionKeywords.Read(parsed.GetValue(Keywords)!, parsed.GetValue(Match));
        var problems = parsed.GetValue(ProblemSet) is { } file ? ProblemSource.Read(file, fields: Fields.Names(parsed)) : null;
        var baseModel = parsed.GetValue(Base) is { } folder ? EvaluatedModel.Read(folder) : null;
        var options = new ResponseOptions
        {
            Keywords = keywords,
            Policy = parsed.GetValue(Policy),
            BootstrapSeed = parsed.GetValue(Seed),
            BootstrapDraws = parsed.GetValue(Draws),
        };
        if (parsed.GetValue(Buckets) is { } buckets) { options = options with { Buckets = buckets, EntropyBuckets = buckets }; }
        var samples = SampleFile.Find(parsed.GetValue(SampleFiles)!);
        var output = parsed.GetValue(Output)!;
        OutputFolder.Create(output);

        var dataset = parsed.GetValue(ProblemSet) is { } path ? ProblemSource.NameOf(path) : baseModel?.Settings?.Dataset ?? "the samples' problems";
        var summary = ResponseStudy.Of(Models(samples, baseModel), problems, baseModel, dataset, options);
        ResponseReport.Write(summary, output);
        Console.Out.Write(ResponseReport.ToText(summary));
        Console.Out.WriteLine($"written to {output}: length.csv, keywords.csv, entropy.csv, summary.md, figures");
        return ExitCode.Done;
    }

    private static ModelSamples[] Models(IReadOnlyList<string> samples, EvaluatedModel? baseModel)
    {
        var first = SampleFile.Read(samples).FirstOrDefault() ?? throw new UserException($"{samples[0]}: there are no samples; sample the problems first");
        var model = new ModelSamples(SamplingSettings.Of(first).ModelName, samples);
        if (baseModel is null || SampleFile.InFolder(baseModel.Folder) is not { } ofBase) { return [model]; }
        return samples.Any(path => Path.GetFullPath(path) == Path.GetFullPath(ofBase))
            ? [model]
            : [new ModelSamples(baseModel.Name == model.Name ? $"{baseModel.Name} (base)" : baseModel.Name, [ofBase]), model];
    }
}
