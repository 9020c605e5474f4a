using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>Which problems two models solve in n samples each (c above 0), by id.</summary>
/// <remarks>The rates are those of The Invisible Leash, arXiv 2507.14843; null where their denominator is 0.</remarks>
public sealed record Coverage
{
    /// <summary>Solved by both; P.</summary>
    public required IReadOnlyList<string> Both { get; init; }

    /// <summary>Solved by the model only; E.</summary>
    public required IReadOnlyList<string> Gained { get; init; }

    /// <summary>Solved by the base only; S.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Solved by neither; O.</summary>
    public required IReadOnlyList<string> Neither { get; init; }

    /// <summary>Support retention rate: P / (P + S).</summary>
    public double? Srr => Ratio(Both.Count, Both.Count + Lost.Count);

    /// <summary>Net discovery rate: E / (P + E).</summary>
    public double? Ndr => Ratio(Gained.Count, Both.Count + Gained.Count);

    /// <summary>Support dynamic score: 2 SRR NDR / (SRR + NDR).</summary>
    public double? Sds => Ratio(2 * (Srr * Ndr), Srr + Ndr);

    /// <summary>Net support change rate: (E - S) / (P + E + S).</summary>
    public double? Nscr => Ratio(Gained.Count - Lost.Count, Both.Count + Gained.Count + Lost.Count);

    /// <summary>McNemar's exact test of gained against lost, two-sided.</summary>
    public double PValue => McNemar.PValue(Gained.Count, Lost.Count);

    /// <param name="baseProblems">The base's results.</param>
    /// <param name="modelProblems">The model's, the same problems in the same order.</param>
    internal static Coverage Of(IReadOnlyList<ProblemResult> baseProblems, IReadOnlyList<ProblemResult> modelProblems)
    {
        var groups = baseProblems.Zip(modelProblems).ToLookup(pair => (pair.First.C > 0, pair.Second.C > 0), pair => pair.First.ProblemId);
        return new Coverage
        {
            Both = [.. groups[(true, true)]],
            Gained = [.. groups[(false, true)]],
            Lost = [.. groups[(true, false)]],
            Neither = [.. groups[(false, false)]],
        };
    }

    private static double? Ratio(double? numerator, double? denominator) => denominator is null or 0 ? null : numerator / denominator;
}
