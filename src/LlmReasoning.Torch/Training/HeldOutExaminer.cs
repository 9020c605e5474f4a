using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Training;

/// <summary>Evaluates a model on held-out problems while it is trained.</summary>
/// <param name="model">As its weights are when it is examined.</param>
/// <param name="stopIds">Any of these ends a completion.</param>
/// <param name="config">How to sample, how many, and where an answer is looked for.</param>
public sealed class HeldOutExaminer(
    CausalLM model, Tokenizer tokenizer, ProblemBuckets heldOut, PromptTemplate template, IReadOnlyCollection<int> stopIds, TrainingConfig config)
{
    private const string EvalTable = "eval_buckets.csv";

    private readonly GenerationRequest[] _requests =
        [.. heldOut.Problems.Select(problem => new GenerationRequest(problem.Id, tokenizer.Encode(template.Render(problem.Text)), [.. Enumerable.Range(0, config.EvalN)]))];

    private readonly Dictionary<string, GoldAnswer> _golds = heldOut.Problems.ToDictionary(problem => problem.Id, problem => GoldAnswer.Parse(problem.Gold));

    /// <summary>See <see cref="Generator"/>.</summary>
    public int? BatchSize { get; init; }

    /// <summary>See <see cref="Generator"/>.</summary>
    public int? Threads { get; init; }

    /// <summary>Samples and grades; eval_buckets.csv and TensorBoard get the numbers by bucket.</summary>
    public HeldOutEval Examine(TrainingRun run, int step, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var completions = new List<Completion>();
        new Generator(model, tokenizer, config.EvalSampling(), stopIds, BatchSize, Threads).Run(_requests, completions.Add, cancellation);
        var eval = Summarise(completions);
        run.Table(EvalTable).Append(eval.BucketHeader, eval.Rows(step));
        run.WriteScalars(step, eval.Scalars());
        return eval;
    }

    private HeldOutEval Summarise(List<Completion> completions)
    {
        var right = completions.AsParallel()
            .Where(completion => Verifier.Verify(_golds[completion.Request.ProblemId], completion.Text, config.Policy).Outcome == Outcome.Correct)
            .GroupBy(completion => completion.Request.ProblemId)
            .ToDictionary(problem => problem.Key, problem => problem.Count());
        var counts = heldOut.Problems.Select(problem => (Bucket: heldOut.IndexOf(problem), Correct: right.GetValueOrDefault(problem.Id))).ToList();
        BucketEval Of(string label, IEnumerable<(int, int Correct)> some) => BucketEval.Of(label, [.. some.Select(problem => problem.Correct)], config.EvalN, config.EvalKs);
        return new(Of("all", counts), [.. counts.GroupBy(problem => problem.Bucket).OrderBy(bucket => bucket.Key).Select(bucket => Of(heldOut.Labels[bucket.Key], bucket))]);
    }
}
