using System.CommandLine;
using LlmReasoning.Evaluation.Problems.Synthetic;

namespace LlmReasoning.Cli;

/// <summary><c>data synthesize</c>: problems and corpus of the embedded family.</summary>
internal static class DataSynthesizeCommand
{
    public static Command Create()
    {
        var split = new Option<string>("--split") { Description = "test or train (problems), or pretrain (corpus examples)", HelpName = "NAME", Required = true };
        var count = new Option<int>("--count") { Description = "How many", HelpName = "COUNT", Required = true };
        var seed = new Option<long>("--seed") { Description = "Other seeds give other problems [default: 0]", HelpName = "SEED" };
        var output = new Option<string>("--output") { Description = "The jsonl file to write", HelpName = "FILE", Required = true };
        var command = new Command("synthesize", "Write problems or corpus examples of the embedded family; splits never share a problem.") { split, count, seed, output };
        command.SetAction(parsed =>
        {
            SyntheticProblems.Write(parsed.GetValue(output)!, parsed.GetValue(split)!, parsed.GetValue(count), parsed.GetValue(seed));
            return ExitCode.Done;
        });
        return command.WithExamples("llm-reasoning data synthesize --split test --count 120 --output test.jsonl");
    }
}
