namespace LlmReasoning.Torch.Training;

/// <summary>By which column of metrics.csv the best checkpoint is chosen.</summary>
/// <param name="Column">Such as eval/pass@1.</param>
/// <param name="GreaterIsBetter">False for a loss.</param>
public sealed record BestMetric(string Column, bool GreaterIsBetter)
{
    /// <summary>From metric_for_best_model and greater_is_better; as TRL has it, a name that ends in "loss" is better when smaller.</summary>
    /// <returns>Null where no metric is named.</returns>
    public static BestMetric? Of(string? metricForBestModel, bool? greaterIsBetter) =>
        metricForBestModel is null ? null : new(metricForBestModel, greaterIsBetter ?? !metricForBestModel.EndsWith("loss", StringComparison.Ordinal));
}
