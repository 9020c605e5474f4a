using System.CommandLine;
using LlmReasoning.Cli.Runs;

namespace LlmReasoning.Cli;

/// <summary><c>runs summary</c>: many runs as one CSV.</summary>
internal static class RunsCommand
{
    public static Command Create() => new Command("runs", "Look at many runs together.") { CreateSummary() }
        .WithExamples("llm-reasoning runs summary runs/sweep");

    private static Command CreateSummary()
    {
        var folders = new Argument<string[]>("dir") { Description = "Folders of runs and evaluations, or folders that hold them", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("--output") { Description = "The CSV to write [default: standard output]", HelpName = "FILE" };
        var command = new Command("summary", "Gather runs and evaluations as one CSV: the settings in which they differ, their last metrics, mean and standard deviation over seeds.") { folders, output };
        command.SetAction(parsed => Run(parsed.GetValue(folders)!, parsed.GetValue(output)));
        return command.WithExamples(
            "llm-reasoning runs summary runs/sweep",
            "llm-reasoning runs summary runs/sweep/*/seed-*/test --output sweep.csv");
    }

    private static int Run(string[] folders, string? output)
    {
        if (output is not null) { AtomicFile.RequireWritable(output); }
        GatheredRun[] runs = [.. folders.SelectMany(GatheredRun.Find).DistinctBy(run => Path.GetFullPath(run.Folder), StringComparer.Ordinal)];
        if (runs.Length == 0) { throw new UserException($"{string.Join(", ", folders)}: no run in it (config.yaml with metrics.csv, or summary.json of eval passk); name folders of runs"); }
        var table = RunTable.Of(runs);
        if (output is null)
        {
            using var stdout = Console.OpenStandardOutput();
            table.Write(stdout);
            return ExitCode.Done;
        }
        AtomicFile.Write(output, table.Write);
        Console.Out.WriteLine($"{runs.Length} runs: {output}");
        return ExitCode.Done;
    }
}
