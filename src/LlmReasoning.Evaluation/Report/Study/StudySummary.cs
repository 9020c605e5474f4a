using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Responses;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>Everything that a study's report shows.</summary>
internal sealed record StudySummary
{
    public required StudyRuns Runs { get; init; }
    public required IReadOnlyList<ClaimResult> Claims { get; init; }

    /// <summary>By the buckets of the paper's figure 1.</summary>
    public required ComparisonSummary Comparison { get; init; }

    /// <summary>By the buckets of the paper's figure 8.</summary>
    public required ComparisonSummary Finer { get; init; }

    /// <summary>Base and RLVR; means over seeds. Null where samples or problems are not there.</summary>
    public ResponseSummary? Responses { get; init; }

    /// <summary>Keywords a response by arm, by seed and problem; only arms whose samples were read.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<double[]>> Keywords { get; init; }
    public required IReadOnlyList<TrainedRun> Trainings { get; init; }
    public required StudySettings Settings { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }

    public ComparedModel? Model(string arm) => Comparison.Compared.FirstOrDefault(model => model.Name == Arm.Name(arm));
}
