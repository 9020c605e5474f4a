using System.CommandLine;
using System.CommandLine.Parsing;

namespace LlmReasoning.Cli;

/// <summary>The first mistake in a command line, as one line.</summary>
internal static class UsageError
{
    /// <summary>What is wrong, what may have been meant, and whose --help says more.</summary>
    public static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var seeHelp = $"see {FullName(parsed.CommandResult)} --help";
        if (parsed.UnmatchedTokens.Count > 0)
        {
            var unknown = parsed.UnmatchedTokens[0];
            var nearest = NearestName.Of(unknown, Names(command));
            return $"'{unknown}' is not known here{(nearest is null ? "" : $" (did you mean '{nearest}'?)")}; {seeHelp}";
        }
        if (command.Action is null)
        {
            return $"a command is missing: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}; {seeHelp}";
        }
        return $"{parsed.Errors[0].Message.TrimEnd('.')}; {seeHelp}";
    }

    private static IEnumerable<string> Names(Command command) =>
        command.Subcommands.Select(sub => sub.Name).Concat(command.Options.Select(option => option.Name));

    private static string FullName(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{FullName(parent)} {result.Command.Name}" : "llm-reasoning";
}
