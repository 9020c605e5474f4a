using System.CommandLine;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;

namespace LlmReasoning.Cli;

/// <summary><c>eval compare</c>: what models gained and lost against a base, from their evaluation folders.</summary>
internal static class EvalCompareCommand
{
    private static readonly Option<string> Base = new("--base") { Description = "Evaluation folder of the base", HelpName = "DIR", Required = true };

    private static readonly Option<string[]> Model = new("--model")
    {
        Description = "Evaluation folders of the models to compare with it",
        HelpName = "DIR",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string> Output = new("--output") { Description = "Folder for tables, figures and the report", HelpName = "DIR", Required = true };

    private static readonly Option<string?> Control = new("--control")
    {
        Description = "Evaluation folder of a second run of the base: shows regression to the mean and chance",
        HelpName = "DIR",
    };

    private static readonly Option<string?> Problems = new("--problems")
    {
        Description = "The problems; with them the report shows texts and samples (samples.jsonl of the folders)",
        HelpName = "FILE",
    };

    private static readonly ProblemFieldOptions Fields = new();

    private static readonly Option<string> Buckets = new("--buckets")
    {
        Description = "Buckets by the base's success count: kim4, kim6, kim8, kim_entropy, or upper ends such as 0,4,16",
        HelpName = "NAME",
        DefaultValueFactory = _ => new ComparisonOptions().Buckets,
    };

    private static readonly Option<string> BucketSplit = new("--bucket-split")
    {
        Description = "half: buckets from one half of the base's samples, its rates from the other, against regression to the mean",
        DefaultValueFactory = _ => "none",
    };

    private static readonly Option<int?> Hardest = new("--hardest") { Description = "Only so many problems, those the base solves least", HelpName = "COUNT" };
    private static readonly Option<int?> N = new("--n") { Description = "Samples a problem, drawn from each evaluation; needed where they have unequally many", HelpName = "COUNT" };

    private static readonly Option<int[]> K = new("--k")
    {
        Description = "k beside the powers of two",
        HelpName = "K",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> Names = new("--names")
    {
        Description = "Names for tables and legends: base, models, control",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<long> Seed = new("--seed") { Description = "Of the bootstrap, subsamples and halves", DefaultValueFactory = _ => 0 };
    private static readonly Option<int> Draws = new("--bootstrap-draws") { Description = "Draws of the bootstrap", HelpName = "COUNT", DefaultValueFactory = _ => Bootstrap.DefaultDraws };

    public static Command Create()
    {
        BucketSplit.AcceptOnlyFromAmong("none", "half");
        var command = new Command("compare", "Compare evaluations with that of a base: gains by bucket, transitions, gained and lost problems, crossing curves, paired intervals.")
        {
            Base, Model, Output, Control, Problems, Buckets, BucketSplit, Hardest, N, K, Names, Seed, Draws,
        };
        Fields.AddTo(command);
        command.SetAction(Run);
        return command.WithExamples(
            "llm-reasoning eval compare --base evals/base --model evals/rl evals/distilled --output comparison",
            "llm-reasoning eval compare --base evals/base --model evals/rl --control evals/base-seed1 --output comparison",
            "llm-reasoning eval compare --base evals/base --model evals/rl --bucket-split half --hardest 50 \\\n--problems math500.jsonl --output comparison");
    }

    private static int Run(ParseResult parsed)
    {
        string[] folders = [parsed.GetValue(Base)!, .. parsed.GetValue(Model)!];
        var controlFolder = parsed.GetValue(Control);
        var evaluated = EvaluatedModel.ReadAll(controlFolder is null ? folders : [.. folders, controlFolder], parsed.GetValue(Names)!);
        var problems = parsed.GetValue(Problems) is { } source ? ProblemSource.Read(source, fields: Fields.Names(parsed)) : null;
        var output = parsed.GetValue(Output)!;
        OutputFolder.Create(output);
        var summary = ModelComparison.Of(evaluated[0], [.. evaluated.Skip(1).Take(folders.Length - 1)], controlFolder is null ? null : evaluated[^1], new ComparisonOptions
        {
            Buckets = parsed.GetValue(Buckets)!,
            SplitHalf = parsed.GetValue(BucketSplit) == "half",
            Hardest = parsed.GetValue(Hardest),
            N = parsed.GetValue(N),
            K = parsed.GetValue(K)!,
            Seed = parsed.GetValue(Seed),
            BootstrapDraws = parsed.GetValue(Draws),
        });
        ComparisonReport.Write(summary, output, problems, evaluated, parsed.GetValue(Buckets)!);
        Console.Out.Write(ComparisonText.ToText(summary));
        Console.Out.WriteLine($"written to {output}: report.html, summary.md, figures, tables");
        return ExitCode.Done;
    }
}
