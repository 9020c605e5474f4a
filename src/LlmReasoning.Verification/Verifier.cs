namespace LlmReasoning.Verification;

/// <summary>Decides whether a response's answer equals the reference answer. Pure, deterministic and thread-safe; never throws.</summary>
public static class Verifier
{
    /// <summary>Judges a whole response.</summary>
    public static Verdict Verify(string gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verify(GoldAnswer.Parse(gold), response, policy);

    /// <summary>Judges a whole response against a reference answer that was parsed before.</summary>
    public static Verdict Verify(GoldAnswer gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verify(gold, response, policy, VerifierOptions.Default);

    /// <summary>Judges an answer that was extracted before.</summary>
    public static Verdict VerifyAnswer(string gold, string answer) => VerifyAnswer(GoldAnswer.Parse(gold), answer);

    /// <summary>Judges an answer that was extracted before against a reference answer that was parsed before.</summary>
    public static Verdict VerifyAnswer(GoldAnswer gold, string answer) => Judge(gold, answer, VerifierOptions.Default);

    /// <summary>The answer that a policy finds in a response; null where there is none.</summary>
    public static string? Extract(string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) => AnswerExtractor.Extract(response, policy).Answer;

    /// <summary>
    /// Puts the answers of one problem into classes of equal answers, numbered in order of appearance from 0; -1 for a missing or empty answer.
    /// For majority votes and the entropy of answers.
    /// </summary>
    public static int[] Group(IReadOnlyList<string?> answers) => AnswerGroups.Group(answers);

    /// <summary>Judges a whole response with other switches than the defaults.</summary>
    public static Verdict Verify(GoldAnswer gold, string response, ExtractionPolicy policy, VerifierOptions options)
    {
        if (gold.Defect is { } defect) { return new(Outcome.BadGold, defect, gold.Kind, AnswerKind.None, null, 0); }
        var found = AnswerExtractor.Extract(response, policy);
        if (found.Answer is null) { return new(Outcome.NoAnswer, found.Route, gold.Kind, AnswerKind.None, null, 0); }
        var verdict = Judge(gold, found.Answer, options);
        if (verdict.Outcome != Outcome.Correct && found.Route == Extraction.Box && HasSeveralValues(gold) && AnswerExtractor.JoinedBoxes(response) is { } joined)
        {
            var second = Judge(gold, joined, options);
            if (second.Outcome == Outcome.Correct) { return second with { Reason = "joined-boxes", WorkUsed = verdict.WorkUsed + second.WorkUsed }; }
        }

        return found.Route == Extraction.Box ? verdict : verdict with { Reason = $"{verdict.Reason} ({found.Route})" };
    }

    private static bool HasSeveralValues(GoldAnswer gold) => gold.Kind is AnswerKind.List or AnswerKind.Set && gold.Answer.Expression!.Items.Length > 1;

    private static Verdict Judge(GoldAnswer gold, string answer, VerifierOptions options)
    {
        if (gold.Defect is { } defect) { return new(Outcome.BadGold, defect, gold.Kind, AnswerKind.None, answer, 0); }
        if (AnswerText.Normalize(answer) == gold.Answer.Normalized) { return new(Outcome.Correct, "same-text", gold.Kind, gold.Kind, answer, 0); }
        var given = ParsedAnswer.Parse(answer);
        if (given.Normalized.Length == 0) { return new(Outcome.NoAnswer, "empty-answer", gold.Kind, AnswerKind.None, answer, 0); }
        if (given.Expression is null) { return new(Outcome.Undecided, given.Failure, gold.Kind, AnswerKind.None, answer, 0); }
        if (gold.Answer.Expression is not { } wanted) { return new(Outcome.Undecided, $"gold-{gold.Answer.Failure}", AnswerKind.None, given.Kind, answer, 0); }
        var work = new Work();
        var match = Compare(wanted, given.Expression, work, options);
        if (match.IsEqual != true && gold.Kind == AnswerKind.List && given.Expression.IsNumber && ParsedAnswer.Parse(answer, joinThousands: false).Expression is { } list)
        {
            match = Compare(wanted, list, work, options);           // "101,107" for the reference "101, 107"
        }

        var outcome = match.IsEqual switch { true => Outcome.Correct, false => Outcome.Wrong, null => Outcome.Undecided };
        return new(outcome, match.Reason, gold.Kind, given.Kind, answer, work.Used);
    }

    internal static Match Compare(Expression gold, Expression answer, Work work, VerifierOptions options)
    {
        try
        {
            return new Equivalence(work, options).Compare(gold, answer);
        }
        catch (BoundExceededException e)
        {
            return Match.Unknown(e.Message);
        }
        catch (NotMathsException)
        {
            return Match.No("type-mismatch");
        }
    }
}
