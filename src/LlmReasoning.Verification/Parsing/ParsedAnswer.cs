namespace LlmReasoning.Verification.Parsing;

/// <summary>An answer as text and as an expression.</summary>
internal sealed class ParsedAnswer
{
    private ParsedAnswer(string text, string normalized, Expression? expression, string failure)
    {
        Text = text;
        Normalized = normalized;
        Expression = expression;
        Failure = failure;
        Kind = expression is null ? AnswerKind.None : AnswerKinds.Of(expression);
    }

    public string Text { get; }

    /// <summary>The text without spacing: equal texts are equal answers.</summary>
    public string Normalized { get; }

    /// <summary>Null where a bound was passed.</summary>
    public Expression? Expression { get; }

    /// <summary>The bound that was passed, such as "too-long".</summary>
    public string Failure { get; }

    public AnswerKind Kind { get; }

    public static ParsedAnswer Parse(string text, bool joinThousands = true)
    {
        var normalized = AnswerText.Normalize(text);
        if (normalized.Length == 0) { return new(text, normalized, null, "empty"); }
        try
        {
            return new(text, normalized, AnswerParser.Parse(text, joinThousands), "");
        }
        catch (BoundExceededException e)
        {
            return new(text, normalized, null, e.Message);
        }
    }
}
