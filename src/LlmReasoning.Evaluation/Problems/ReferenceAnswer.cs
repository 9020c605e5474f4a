using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Reference answers as data sets give them.</summary>
internal static class ReferenceAnswer
{
    /// <summary>Whether a response that boxes the reference answer is judged correct; a problem where it is not can never be solved.</summary>
    public static bool EqualsItself(string gold, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verifier.Verify(gold, $"\\boxed{{{gold}}}", policy).Outcome == Outcome.Correct;

    /// <summary>What follows the last #### (GSM8K), else the whole text.</summary>
    public static string AfterMarker(string text) =>
        (text.LastIndexOf("####", StringComparison.Ordinal) is >= 0 and var marker ? text[(marker + 4)..] : text).Trim();
}
