namespace LlmReasoning;

/// <summary>A mistake of the person at the keyboard: printed as one line without a stack trace, exit code 1.</summary>
/// <remarks>The message names the file, the key, the value found and what to do instead.</remarks>
public sealed class UserException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The setting that <see cref="Require"/> refused; null where the message already says where its value came from.</summary>
    public string? Key { get; private init; }

    /// <summary>Throws "key is value; remedy" unless the condition holds.</summary>
    public static void Require(bool holds, string key, object? value, string remedy)
    {
        if (!holds) { throw new UserException($"{key} is {value}; {remedy}") { Key = key }; }
    }
}
