using System.CommandLine;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Selection;
using LlmReasoning.Verification;

namespace LlmReasoning.Cli;

/// <summary><c>data select</c>: a training set of correct responses.</summary>
internal static class DataSelectCommand
{
    private static readonly Dictionary<string, ProblemRange> Ranges = new()
    {
        ["all"] = ProblemRange.All,
        ["in-distribution"] = ProblemRange.InDistribution,
        ["out-of-distribution"] = ProblemRange.OutOfDistribution,
    };

    private static readonly SelectionOptions Defaults = new();

    private static readonly Option<string> Problems = new("--problems") { Description = "The problems the responses were drawn for: a file, or the name of an embedded set", HelpName = "FILE", Required = true };
    private static readonly ProblemFieldOptions Fields = new();
    private static readonly Option<string[]> Levels = new("--level") { Description = "Only problems of these levels", HelpName = "LEVEL", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int?> Subset = new("--subset") { Description = "Only so many problems, drawn by their ids", HelpName = "COUNT" };
    private static readonly Option<long> SubsetSeed = new("--subset-seed") { Description = "Other seeds draw other problems [default: 0]", HelpName = "SEED" };
    private static readonly Option<int?> Limit = new("--limit") { Description = "Only the first problems", HelpName = "COUNT" };
    private static readonly Option<string[]> Samples = new("--samples") { Description = "Responses: samples.jsonl files, or folders that hold them", HelpName = "DIR", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool> Solutions = new("--solutions") { Description = "Take the problems' own worked solutions as responses, instead of --samples" };
    private static readonly Option<string?> Base = new("--base") { Description = "The base model's evaluation of these problems (output folder of eval passk), for --where and mixtures", HelpName = "DIR" };
    private static readonly Option<string> Where = new("--where") { Description = "Problems that the base can solve (in-distribution), never solved (out-of-distribution), or all [default: all]", HelpName = "RANGE" };
    private static readonly Option<int> MinBaseCorrect = Number("--min-base-correct", "In distribution from so many correct base samples on", Defaults.MinBaseCorrect);
    private static readonly Option<int> MaxPerProblem = Number("--max-per-problem", "Correct responses kept a problem", Defaults.MaxPerProblem);
    private static readonly Option<int?> Total = new("--total") { Description = "Examples in all, spread evenly over the problems [default: all there are]", HelpName = "COUNT" };
    private static readonly Option<double?> Share = new("--out-of-distribution-share") { Description = "Mix: this share of the examples to problems that the base never solved, in turn; the others in distribution", HelpName = "SHARE" };
    private static readonly Option<string[]> Against = new("--against") { Description = "Test sets; problems that they have too are left out", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool> Distinct = new("--distinct") { Description = "Keep one of several responses with the same text" };
    private static readonly Option<ExtractionPolicy> Policy = new("--policy") { Description = "Where an answer is looked for: reward or lenient [default: lenient]", DefaultValueFactory = _ => Defaults.Policy };
    private static readonly Option<long> Seed = new("--seed") { Description = "Other seeds keep other responses [default: 0]", HelpName = "SEED" };
    private static readonly Option<string> Output = new("--output") { Description = "The folder to write sft.jsonl and manifest.json to", HelpName = "DIR", Required = true };

    public static Command Create()
    {
        var command = new Command("select", "Select correct responses as a training set (rejection sampling), by what the base model can do.")
        {
            Problems, Levels, Subset, SubsetSeed, Limit, Samples, Solutions, Base, Where, MinBaseCorrect, MaxPerProblem, Total, Share, Against, Distinct, Policy, Seed, Output,
        };
        Fields.AddTo(command);
        command.SetAction(Run);
        return command.WithExamples(
            "llm-reasoning data select --problems embedded-train --samples runs/base-train --max-per-problem 8 --output runs/self",
            "llm-reasoning data select --problems embedded-train --solutions --base runs/base-train --where in-distribution \\\n--min-base-correct 2 --output runs/reasoning-only",
            "llm-reasoning data select --problems embedded-train --solutions --base runs/base-train --min-base-correct 2 \\\n--out-of-distribution-share 0.33 --output runs/new-knowledge");
    }

    private static int Run(ParseResult parsed)
    {
        var problemsPath = parsed.GetValue(Problems)!;
        var all = ProblemSource.Read(problemsPath, fields: Fields.Names(parsed));
        var problems = new ProblemFilter { Levels = parsed.GetValue(Levels), Subset = parsed.GetValue(Subset), SubsetSeed = parsed.GetValue(SubsetSeed), Limit = parsed.GetValue(Limit) }.Of(all);
        var leftOut = all.Except(problems).Select(problem => problem.Id).ToHashSet(StringComparer.Ordinal);
        var paths = parsed.GetValue(Samples) ?? [];
        if (paths.Length > 0 == parsed.GetValue(Solutions)) { throw new UserException("responses come from --samples DIR or from --solutions; give one of them"); }
        var where = parsed.GetValue(Where) ?? "all";
        if (!Ranges.TryGetValue(where, out var range)) { throw new UserException($"where is {where}; use {string.Join(", ", Ranges.Keys)}"); }
        var options = new SelectionOptions
        {
            Where = range,
            MinBaseCorrect = parsed.GetValue(MinBaseCorrect),
            MaxPerProblem = parsed.GetValue(MaxPerProblem),
            Total = parsed.GetValue(Total),
            OutOfDistributionShare = parsed.GetValue(Share),
            Distinct = parsed.GetValue(Distinct),
            Policy = parsed.GetValue(Policy),
            Seed = parsed.GetValue(Seed),
        };
        var against = parsed.GetValue(Against) ?? [];
        var files = SampleFile.Find(paths);
        var folder = parsed.GetValue(Output)!;
        OutputFolder.Create(folder);
        var baseFolder = parsed.GetValue(Base);
        var selected = ResponseSelection.Select(
            problems,
            files.Count > 0 ? SampleFile.Read(files).Where(sample => !leftOut.Contains(sample.ProblemId)).Select(Response.Of) : Response.Solutions(problems),
            options,
            baseFolder is null ? null : EvaluatedModel.Read(baseFolder).Problems,
            [.. against.SelectMany(path => ProblemSource.Read(path))]);
        string[] evaluation = baseFolder is null ? [] : [baseFolder];
        selected = selected with { Manifest = selected.Manifest with { Inputs = [problemsPath, .. files, .. evaluation, .. against] } };
        ResponseSelection.Write(folder, selected);
        Report(selected.Manifest, folder, parsed.InvocationConfiguration.Output);
        return ExitCode.Done;
    }

    private static void Report(SelectionManifest manifest, string folder, TextWriter output)
    {
        if (manifest.InDistributionProblems is { } inside)
        {
            output.WriteLine($"{manifest.Problems} problems: {inside} in distribution, {manifest.OutOfDistributionProblems} never solved by the base");
        }
        if (manifest.LeakedProblems.Count > 0) { output.WriteLine($"{manifest.LeakedProblems.Count} problems are in a test set and were left out; manifest.json lists them"); }
        output.WriteLine($"{manifest.Responses} responses: {manifest.NotEligible} to problems out of range, {manifest.NotCorrect} not correct, {manifest.CorrectLeft} correct ones not needed");
        output.WriteLine($"{manifest.Examples} examples ({manifest.RepeatedExamples} of them repeats) for {manifest.CoveredProblems} of {manifest.EligibleProblems} problems, written to {folder}: sft.jsonl, manifest.json");
    }

    private static Option<int> Number(string name, string description, int byDefault) =>
        new(name) { Description = $"{description} [default: {byDefault}]", HelpName = "COUNT", DefaultValueFactory = _ => byDefault };
}
