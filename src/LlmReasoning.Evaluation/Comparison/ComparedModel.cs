using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>The base, or a model beside it: its curve and its success rates. Rates and shares are fractions.</summary>
public record ModelCurve
{
    public required string Name { get; init; }

    /// <summary>By rising k.</summary>
    public required IReadOnlyList<CurvePoint> Curve { get; init; }

    /// <summary>Problems by success rate: exactly 0, (0, .1], (.1, .2], ... (.9, 1]; 11 counts.</summary>
    public required IReadOnlyList<int> Histogram { get; init; }
}

/// <summary>A model against the base, problem by problem.</summary>
public sealed record ComparedModel : ModelCurve
{
    /// <summary>pass@k of the model less that of the base, by rising k.</summary>
    public required IReadOnlyList<CurveDelta> Deltas { get; init; }

    /// <summary>By the base's success, hardest first.</summary>
    public required IReadOnlyList<BucketGain> Gains { get; init; }

    /// <summary>Problems by [base bucket][model bucket].</summary>
    public required IReadOnlyList<IReadOnlyList<int>> Transitions { get; init; }

    public required Coverage Coverage { get; init; }

    /// <summary>Gained problems that a second run of the base solves too, by id; null without one.</summary>
    public IReadOnlyList<string>? GainedByControl { get; init; }

    /// <summary>Lost problems that a second run of the base does not solve either, by id; null without one.</summary>
    public IReadOnlyList<string>? LostByControl { get; init; }

    /// <summary>pass@n of the base less pass@1 of the model: what sampling still has over training (arXiv 2504.13837).</summary>
    public required Estimate EfficiencyGap { get; init; }

    /// <summary>Where the curves cross; null where they do not.</summary>
    public Crossing? Crossing { get; init; }
}

/// <summary>A difference of pass@k with its paired 95 % interval.</summary>
/// <param name="K">Samples allowed.</param>
/// <param name="Delta">Model less base.</param>
/// <param name="Lo">Lower end.</param>
/// <param name="Hi">Upper end.</param>
/// <param name="ShareAbove">Share of the bootstrap draws in which the model is above the base.</param>
public readonly record struct CurveDelta(int K, double Delta, double Lo, double Hi, double ShareAbove);

/// <summary>The change of the success rate in one bucket of the base.</summary>
/// <param name="Bucket">Success counts of the base, such as "1-4".</param>
/// <param name="Problems">How many problems it holds; the rest is null where it holds none.</param>
/// <param name="BaseRate">Mean success rate of the base; of the other half of its samples where buckets come from one half.</param>
/// <param name="ModelRate">Mean success rate of the model.</param>
/// <param name="Gain">Model less base.</param>
/// <param name="ControlRate">Mean success rate of the base's second run.</param>
/// <param name="GainOverControl">Model less second run: free of regression to the mean.</param>
public sealed record BucketGain(
    string Bucket, int Problems, double? BaseRate, double? ModelRate, Estimate? Gain, double? ControlRate = null, Estimate? GainOverControl = null);

/// <summary>The k at which the curve that begins higher falls to the other, straight in log2 k between the k of the table.</summary>
/// <param name="K">Between 1 and n.</param>
/// <param name="Lo">Lower end of the 95 % interval; null = they need not differ at k = 1.</param>
/// <param name="Hi">Upper end; null = beyond n.</param>
/// <param name="ModelFirst">Whether the model begins higher.</param>
public sealed record Crossing(double K, double? Lo, double? Hi, bool ModelFirst);
