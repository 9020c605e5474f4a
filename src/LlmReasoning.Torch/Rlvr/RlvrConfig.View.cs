using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

// What a run shows and keeps; nothing here changes what is learnt.
public sealed partial record RlvrConfig
{
    /// <summary>A folder of eval passk of the base on the training problems: metrics by its success buckets; null = by the problems' level.</summary>
    public string? BaseEval { get; init; }

    /// <summary>The same on the held-out problems.</summary>
    public string? EvalBaseEval { get; init; }

    /// <summary>Of both: kim4, kim6, kim8, kim_entropy, or upper ends such as 0,4,16.</summary>
    public string Buckets { get; init; } = "kim6";

    /// <summary>Evaluates before the first step too.</summary>
    public bool EvalOnStart { get; init; }

    /// <summary>A column of metrics.csv, such as eval/pass@1: the checkpoint where it was best is never removed.</summary>
    public string? MetricForBestModel { get; init; }

    /// <summary>Null = true, unless the metric's name ends in "loss".</summary>
    public bool? GreaterIsBetter { get; init; }

    /// <summary>Prints completions whenever log_completions_steps writes them.</summary>
    public bool LogCompletions { get; init; }

    /// <summary>How many; null = 3 with log_completions, else none.</summary>
    public int? NumCompletionsToPrint { get; init; }

    /// <summary>What these two come to.</summary>
    public int CompletionsToPrint => NumCompletionsToPrint ?? (LogCompletions ? 3 : 0);

    /// <summary>Returns itself, or throws for settings of this file that are outside their range or contradict others. Of a resolved config.</summary>
    public RlvrConfig ValidateView()
    {
        UserException.Require(NumCompletionsToPrint is null or >= 0, "num_completions_to_print", NumCompletionsToPrint, "it must be 0 or more");
        UserException.Require(CompletionsToPrint == 0 || LogCompletionsSteps > 0, "log_completions_steps", LogCompletionsSteps, "no step writes completions, so none can be printed; it must be 1 or more");
        var isEval = MetricForBestModel?.StartsWith("eval/", StringComparison.Ordinal) == true;
        UserException.Require(!isEval || EvalProblems is not null, "metric_for_best_model", MetricForBestModel, "there is no evaluation without eval_problems");
        UserException.Require(!isEval || SaveSteps % EvalSteps == 0 || SaveSteps >= MaxSteps, "save_steps", SaveSteps, $"metric_for_best_model is {MetricForBestModel}, so checkpoints are chosen among steps that evaluate: make it a multiple of eval_steps ({EvalSteps})");
        UserException.Require(!EvalOnStart || EvalProblems is not null, "eval_on_start", "true", "there is no evaluation without eval_problems");
        UserException.Require(EvalBaseEval is null || EvalProblems is not null, "eval_base_eval", EvalBaseEval, "there is no evaluation without eval_problems");
        return this;
    }

    /// <summary>By what the best checkpoint is chosen.</summary>
    public BestMetric? Best() => BestMetric.Of(MetricForBestModel, GreaterIsBetter);
}
