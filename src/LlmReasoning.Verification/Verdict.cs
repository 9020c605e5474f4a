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
    /// <summary>No answer, or one that was not read.</summary>
    None,
    Integer,
    Rational,

    /// <summary>Written with a decimal point or an exponent of ten.</summary>
    Decimal,

    /// <summary>Sums, products and roots of numbers.</summary>
    Surd,

    /// <summary>A constant with pi, e, a logarithm, a factorial, ...</summary>
    ClosedForm,
    Complex,
    Percent,

    /// <summary>A number with a unit, a currency or a label.</summary>
    Quantity,

    /// <summary>A numeral with its base.</summary>
    BaseN,

    /// <summary>An expression with variables.</summary>
    Expression,

    /// <summary>A name and its value.</summary>
    Assignment,
    Equation,
    Inequality,

    /// <summary>An interval, or a union of intervals.</summary>
    Interval,
    Set,
    List,

    /// <summary>Entries in round brackets; two of them may also be an open interval.</summary>
    Tuple,
    Matrix,

    /// <summary>A ratio or a time.</summary>
    Ratio,
    Choice,

    /// <summary>Infinity, an undefined value.</summary>
    Special,
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
