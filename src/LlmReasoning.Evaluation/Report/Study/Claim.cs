using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The number a claim is about; of an arm against another one.</summary>
internal enum ClaimMetric
{
    /// <summary>Difference of pass@1.</summary>
    PassAt1,

    /// <summary>Difference of pass@n, the share solved in all n samples.</summary>
    PassAtN,

    /// <summary>The least gain of pass@1 in a higher bucket less that of the two lowest buckets together; buckets of kim6, by the success of the other arm.</summary>
    BucketGap,

    /// <summary>The k at which the arm's pass@k falls below the other's.</summary>
    CrossingK,

    /// <summary>Relative change of the mean length in tokens.</summary>
    Length,

    /// <summary>Relative change of the number of reflection keywords.</summary>
    Keywords,
}

/// <summary>One claim of the paper, as a row of data.</summary>
/// <param name="Id">Short, such as "a1"; the letter groups the claims.</param>
/// <param name="Statement">One sentence; {n} stands for the samples a problem.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Subject">In this arm.</param>
/// <param name="Against">Compared with this one.</param>
/// <param name="Test">What the claim says of the number.</param>
internal sealed record Claim(string Id, string Statement, ClaimMetric Metric, string Subject, string Against, ClaimTest Test)
{
    /// <summary>What a group of claims is about.</summary>
    public static IReadOnlyList<(string Letter, string Title)> Groups { get; } =
    [
        ("a", "RLVR raises accuracy, not capability"),
        ("b", "What RLVR learns can be distilled into the base"),
        ("c", "Distillation raises capability only when it brings new knowledge"),
    ];

    /// <summary>The paper's claims (arXiv 2505.14216), as this program measures them.</summary>
    public static IReadOnlyList<Claim> All { get; } =
    [
        new("a1", "RLVR raises pass@1.", ClaimMetric.PassAt1, Arm.Rlvr, Arm.Base, ClaimTest.Rises),
        new("a2", "RLVR does not raise pass@{n}.", ClaimMetric.PassAtN, Arm.Rlvr, Arm.Base, ClaimTest.DoesNotRise),
        new("a3", "RLVR gains least on the problems that the base solves least.", ClaimMetric.BucketGap, Arm.Rlvr, Arm.Base, ClaimTest.Rises),
        new("a4", "The pass@k curves of RLVR and base cross.", ClaimMetric.CrossingK, Arm.Rlvr, Arm.Base, ClaimTest.Crosses),
        new("a5", "Responses grow no longer with RLVR.", ClaimMetric.Length, Arm.Rlvr, Arm.Base, ClaimTest.DoesNotRise),
        new("a6", "Responses hold fewer reflection words after RLVR.", ClaimMetric.Keywords, Arm.Rlvr, Arm.Base, ClaimTest.Falls),
        new("b1", "Trained on RLVR's responses, the base reaches RLVR's pass@1.", ClaimMetric.PassAt1, Arm.BaseRlvr, Arm.Rlvr, ClaimTest.Reaches),
        new("b2", "RLVR's responses teach the base more than its own do.", ClaimMetric.PassAt1, Arm.BaseRlvr, Arm.BaseBase, ClaimTest.Rises),
        new("c1", "Distillation with new knowledge raises pass@{n}.", ClaimMetric.PassAtN, Arm.NewKnowledge, Arm.Base, ClaimTest.Rises),
        new("c2", "Distillation of reasoning alone does not raise pass@{n}.", ClaimMetric.PassAtN, Arm.ReasoningOnly, Arm.Base, ClaimTest.DoesNotRise),
    ];
}

/// <summary>What a claim came to.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Number">Mean over seeds with its interval; null where it cannot be measured.</param>
/// <param name="BySeed">The number of each seed; NaN where it cannot be measured.</param>
/// <param name="Control">The same number of the base's second sample against its first; null without one.</param>
/// <param name="Verdict">By <see cref="ClaimRule"/>.</param>
/// <param name="Reason">Why, half a sentence.</param>
internal sealed record ClaimResult(Claim Claim, Estimate? Number, IReadOnlyList<double> BySeed, Estimate? Control, Verdict Verdict, string Reason);
