namespace LlmReasoning.Verification;

/// <summary>Decides whether a response's answer equals the reference answer. Pure, deterministic and thread-safe; never throws.</summary>
public static class Verifier
{
    public static Verdict Verify(string gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verify(GoldAnswer.Parse(gold), response, policy);

    public static Verdict Verify(GoldAnswer gold, string response, ExtractionPolicy policy = ExtractionPolicy.Lenient)
    {
        var start = response.LastIndexOf("\\boxed{", StringComparison.Ordinal);
        var end = start < 0 ? -1 : response.IndexOf('}', start);
        if (end < 0) { return new(Outcome.NoAnswer, "no-box", AnswerKind.Text, AnswerKind.None, null, 1); }
        var answer = response[(start + 7)..end].Trim();
        return answer == gold.Text.Trim()
            ? new(Outcome.Correct, "exact", AnswerKind.Text, AnswerKind.Text, answer, 1)
            : new(Outcome.Wrong, "differs", AnswerKind.Text, AnswerKind.Text, answer, 1);
    }
}
