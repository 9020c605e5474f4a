namespace LlmReasoning.Verification;

/// <summary>What was found in a response.</summary>
/// <param name="Answer">The answer as it stands in the response; null where there is none.</param>
/// <param name="Route">How it was found ("box", "answer-is", ...), or why there is none ("no-box", "empty-box", ...).</param>
internal readonly record struct Extraction(string? Answer, string Route)
{
    public const string Box = "box";
}
