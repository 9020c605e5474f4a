using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>What a claim says of its number.</summary>
internal enum ClaimTest
{
    /// <summary>The number is above 0.</summary>
    Rises,

    /// <summary>The number is not above 0.</summary>
    DoesNotRise,

    /// <summary>The number is below 0.</summary>
    Falls,

    /// <summary>The number is 0 or more, but for the margin.</summary>
    Reaches,

    /// <summary>The number is the k at which curves cross, and it is finite.</summary>
    Crosses,
}

/// <summary>What the data say of a claim.</summary>
internal enum Verdict
{
    Consistent,
    NotConsistent,
    NotEnoughData,
}

/// <summary>The rule that makes a verdict of an interval; nothing else decides it.</summary>
internal static class ClaimRule
{
    /// <summary>A change smaller than this counts as none: 5 points of a share, 5 % of a length.</summary>
    public const double Margin = 0.05;

    /// <summary>With fewer problems percentile intervals are too narrow to decide anything.</summary>
    public const int FewestProblems = 20;

    /// <summary>The rule in words, for the report.</summary>
    public static IReadOnlyList<string> InWords { get; } =
    [
        "The interval alone decides. It is the 95 % interval of a bootstrap that draws problems, and seeds where there are several, with replacement; all arms share the draws.",
        "\"Rises\": consistent if the whole interval is above 0; not consistent if a rise of 5 points (5 % of a length) or more is ruled out. \"Falls\": the same below 0.",
        "\"Does not rise\": not consistent if the whole interval is above 0; consistent if a rise of 5 points (5 % of a length) or more is ruled out.",
        "\"Reaches\": consistent if a shortfall of 5 points or more is ruled out; not consistent if a shortfall of 5 points or more is certain.",
        "\"Crosses\": consistent if the curves cross below n in the whole interval; not consistent if they cross in none of it.",
        $"Everything else is \"not enough data\", and so is every claim on fewer than {FewestProblems} problems.",
    ];

    /// <summary>The verdict on a number of which the interval is all that counts.</summary>
    public static Verdict Of(ClaimTest test, Estimate number, int problems)
    {
        if (problems < FewestProblems) { return Verdict.NotEnoughData; }
        var (yes, no) = test switch
        {
            ClaimTest.Rises => (number.Lo > 0, number.Hi < Margin),
            ClaimTest.DoesNotRise => (number.Lo <= 0 && number.Hi < Margin, number.Lo > 0),
            ClaimTest.Falls => (number.Hi < 0, number.Lo > -Margin),
            ClaimTest.Reaches => (number.Lo > -Margin, number.Hi < -Margin),
            _ => (double.IsFinite(number.Hi), double.IsPositiveInfinity(number.Lo)),
        };
        return yes ? Verdict.Consistent : no ? Verdict.NotConsistent : Verdict.NotEnoughData;
    }

    public static string Text(Verdict verdict) => verdict switch
    {
        Verdict.Consistent => "consistent with",
        Verdict.NotConsistent => "not consistent with",
        _ => "not enough data",
    };
}
