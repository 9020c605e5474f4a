using System.Text.RegularExpressions;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Recognises the field names of public data sets in one row, whatever the file format. docs/problems.md describes the rules.</summary>
internal static partial class ProblemFields
{
    private static readonly string[] TextNames = ["problem", "Problem", "question", "Question", "prompt", "text"];
    private static readonly string[] GoldNames = ["answer", "Answer", "gold", "target", "final_answer"];
    private static readonly string[] SolutionNames = ["solution", "Solution"];
    private static readonly string[] IdNames = ["id", "ID", "unique_id", "idx"];
    private static readonly string[] TopicNames = ["topic", "subject", "type", "Type", "solution_type"];

    /// <param name="field">The text of a named field, null where it is absent.</param>
    /// <param name="names">The fields that were named; those win. Null = the user cannot name any, and no message says so.</param>
    /// <param name="fallbackId">The id of a row without one.</param>
    /// <exception cref="FormatException">What is missing or empty.</exception>
    public static Problem Recognise(Func<string, string?> field, ProblemFieldNames? names, string fallbackId)
    {
        var id = names?.Id is { } idName ? Required(field, idName, "id_field").Trim() : First(field, IdNames).Value;
        var (gold, solution) = names?.Answer is { } answerName
            ? (OfSolution(answerName, Required(field, answerName, "answer_field")), First(field, SolutionNames).Value)
            : GoldAndSolution(field, names is not null);
        return new Problem
        {
            Id = string.IsNullOrWhiteSpace(id) ? fallbackId : id,
            Text = names?.Problem is { } textName ? NotEmpty(Required(field, textName, "problem_field").Trim(), textName) : ProblemText(field, names is not null),
            Gold = gold,
            Level = Level(field(names?.Level ?? "level")),
            Topic = First(field, TopicNames).Value,
            Solution = solution,
        };
    }

    private static string Required(Func<string, string?> field, string name, string key) =>
        field(name) ?? throw new FormatException($"no field \"{name}\", which {key} names");

    private static string ProblemText(Func<string, string?> field, bool canBeNamed)
    {
        if (WithQuestion(field("Body"), field("Question")) is { } svamp) { return svamp; }
        if (WithQuestion(field("body"), field("question")) is { } asdiv) { return asdiv; }
        var (name, text) = First(field, TextNames);
        if (text is null) { throw new FormatException($"no problem; one of the fields {string.Join(", ", TextNames)} is expected{(canBeNamed ? "; or name yours by --problem-field" : "")}"); }
        return text.Trim() is { Length: > 0 } trimmed ? trimmed : throw new FormatException($"{name} is empty");
    }

    private static string? WithQuestion(string? body, string? question) =>
        body is null || question is null ? null
        : string.IsNullOrWhiteSpace(question) ? throw new FormatException("question is empty")
        : $"{body.Trim()} {question.Trim()}".TrimStart();

    private static (string Gold, string? Solution) GoldAndSolution(Func<string, string?> field, bool canBeNamed)
    {
        var (solutionName, solution) = First(field, SolutionNames);
        var (name, answer) = First(field, GoldNames);
        if (answer is null)
        {
            if (solution is null) { throw new FormatException($"no answer; one of the fields {string.Join(", ", GoldNames)} or solution is expected{(canBeNamed ? "; or name yours by --answer-field" : "")}"); }
            return (OfSolution(solutionName!, solution), solution);
        }
        if (AfterMarker(answer) is { } marked)                 // GSM8K: the worked solution ends in "#### 18"
        {
            return (NotEmpty(marked, $"{name} after ####"), solution ?? answer);
        }
        var gold = NotEmpty(answer.Trim(), name!);
        var hasUnit = field("body") is not null && NumberWithUnit().Match(gold) is { Success: true };
        return (hasUnit ? NumberWithUnit().Match(gold).Groups["number"].Value : gold, solution);
    }

    private static string OfSolution(string name, string solution)
    {
        if (LastBox.Of(solution) is { } boxed) { return NotEmpty(boxed.Trim(), $"the last box of {name}"); }
        if (AfterMarker(solution) is { } marked) { return NotEmpty(marked, $"{name} after ####"); }
        var text = NotEmpty(solution.Trim(), name);
        return text.Contains('\n')
            ? throw new FormatException($"no answer; {name} has neither \\boxed{{}} nor ####, and is longer than a line")
            : text;
    }

    private static string? AfterMarker(string text)
    {
        var marker = text.LastIndexOf("####", StringComparison.Ordinal);
        return marker < 0 ? null : text[(marker + 4)..].Trim();
    }

    private static string? Level(string? level)
    {
        var text = level?.Trim();
        if (string.IsNullOrEmpty(text)) { return null; }
        return text.StartsWith("Level ", StringComparison.Ordinal) ? text[6..].Trim() : text;
    }

    private static string NotEmpty(string text, string name) => text.Length > 0 ? text : throw new FormatException($"{name} is empty");

    private static (string? Name, string? Value) First(Func<string, string?> field, string[] names)
    {
        foreach (var name in names)
        {
            if (field(name) is { } value) { return (name, value); }
        }
        return (null, null);
    }

    // ASDiv: "9 (apples)". A ratio (3:4), a fraction or a time in front of the bracket is kept as it stands; "-(1/3)" has no unit.
    [GeneratedRegex(@"^(?<number>[-+]?[0-9][0-9.,:/]*)\s*\([^()]*\)$", RegexOptions.CultureInvariant)]
    private static partial Regex NumberWithUnit();
}
