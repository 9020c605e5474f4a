using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Torch.Training;

/// <summary>Problems, and which bucket of difficulty each is in.</summary>
public sealed class ProblemBuckets
{
    private readonly Dictionary<string, int> _bucketOf = new(StringComparer.Ordinal);

    private ProblemBuckets(IReadOnlyList<Problem> problems, IReadOnlyList<string> labels) => (Problems, Labels) = (problems, labels);

    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>Of the buckets, in order of difficulty where that is known.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>By the success count of a base evaluation where one is named, else by the data set's level.</summary>
    /// <param name="baseEval">A folder of eval passk on these problems, or null.</param>
    /// <param name="buckets">As <see cref="SuccessBuckets.Parse"/> takes it.</param>
    /// <exception cref="UserException">The folder is none of an evaluation, or lacks a problem.</exception>
    public static ProblemBuckets Of(IReadOnlyList<Problem> problems, string? baseEval, string buckets) =>
        baseEval is null ? ByLevel(problems) : ByBase(problems, EvaluatedModel.Read(baseEval), buckets);

    public int IndexOf(Problem problem) => _bucketOf[problem.Id];

    public string LabelOf(Problem problem) => Labels[IndexOf(problem)];

    private static ProblemBuckets ByLevel(IReadOnlyList<Problem> problems)
    {
        List<string> labels = [.. problems.Select(problem => problem.Level).OfType<string>().Distinct().Order(LevelOrder.Instance)];
        var rest = labels.Count == 0 ? "all" : "none";
        if (problems.Any(problem => problem.Level is null) && !labels.Contains(rest)) { labels.Add(rest); }
        var result = new ProblemBuckets(problems, labels);
        foreach (var problem in problems) { result._bucketOf[problem.Id] = labels.IndexOf(problem.Level ?? rest); }
        return result;
    }

    private static ProblemBuckets ByBase(IReadOnlyList<Problem> problems, EvaluatedModel evaluated, string buckets)
    {
        var successes = SuccessBuckets.Parse(buckets, evaluated.N);
        var results = evaluated.Problems.ToDictionary(result => result.ProblemId, StringComparer.Ordinal);
        var result = new ProblemBuckets(problems, successes.Labels);
        foreach (var problem in problems)
        {
            if (!results.TryGetValue(problem.Id, out var counts))
            {
                throw new UserException($"{evaluated.Folder}: problems.csv lacks problem \"{problem.Id}\"; name an evaluation of the problems that are trained on (base_eval) or held out (eval_base_eval)");
            }
            result._bucketOf[problem.Id] = successes.IndexOf(counts);
        }
        return result;
    }
}
