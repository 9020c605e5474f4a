namespace LlmReasoning.Evaluation.Responses;

/// <summary>Where a keyword counts.</summary>
public enum KeywordMatch
{
    /// <summary>Not inside a longer word: "ok" is not in "look".</summary>
    Word,

    /// <summary>Anywhere.</summary>
    Substring,
}
