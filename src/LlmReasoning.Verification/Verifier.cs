namespace LlmReasoning.Verification;

/// <summary>Decides whether a response's answer equals the reference answer. Pure, deterministic and thread-safe; never throws.</summary>
public static class Verifier
{
    /// <summary>Decimals are compared rounded to this many places, as Math-Verify does.</summary>
    public const int DefaultRoundingDigits = 6;

    /// <summary>Judges a whole response.</summary>
    public static Verdict Verify(string gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verify(GoldAnswer.Parse(gold), response, policy);

    /// <summary>Judges a whole response against a reference answer that was parsed before.</summary>
    public static Verdict Verify(GoldAnswer gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verify(gold, response, policy, DefaultRoundingDigits);

    /// <summary>Judges an answer that was extracted before.</summary>
    public static Verdict VerifyAnswer(string gold, string answer) => VerifyAnswer(GoldAnswer.Parse(gold), answer);

    /// <summary>Judges an answer that was extracted before against a reference answer that was parsed before.</summary>
    public static Verdict VerifyAnswer(GoldAnswer gold, string answer) => Judge(gold, answer, DefaultRoundingDigits);

    /// <summary>The answer that a policy finds in a response; null where there is none.</summary>
    public static string? Extract(string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) => AnswerExtractor.Extract(response, policy).Answer;

    /// <summary>
    /// Puts the answers of one problem into classes of equal answers, numbered in order of appearance from 0; -1 for a missing or empty answer.
    /// For majority votes and the entropy of answers.
    /// </summary>
    public static int[] Group(IReadOnlyList<string?> answers) => AnswerGroups.Group(answers);

    internal static Verdict Verify(GoldAnswer gold, string response, ExtractionPolicy policy, int roundingDigits)
    {
        if (gold.IsEmpty) { return BadGold(gold, null); }
        var found = AnswerExtractor.Extract(response, policy);
        if (found.Answer is null) { return new(Outcome.NoAnswer, found.Route, gold.Kind, AnswerKind.None, null, 0); }
        var verdict = Judge(gold, found.Answer, roundingDigits);
        if (verdict.Outcome != Outcome.Correct && found.Route == Extraction.Box && HasSeveralValues(gold) && AnswerExtractor.JoinedBoxes(response) is { } joined)
        {
            var second = Judge(gold, joined, roundingDigits);
            if (second.Outcome == Outcome.Correct) { return second with { Reason = "joined-boxes", WorkUsed = verdict.WorkUsed + second.WorkUsed }; }
        }

        return found.Route == Extraction.Box ? verdict : verdict with { Reason = $"{verdict.Reason} ({found.Route})" };
    }

    private static bool HasSeveralValues(GoldAnswer gold) => gold.Kind is AnswerKind.List or AnswerKind.Set or AnswerKind.None && gold.Answer.Expression?.Items.Length != 1;

    private static Verdict BadGold(GoldAnswer gold, string? answer) => new(Outcome.BadGold, "empty-gold", gold.Kind, AnswerKind.None, answer, 0);

    private static Verdict Judge(GoldAnswer gold, string answer, int roundingDigits)
    {
        if (gold.IsEmpty) { return BadGold(gold, answer); }
        if (AnswerText.Normalize(answer) == gold.Answer.Normalized) { return new(Outcome.Correct, "same-text", gold.Kind, gold.Kind, answer, 0); }
        var given = ParsedAnswer.Parse(answer);
        if (given.Normalized.Length == 0) { return new(Outcome.NoAnswer, "empty-answer", gold.Kind, AnswerKind.None, answer, 0); }
        if (given.Expression is null) { return new(Outcome.Undecided, given.Failure, gold.Kind, AnswerKind.None, answer, 0); }
        if (gold.Answer.Expression is not { } wanted) { return new(Outcome.Undecided, $"gold-{gold.Answer.Failure}", AnswerKind.None, given.Kind, answer, 0); }
        var work = new Work();
        try
        {
            var match = new Equivalence(work, roundingDigits).Compare(wanted, given.Expression);
            var outcome = match.IsEqual switch { true => Outcome.Correct, false => Outcome.Wrong, null => Outcome.Undecided };
            return new(outcome, match.Reason, gold.Kind, given.Kind, answer, work.Used);
        }
        catch (BoundExceededException e)
        {
            return new(Outcome.Undecided, e.Message, gold.Kind, given.Kind, answer, work.Used);
        }
        catch (NotMathsException)
        {
            return new(Outcome.Wrong, "type-mismatch", gold.Kind, given.Kind, answer, work.Used);
        }
    }
}
