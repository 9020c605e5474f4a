using System.Diagnostics;
using LlmReasoning.Evaluation;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Samples a step's completions and grades them.</summary>
public sealed class RolloutCollector(
    CausalLM model, Tokenizer tokenizer, IReadOnlyList<Problem> problems, PromptTemplate template, IReadOnlyCollection<int> stopIds, RlvrConfig config)
{
    private readonly int[][] _prompts = [.. problems.Select(problem => tokenizer.Encode(template.Render(problem.Text)))];
    private readonly GoldAnswer[] _golds = [.. problems.Select(problem => GoldAnswer.Parse(problem.Gold))];

    /// <summary>Spent on grading so far.</summary>
    public double GradeSeconds { get; private set; }

    /// <summary>The problems whose prompts fit, which are all of them unless drop_overlong says that others are left out.</summary>
    /// <param name="context">The model's, in tokens; the prompt must leave room in it.</param>
    /// <exception cref="UserException">A prompt is longer and drop_overlong is false, or none fits.</exception>
    public static IReadOnlyList<Problem> Fitting(IReadOnlyList<Problem> problems, Tokenizer tokenizer, PromptTemplate template, RlvrConfig config, int context)
    {
        var limit = Math.Min(config.MaxPromptLength ?? context - 1, context - 1);
        var lengths = problems.Select(problem => tokenizer.Encode(template.Render(problem.Text)).Length).ToList();
        var longest = lengths.Max();
        if (longest <= limit) { return problems; }
        List<Problem> fitting = [.. problems.Where((_, i) => lengths[i] <= limit)];
        if (!config.DropOverlong)
        {
            var first = problems[lengths.FindIndex(length => length > limit)].Id;
            throw new UserException($"{problems.Count - fitting.Count} of {problems.Count} problems have prompts of more than {limit} tokens, the longest {longest}, the first {first}; raise max_prompt_length, or leave them out with drop_overlong: true");
        }
        return fitting.Count > 0 ? fitting : throw new UserException($"no problem has a prompt of at most {limit} tokens; raise max_prompt_length");
    }

    /// <summary>n completions of each of some problems; the random numbers are keyed by run seed, <paramref name="stream"/>, step, problem and sample.</summary>
    /// <param name="indexes">Into the problems; one may occur twice and gets other samples then.</param>
    /// <param name="n">Completions a problem.</param>
    /// <param name="stream">Such as "rollout" or "eval".</param>
    /// <param name="step">Of the run.</param>
    public IReadOnlyList<RolloutGroup> Collect(IReadOnlyList<int> indexes, int n, string stream, int step, CancellationToken cancellation)
    {
        var settings = config.Sampling((long)new SplitMix64(config.Seed, stream, step).Next());
        var completions = indexes.Select(_ => new Completion[n]).ToArray();
        // A problem's second group in a step takes sample indexes n, n + 1, ...
        var groupOf = new Dictionary<GenerationRequest, int>(ReferenceEqualityComparer.Instance);
        var seen = new Dictionary<int, int>();
        foreach (var (index, group) in indexes.Select((index, group) => (index, group)))
        {
            var first = seen.GetValueOrDefault(index) * n;
            seen[index] = seen.GetValueOrDefault(index) + 1;
            groupOf[new(problems[index].Id, _prompts[index], [.. Enumerable.Range(first, n)])] = group;
        }
        new Generator(model, tokenizer, settings, stopIds, config.BatchSize, config.Threads).Run(
            [.. groupOf.Keys],
            completion => completions[groupOf[completion.Request]][completion.SampleIndex % n] = completion,
            cancellation);
        var grading = Stopwatch.GetTimestamp();
        RolloutGroup[] groups = [.. indexes.AsParallel().AsOrdered().Select((index, group) =>
            new RolloutGroup(problems[index], Rewards.Of([.. completions[group].Select(completion => (completion, Verifier.Verify(_golds[index], completion.Text, config.Policy)))], config)))];
        GradeSeconds += Stopwatch.GetElapsedTime(grading).TotalSeconds;
        return groups;
    }

    /// <summary>A step's groups, and which of them train. A function of the weights, seed and step alone, replaced groups too: a run that goes on needs no state of it.</summary>
    /// <param name="order">Of the problems.</param>
    /// <param name="step">From 1.</param>
    public StepRollouts CollectStep(DataOrder order, int step, CancellationToken cancellation)
    {
        var indexes = order.Take(step - 1, config.PromptsPerStep);
        var sampled = Collect(indexes, config.NumGenerations, "rollout", step, cancellation).ToList();
        if (config.ZeroVarianceGroups == ZeroVarianceGroups.Keep) { return new(sampled, sampled, 1); }
        var batches = 1;
        List<RolloutGroup> trained = [.. sampled.Where(group => group.IsMixed)];
        if (config.ZeroVarianceGroups == ZeroVarianceGroups.Refill)
        {
            var others = new Queue<int>(Others(indexes, step));
            while (trained.Count < indexes.Count && batches < config.MaxNumGenBatches && others.Count > 0)
            {
                var wanted = Math.Min(indexes.Count - trained.Count, others.Count);
                var more = Collect([.. Enumerable.Range(0, wanted).Select(_ => others.Dequeue())], config.NumGenerations, "rollout", step, cancellation);
                sampled.AddRange(more);
                trained.AddRange(more.Where(group => group.IsMixed));
                batches++;
            }
        }
        return new(sampled, trained, batches);
    }

    // The problems that the step has not taken, in an order of its own.
    private IEnumerable<int> Others(IReadOnlyList<int> taken, int step)
    {
        var seed = (long)new SplitMix64(config.Seed, "refill", step).Next();
        return new DataOrder(problems.Count, seed).Take(0, problems.Count).Except(taken);
    }
}
