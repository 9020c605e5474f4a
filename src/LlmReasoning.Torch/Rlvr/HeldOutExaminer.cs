using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Evaluates a model on held-out problems while it is trained.</summary>
/// <param name="model">As its weights are when it is examined.</param>
/// <param name="config">How to sample, how many, and where an answer is looked for.</param>
public sealed class HeldOutExaminer(
    CausalLM model, Tokenizer tokenizer, ProblemBuckets heldOut, PromptTemplate template, IReadOnlyCollection<int> stopIds, RlvrConfig config)
{
    private const string EvalTable = "eval_buckets.csv";

    /// <summary>Samples and grades; eval_buckets.csv and TensorBoard get the numbers by bucket.</summary>
    public HeldOutEval Examine(TrainingRun run, int step, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var examiner = new RolloutCollector(model, tokenizer, heldOut.Problems, template, stopIds, config);
        var eval = HeldOutEval.Of(examiner.Collect([.. Enumerable.Range(0, heldOut.Problems.Count)], config.EvalN, "eval", step, cancellation), heldOut);
        run.Table(EvalTable).Append(HeldOutEval.BucketHeader, eval.Rows(step));
        run.WriteScalars(step, eval.Scalars());
        return eval;
    }
}
