namespace LlmReasoning.Torch.Rlvr;

// What a run shows and keeps; nothing here changes what is learnt.
public sealed partial record RlvrConfig
{
    /// <summary>A folder of eval passk of the base on the training problems: metrics by its success buckets; null = by the problems' level.</summary>
    public string? BaseEval { get; init; }

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
        ValidateEvaluation();
        return this;
    }
}
