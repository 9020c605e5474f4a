using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace LlmReasoning.Cli;

/// <summary>Help that ends with examples.</summary>
internal static class CommandHelp
{
    private static readonly Dictionary<Command, string[]> Examples = [];

    /// <summary>Gives <paramref name="command"/> the examples its help ends with, one command line each; the lines of a longer one end in a backslash.</summary>
    /// <returns>The command.</returns>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        Examples[command] = examples;
        return command;
    }

    /// <summary>Lets the help of <paramref name="root"/> and of all commands below it print their examples.</summary>
    public static void AddExamplesTo(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpThenExamples((HelpAction)help.Action!);
    }

    private sealed class HelpThenExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            if (!Examples.TryGetValue(parseResult.CommandResult.Command, out var examples)) { return ExitCode.Done; }
            output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
            foreach (var example in examples) { output.WriteLine($"  {example.ReplaceLineEndings("\n    ")}"); }
            return ExitCode.Done;
        }
    }
}
