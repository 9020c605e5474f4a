namespace LlmReasoning.Verification;

/// <summary>What became of one response.</summary>
public enum Outcome
{
    Correct,
    Wrong,

    /// <summary>The response holds no answer where the policy looks for one.</summary>
    NoAnswer,

    /// <summary>The bound on work was reached, or the form cannot be judged. Never to be counted as wrong in silence.</summary>
    Undecided,

    /// <summary>The reference answer itself is unusable.</summary>
    BadGold,
}

/// <summary>Where an answer is looked for in a response.</summary>
public enum ExtractionPolicy
{
    /// <summary>The last closed box after the last &lt;/think&gt;, and nothing else.</summary>
    Reward,

    /// <summary>Box, then "answer is" and ####, then the last maths or number.</summary>
    Lenient,
}

/// <summary>The form of an answer.</summary>
public enum AnswerKind
{
    None,
    Number,
    Text,
}

/// <summary>The judgement of one response.</summary>
/// <param name="Outcome">The judgement.</param>
/// <param name="Reason">A stable code that says which rule decided, such as "exact" or "no-box".</param>
/// <param name="GoldKind">The form of the reference answer.</param>
/// <param name="AnswerKind">The form of the extracted answer.</param>
/// <param name="Answer">The extracted answer as it stands in the response, null where there is none.</param>
/// <param name="WorkUsed">Counted steps; the same on every machine.</param>
public sealed record Verdict(Outcome Outcome, string Reason, AnswerKind GoldKind, AnswerKind AnswerKind, string? Answer, long WorkUsed);
