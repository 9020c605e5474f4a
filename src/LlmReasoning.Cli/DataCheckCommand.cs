using System.CommandLine;
using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Cli;

/// <summary><c>data check FILE</c>: everything that is wrong with a problem set, by line.</summary>
internal static class DataCheckCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "Problems as jsonl, CSV or parquet" };
        var against = new Option<string?>("--against") { Description = "A set that must have no problem in common with FILE, such as the test set", HelpName = "FILE" };
        var fields = new ProblemFieldOptions();
        var command = new Command("check", "Check a problem set: unusable answers, duplicates, missing fields, overlap with another set. Exit code 1 if something is wrong.")
        {
            file, against,
        };
        fields.AddTo(command);
        command.SetAction(parsed => Run(parsed.GetValue(file)!, parsed.GetValue(against), fields.Names(parsed), parsed.InvocationConfiguration.Output));
        return command.WithExamples(
            "llm-reasoning data check train.jsonl --against test.jsonl",
            "llm-reasoning data check problems.csv --problem-field Frage --answer-field Antwort");
    }

    private static int Run(string file, string? against, ProblemFieldNames names, TextWriter output)
    {
        var result = ProblemCheck.Run(file, against, names);
        foreach (var finding in result.Findings) { output.WriteLine($"{file}: {finding.Place}: {finding.Message}"); }
        var kept = result.Problems == result.Rows ? $"{result.Problems} problems" : $"{result.Problems} problems in {result.Rows} rows";
        output.WriteLine($"{file}: {kept}, {(result.Findings.Count == 0 ? "nothing is wrong" : $"{result.Findings.Count} findings")}");
        return result.Findings.Count == 0 ? ExitCode.Done : ExitCode.UserMistake;
    }
}
