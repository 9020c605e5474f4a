namespace LlmReasoning.Cli.Config;

/// <summary>One value as it was written.</summary>
/// <param name="Text">The text, without the quotes.</param>
/// <param name="Quoted">A quoted text is a string, never a number, a truth value or null.</param>
internal readonly record struct ConfigScalar(string Text, bool Quoted);

/// <summary>One key and its value, from a file or from the command line.</summary>
/// <param name="Key">In snake_case.</param>
/// <param name="Scalars">One for a single value, any number for a list.</param>
/// <param name="IsList">Whether a list was written.</param>
/// <param name="Origin">Where it stands, for messages: "configs/a.yaml:12", "--set" or the option's name.</param>
internal sealed record ConfigEntry(string Key, IReadOnlyList<ConfigScalar> Scalars, bool IsList, string Origin)
{
    /// <summary>The value as the user sees it.</summary>
    public string Text => IsList ? $"[{string.Join(", ", Scalars.Select(scalar => scalar.Text))}]" : Scalars[0].Text;
}
