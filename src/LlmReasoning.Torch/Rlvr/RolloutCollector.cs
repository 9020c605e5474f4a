using System.Diagnostics;
using LlmReasoning.Evaluation;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;
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

    /// <summary>n completions of each of some problems; the random numbers are keyed by run seed, <paramref name="stream"/>, step, problem and sample.</summary>
    /// <param name="indexes">Into the problems; one may occur twice and gets other samples then.</param>
    /// <param name="n">Completions a problem.</param>
    /// <param name="stream">Such as "rollout" or "eval".</param>
    /// <param name="step">Of the run.</param>
    public IReadOnlyList<RolloutGroup> Collect(IReadOnlyList<int> indexes, int n, string stream, int step, CancellationToken cancellation)
    {
        var settings = new SamplingSettings
        {
            Temperature = config.Temperature,
            TopP = config.TopP,
            TopK = config.TopK,
            MinP = config.MinP,
            MaxNewTokens = config.MaxCompletionLength,
            Seed = (long)new SplitMix64(config.Seed, stream, step).Next(),
        };
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
            new RolloutGroup(problems[index], [.. completions[group].Select(completion => Judge(completion, _golds[index]))]))];
        GradeSeconds += Stopwatch.GetElapsedTime(grading).TotalSeconds;
        return groups;
    }

    private Rollout Judge(Completion completion, GoldAnswer gold)
    {
        var verdict = Verifier.Verify(gold, completion.Text, config.Policy);
        var reward = verdict.Outcome switch
        {
            Outcome.Correct => 1,
            Outcome.Undecided or Outcome.BadGold => double.NaN,
            _ => config.OutcomeReward == OutcomeReward.ZeroOne ? 0 : -1,
        };
        return new(completion, verdict, reward);
    }
}
