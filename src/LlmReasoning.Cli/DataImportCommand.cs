using System.CommandLine;
using LlmReasoning.Evaluation.Import;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Cli;

/// <summary><c>data import</c>: samples of other tools.</summary>
internal static class DataImportCommand
{
    private static readonly Dictionary<string, ImportFormat> Formats = new()
    {
        ["lighteval"] = ImportFormat.Lighteval,
        ["lm-eval"] = ImportFormat.LmEval,
        ["limit-of-rlvr"] = ImportFormat.LimitOfRlvr,
        ["human-eval"] = ImportFormat.HumanEval,
        ["jsonl"] = ImportFormat.Plain,
        ["csv"] = ImportFormat.Plain,
        ["parquet"] = ImportFormat.Plain,
    };

    private static readonly Argument<string[]> Files = new("file") { Description = "Files of one model and one setting", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<string> Format = new("--format") { Description = string.Join(", ", Formats.Keys), HelpName = "NAME", Required = true };
    private static readonly Option<string?> Problems = new("--problems") { Description = "Problems by id, where the files have no reference answers (human-eval)", HelpName = "FILE" };
    private static readonly ProblemFieldOptions Fields = new();
    private static readonly Option<string?> ModelId = new("--model-id") { Description = "The model's name [default: imported]", HelpName = "NAME" };
    private static readonly Option<string?> TemplateId = new("--template-id") { Description = "The prompt template's name [default: imported]", HelpName = "NAME" };
    private static readonly Option<long> Seed = new("--seed") { Description = "Of the sampling [default: 0]", HelpName = "SEED" };
    private static readonly Option<double?> Temperature = new("--temperature") { Description = "Of the sampling [default: the file's]", HelpName = "T" };
    private static readonly Option<double?> TopP = new("--top-p") { Description = "Of the sampling [default: the file's, else 1]", HelpName = "P" };
    private static readonly Option<int?> TopK = new("--top-k") { Description = "Of the sampling [default: the file's, else 0 = off]", HelpName = "K" };
    private static readonly Option<int?> MaxNewTokens = new("--max-new-tokens") { Description = "The limit of a reply [default: the file's, else 0 = not known]", HelpName = "TOKENS" };
    private static readonly Option<string> Output = new("--output") { Description = "The folder to write samples.jsonl and problems.jsonl to", HelpName = "DIR", Required = true };

    public static Command Create()
    {
        var command = new Command("import", "Turn samples of other tools into samples.jsonl and problems.jsonl; every reply is graded anew, their scores are not used.")
        {
            Files, Format, Problems, ModelId, TemplateId, Seed, Temperature, TopP, TopK, MaxNewTokens, Output,
        };
        Fields.AddTo(command);
        command.SetAction(Run);
        return command.WithExamples(
            "llm-reasoning data import samples_gsm8k_2026-11-24T06-27-00.418303.jsonl --format lm-eval --model-id smol --output runs/smol");
    }

    private static int Run(ParseResult parsed)
    {
        var format = parsed.GetValue(Format)!;
        if (!Formats.TryGetValue(format, out var known)) { throw new UserException($"format is {format}; use {string.Join(", ", Formats.Keys)}"); }
        var (fields, problemsPath) = (Fields.Names(parsed), parsed.GetValue(Problems));
        var options = new ImportOptions
        {
            Format = known,
            ModelId = parsed.GetValue(ModelId) ?? "imported",
            TemplateId = parsed.GetValue(TemplateId) ?? "imported",
            Seed = parsed.GetValue(Seed),
            Temperature = parsed.GetValue(Temperature),
            TopP = parsed.GetValue(TopP),
            TopK = parsed.GetValue(TopK),
            MaxNewTokens = parsed.GetValue(MaxNewTokens),
            Fields = problemsPath is null ? fields : new(),         // of the file that holds the problems
        }.Validate();
        IReadOnlyList<Problem> problems = problemsPath is null ? [] : ProblemSource.Read(problemsPath, fields: fields);
        var folder = parsed.GetValue(Output)!;
        var summary = SampleImport.Run(parsed.GetValue(Files)!, folder, options, problems);
        var results = Grader.Grade(summary.Problems, SampleFile.Read(Path.Combine(folder, "samples.jsonl")), allowUnequalN: true);
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine($"{summary.Samples} samples of {results.Count} problems, {results.Min(result => result.N)} to {results.Max(result => result.N)} each; {results.Sum(result => result.C)} correct");
        if (summary.WithoutFinishReason > 0) { output.WriteLine($"{summary.WithoutFinishReason} samples do not say how they ended; none of them counts as cut off"); }
        if (summary.WithoutProblem.Count > 0) { output.WriteLine($"left out, as their problems are not known: {string.Join(", ", summary.WithoutProblem)}"); }
        output.WriteLine($"written to {folder}: samples.jsonl, problems.jsonl");
        return ExitCode.Done;
    }
}
