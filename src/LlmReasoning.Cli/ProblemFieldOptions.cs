using System.CommandLine;
using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Cli;

/// <summary>The options that name the fields of a problem set whose names are not recognised.</summary>
internal sealed class ProblemFieldOptions
{
    private readonly Option<string?> _problem = new("--problem-field") { Description = "The field that holds the problem's text [default: recognised]", HelpName = "NAME" };
    private readonly Option<string?> _answer = new("--answer-field") { Description = "The field that holds the reference answer [default: recognised]", HelpName = "NAME" };
    private readonly Option<string?> _id = new("--id-field") { Description = "The field that holds the id [default: recognised]", HelpName = "NAME" };
    private readonly Option<string?> _level = new("--level-field") { Description = "The field that holds the level [default: level]", HelpName = "NAME" };

    public void AddTo(Command command)
    {
        foreach (var option in new[] { _problem, _answer, _id, _level }) { command.Options.Add(option); }
    }

    public ProblemFieldNames Names(ParseResult parsed) => new()
    {
        Problem = parsed.GetValue(_problem),
        Answer = parsed.GetValue(_answer),
        Id = parsed.GetValue(_id),
        Level = parsed.GetValue(_level),
    };
}
