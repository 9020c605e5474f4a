namespace LlmReasoning.Verification;

/// <summary>A reference answer, parsed once and compared with many responses. Immutable and thread-safe.</summary>
public sealed class GoldAnswer
{
    private GoldAnswer(string text)
    {
        Text = text;
        Answer = ParsedAnswer.Parse(AnswerExtractor.FromGold(text));
    }

    /// <summary>The reference answer as given.</summary>
    public string Text { get; }

    /// <summary>The form of the reference answer; None where it is empty or too large to be read.</summary>
    public AnswerKind Kind => Answer.Kind;

    /// <summary>Whether the reference can be compared with: not empty, and no division by zero. Otherwise every verdict is BadGold.</summary>
    public bool IsUsable => Defect is null;

    /// <summary>Why the reference is unusable; null where it is usable.</summary>
    internal string? Defect => Answer.Normalized.Length == 0 ? "empty-gold" : Algebra.Undefined.Equals(Answer.Expression) ? "undefined-gold" : null;

    internal ParsedAnswer Answer { get; }

    /// <summary>Parses a reference answer: the answer itself, a solution that ends in "\boxed{...}", "#### ..." or "final answer is ...". Never throws.</summary>
    public static GoldAnswer Parse(string text) => new(text);
}
