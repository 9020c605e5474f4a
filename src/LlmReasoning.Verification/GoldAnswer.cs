namespace LlmReasoning.Verification;

/// <summary>A reference answer, parsed once and compared with many responses. Immutable and thread-safe.</summary>
public sealed class GoldAnswer
{
    private GoldAnswer(string text) { Text = text; }

    /// <summary>The reference answer as given.</summary>
    public string Text { get; }

    public static GoldAnswer Parse(string text) => new(AnswerExtractor.FromGold(text));
}
