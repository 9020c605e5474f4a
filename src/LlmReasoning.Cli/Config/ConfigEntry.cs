namespace LlmReasoning.Cli.Config;

/// <summary>One value as it was written.</summary>
/// <param name="Text">The text, without the quotes.</param>
/// <param name="Quoted">A quoted text is a string, never a number, a truth value or null.</param>
internal readonly record struct ConfigScalar(string Text, bool Quoted);

/// <summary>What was written as a value.</summary>
internal enum ConfigShape
{
    /// <summary>A single value.</summary>
    Scalar,

    /// <summary>Any number of values in brackets.</summary>
    List,

    /// <summary>Keys below the key. No setting here is one; what they say is not kept.</summary>
    Mapping,
}

/// <summary>One key and its value, from a file or from the command line.</summary>
/// <param name="Key">In snake_case.</param>
/// <param name="Scalars">One for a single value, any number for a list, none for a mapping.</param>
/// <param name="Shape">What was written.</param>
/// <param name="Origin">Where it stands, for messages: "configs/a.yaml:12", "--set" or the option's name.</param>
internal sealed record ConfigEntry(string Key, IReadOnlyList<ConfigScalar> Scalars, ConfigShape Shape, string Origin)
{
    /// <summary>A single value.</summary>
    public ConfigEntry(string key, ConfigScalar value, string origin) : this(key, [value], ConfigShape.Scalar, origin) { }

    /// <summary>The value as the user sees it.</summary>
    public string Text => Shape switch
    {
        ConfigShape.Scalar => Scalars[0].Text,
        ConfigShape.List => $"[{string.Join(", ", Scalars.Select(scalar => scalar.Text))}]",
        _ => "{...}",
    };
}
