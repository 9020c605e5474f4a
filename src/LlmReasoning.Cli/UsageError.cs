using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace LlmReasoning.Cli;

/// <summary>The first mistake in a command line, as one line.</summary>
internal static partial class UsageError
{
    /// <summary>An option that is not known, and that the parser took for a value: of the option before it, or of an argument that takes several. Null where there is none.</summary>
    public static string? MistakenValue(ParseResult parsed)
    {
        var values = parsed.CommandResult.Children.OfType<OptionResult>().SelectMany(option => option.Tokens)
            .Concat(parsed.CommandResult.Children.OfType<ArgumentResult>().Where(argument => argument.Argument.Arity.MaximumNumberOfValues > 1).SelectMany(argument => argument.Tokens));
        return values.FirstOrDefault(token => LikeAnOption().IsMatch(token.Value)) is { } unknown ? Unknown(parsed, unknown.Value) : null;
    }

    /// <summary>What is wrong, what may have been meant, and whose --help says more.</summary>
    public static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var seeHelp = SeeHelp(parsed);
        if (parsed.UnmatchedTokens.Count > 0) { return Unknown(parsed, parsed.UnmatchedTokens[0]); }
        if (command.Action is null)
        {
            return $"a command is missing: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}; {seeHelp}";
        }
        return $"{parsed.Errors[0].Message.TrimEnd('.')}; {seeHelp}";
    }

    private static string Unknown(ParseResult parsed, string unknown)
    {
        var nearest = NearestName.Of(unknown, Names(parsed));
        return $"'{unknown}' is not known here{(nearest is null ? "" : $" (did you mean '{nearest}'?)")}; {SeeHelp(parsed)}";
    }

    private static string SeeHelp(ParseResult parsed) => $"see {FullName(parsed.CommandResult)} --help";

    private static IEnumerable<string> Names(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return [.. command.Subcommands.Select(sub => sub.Name), .. command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive)).Select(option => option.Name)];
    }

    private static string FullName(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{FullName(parent)} {result.Command.Name}" : "llm-reasoning";

    [GeneratedRegex("^--[a-z]")]
    private static partial Regex LikeAnOption();
}
