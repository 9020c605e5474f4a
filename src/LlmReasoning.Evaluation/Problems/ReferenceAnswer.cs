using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>The sanity check of a reference answer.</summary>
internal static class ReferenceAnswer
{
    /// <summary>Whether a response that boxes the reference answer is judged correct; a problem where it is not can never be solved.</summary>
    public static bool EqualsItself(string gold, ExtractionPolicy policy = ExtractionPolicy.Lenient) =>
        Verifier.Verify(gold, $"\\boxed{{{gold}}}", policy).Outcome == Outcome.Correct;
}
