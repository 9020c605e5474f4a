namespace LlmReasoning.Verification;

/// <summary>Decides whether a response's answer equals the reference answer. Pure, deterministic and thread-safe; never throws.</summary>
public static class Verifier
{
    /// <summary>Judges a whole response.</summary>
    public static Verdict Verify(string gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verify(GoldAnswer.Parse(gold), response, policy);

    /// <summary>Judges a whole response against a reference answer that was parsed before.</summary>
    public static Verdict Verify(GoldAnswer gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient)
    {
        var found = AnswerExtractor.Extract(response, policy);
        return found.Answer is null
            ? new(Outcome.NoAnswer, found.Route, AnswerKind.Text, AnswerKind.None, null, 1)
            : VerifyAnswer(gold, found.Answer);
    }

    /// <summary>Judges an answer that was extracted before.</summary>
    public static Verdict VerifyAnswer(string gold, string answer) => VerifyAnswer(GoldAnswer.Parse(gold), answer);

    /// <summary>Judges an answer that was extracted before against a reference answer that was parsed before.</summary>
    public static Verdict VerifyAnswer(GoldAnswer gold, string answer)
    {
        if (AnswerParser.Normalize(gold.Text).Length == 0) { return new(Outcome.BadGold, "empty-gold", AnswerKind.None, AnswerKind.None, answer, 1); }
        var isNumber = AnswerParser.TryNumber(answer, out var c, out var d);
        if (AnswerParser.TryNumber(gold.Text, out var a, out var b) && isNumber)
        {
            return a * d == b * c
                ? new(Outcome.Correct, "exact", AnswerKind.Number, AnswerKind.Number, answer, 1)
                : new(Outcome.Wrong, "differs", AnswerKind.Number, AnswerKind.Number, answer, 1);
        }

        var same = string.Equals(AnswerParser.Normalize(gold.Text), AnswerParser.Normalize(answer), StringComparison.OrdinalIgnoreCase);
        return new(same ? Outcome.Correct : Outcome.Wrong, same ? "text" : "differs", AnswerKind.Text, isNumber ? AnswerKind.Number : AnswerKind.Text, answer, 1);
    }
}
