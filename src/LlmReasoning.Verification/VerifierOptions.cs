namespace LlmReasoning.Verification;

/// <summary>Switches of the comparison. The defaults are what the study uses.</summary>
public sealed record VerifierOptions
{
    /// <summary>The defaults.</summary>
    public static VerifierOptions Default { get; } = new();

    /// <summary>Numbers written with a decimal point are compared rounded to this many places; 0 to 100.</summary>
    public int RoundingDigits { get; init; } = 6;

    /// <summary>"50" answers the reference "50\%", and the other way round. "0.5" does in any case.</summary>
    public bool PercentSignMayBeMissing { get; init; } = true;

    /// <summary>"f(y)" answers the reference "f(x)": the variables (at most four) may be renamed.</summary>
    public bool IgnoresVariableNames { get; init; }
}
