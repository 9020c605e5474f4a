using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Selection;

/// <summary>Rejection sampling: a training set of correct responses.</summary>
/// <remarks>
/// Every choice is keyed by (seed, problem, response), so neither the order of the responses nor the number of threads plays a part, and a problem's
/// examples do not depend on other problems.
/// </remarks>
public static class ResponseSelection
{
    // A mixture repeats examples up to any total.
    private const int MostExamples = 10_000_000;

    /// <summary>Selects correct responses.</summary>
    /// <param name="problems">With distinct ids; examples come in their order.</param>
    /// <param name="responses">Streamed; only those that are kept stay in memory.</param>
    /// <param name="options">How many, for which problems.</param>
    /// <param name="baseResults">The base model's counts on the problems; needed for a range and a mixture.</param>
    /// <param name="testProblems">Problems that must not be trained on; compared by their normalised texts.</param>
    /// <exception cref="UserException">
    /// Options that contradict each other, a problem that the base was not evaluated on, responses to unknown problems, fewer examples than asked for, none at all.
    /// </exception>
    public static SelectedExamples Select(
        IReadOnlyList<Problem> problems,
        IEnumerable<Response> responses,
        SelectionOptions options,
        IReadOnlyList<ProblemResult>? baseResults = null,
        IReadOnlyList<Problem>? testProblems = null)
    {
        Require(options, baseResults);
        var testTexts = (testProblems ?? []).Select(problem => NormalizedText.Of(problem.Text)).ToHashSet(StringComparer.Ordinal);
        var leaked = problems.Where(problem => testTexts.Contains(NormalizedText.Of(problem.Text))).Select(problem => problem.Id).ToHashSet(StringComparer.Ordinal);
        var ranges = RangeOf(problems, baseResults, options.MinBaseCorrect);
        var candidates = problems
            .Where(problem => !leaked.Contains(problem.Id) && IsEligible(ranges?[problem.Id], options))
            .ToDictionary(problem => problem.Id, problem => new Candidate(problem, options), StringComparer.Ordinal);

        var known = problems.Select(problem => problem.Id).ToHashSet(StringComparer.Ordinal);
        int read = 0, notEligible = 0, correct = 0;
        ParallelStream.ForEach(responses, response =>
        {
            Interlocked.Increment(ref read);
            if (!candidates.TryGetValue(response.ProblemId, out var candidate))
            {
                if (!known.Contains(response.ProblemId))
                {
                    throw new UserException($"problem_id \"{response.ProblemId}\" of a response is not in the problem set; use the problems the responses were drawn for");
                }
                Interlocked.Increment(ref notEligible);
                return;
            }
            if (Verifier.Verify(candidate.Gold, response.Text, options.Policy).Outcome != Outcome.Correct) { return; }
            Interlocked.Increment(ref correct);
            candidate.Kept.Add(new SplitMix64(options.Seed, "select", response.ProblemId, response.Index).Next(), response);
        });

        Candidate[] ordered = [.. problems.Where(problem => candidates.ContainsKey(problem.Id)).Select(problem => candidates[problem.Id])];
        var examples = options.OutOfDistributionShare is { } share
            ? Mixture(ordered, ranges!, share, options)
            : [.. Spread(ordered, options.Total, options.Seed).Select(one => one.Example(0))];
        if (examples.Count == 0) { throw new UserException($"none of {read} responses is a correct one to a problem in range; sample more, or widen the range"); }
        var used = examples.Select(example => (example.Problem.Id, example.Response.Index)).ToHashSet();
        return new SelectedExamples(examples, new SelectionManifest
        {
            Options = options,
            Problems = problems.Count,
            LeakedProblems = [.. problems.Select(problem => problem.Id).Where(leaked.Contains)],
            InDistributionProblems = ranges?.Values.Count(range => range == ProblemRange.InDistribution),
            OutOfDistributionProblems = ranges?.Values.Count(range => range == ProblemRange.OutOfDistribution),
            EligibleProblems = candidates.Count,
            CoveredProblems = examples.Select(example => example.Problem.Id).Distinct(StringComparer.Ordinal).Count(),
            Responses = read,
            NotEligible = notEligible,
            NotCorrect = read - notEligible - correct,
            CorrectLeft = correct - used.Count,
            Examples = examples.Count,
            RepeatedExamples = examples.Count - used.Count,
        });
    }

    /// <summary>Writes sft.jsonl ({id, problem_id, problem, response, answer, source}, and level where there is one) and manifest.json. An sft.jsonl that was the same keeps its time: what was trained on it is not older.</summary>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="selected">What to write.</param>
    public static void Write(string folder, SelectedExamples selected)
    {
        var line = new JsonLine();
        var path = Path.Combine(folder, "sft.jsonl");
        var before = File.Exists(path) ? (Hash: RegularFile.Sha256(path), Time: File.GetLastWriteTimeUtc(path)) : default;
        AtomicFile.Write(path, stream =>
        {
            foreach (var (id, problem, response) in selected.Examples)
            {
                line.Begin();
                line.Text("id"u8, id);
                line.Text("problem_id"u8, problem.Id);
                line.Text("problem"u8, problem.Text);
                line.Text("response"u8, response.Text);
                line.Text("answer"u8, problem.Gold);
                line.Text("source"u8, response.Source);
                if (problem.Level is { } level) { line.Text("level"u8, level); }
                stream.Write(line.End());
            }
        });
        if (before.Hash == RegularFile.Sha256(path)) { File.SetLastWriteTimeUtc(path, before.Time); }
        AtomicFile.WriteText(Path.Combine(folder, "manifest.json"), SelectionJson.Of(selected.Manifest));
    }

    private static void Require(SelectionOptions options, IReadOnlyList<ProblemResult>? baseResults)
    {
        if (options.MaxPerProblem < 1) { throw new UserException($"max_per_problem is {options.MaxPerProblem}; it must be 1 or more"); }
        if (options.MinBaseCorrect < 1) { throw new UserException($"min_base_correct is {options.MinBaseCorrect}; it must be 1 or more"); }
        if (options.Total is < 1 or > MostExamples) { throw new UserException($"total is {options.Total}; it must be from 1 to {MostExamples}"); }
        if (options.OutOfDistributionShare is { } share && !(share >= 0 && share <= 1))
        {
            throw new UserException($"out_of_distribution_share is {share}; it must be between 0 and 1");
        }
        if (options.OutOfDistributionShare is not null && options.Where != ProblemRange.All)
        {
            throw new UserException("out_of_distribution_share mixes both ranges; leave out where, or the share");
        }
        if (baseResults is null && (options.Where != ProblemRange.All || options.OutOfDistributionShare is not null))
        {
            throw new UserException("the range of a problem is what the base can do on it; name its evaluation by --base");
        }
    }

    /// <summary>The range of every problem, All for those between the two; null without a base.</summary>
    private static Dictionary<string, ProblemRange>? RangeOf(IReadOnlyList<Problem> problems, IReadOnlyList<ProblemResult>? baseResults, int minBaseCorrect)
    {
        if (baseResults is null) { return null; }
        var correct = baseResults.ToDictionary(result => result.ProblemId, result => result.C, StringComparer.Ordinal);
        return problems.ToDictionary(problem => problem.Id, problem =>
            !correct.TryGetValue(problem.Id, out var c)
                ? throw new UserException($"problem \"{problem.Id}\" is missing in the base's evaluation; evaluate the base on these problems")
                : c == 0 ? ProblemRange.OutOfDistribution
                : c >= minBaseCorrect ? ProblemRange.InDistribution
                : ProblemRange.All, StringComparer.Ordinal);
    }

    private static bool IsEligible(ProblemRange? range, SelectionOptions options) => options switch
    {
        { OutOfDistributionShare: not null } => range != ProblemRange.All,
        { Where: ProblemRange.All } => true,
        _ => range == options.Where,
    };

    /// <summary>
    /// The examples in the order of the problems; of a total, every problem's first response, then every second, ... and of the last round the problems of lowest rank.
    /// </summary>
    private static List<Choice> Spread(IReadOnlyList<Candidate> candidates, int? total, long seed)
    {
        var all = candidates.SelectMany((candidate, order) => candidate.Kept.Responses.Select((_, round) => new Choice(candidate, order, round))).ToList();
        if (total is not { } wanted) { return all; }
        if (wanted > all.Count) { throw new UserException($"total is {wanted}, but there are {all.Count} examples; ask for fewer, raise max_per_problem, or sample more"); }
        return [.. all
            .OrderBy(one => one.Round).ThenBy(one => new SplitMix64(seed, "total", one.Candidate.Problem.Id, one.Round).Next()).ThenBy(one => one.Order)
            .Take(wanted)
            .OrderBy(one => one.Order).ThenBy(one => one.Round)];
    }

    private static List<SftExample> Mixture(Candidate[] candidates, Dictionary<string, ProblemRange> ranges, double share, SelectionOptions options)
    {
        var inside = candidates.Where(candidate => ranges[candidate.Problem.Id] == ProblemRange.InDistribution).ToArray();
        var outside = Spread([.. candidates.Except(inside)], null, options.Seed).OrderBy(one => one.Round).ThenBy(one => one.Order).ToArray();
        var total = options.Total ?? inside.Sum(candidate => candidate.Kept.Responses.Count);
        var fromOutside = (int)(total * share + 1e-9);
        if (fromOutside > 0 && outside.Length == 0) { throw new UserException("there is no correct response to a problem that the base never solved; a mixture needs some"); }
        return
        [
            .. Spread(inside, total - fromOutside, options.Seed).Select(one => one.Example(0)),
            .. Enumerable.Range(0, fromOutside).Select(i => outside[i % outside.Length].Example(i / outside.Length)),
        ];
    }

    private sealed class Candidate(Problem problem, SelectionOptions options)
    {
        public Problem Problem { get; } = problem;
        public GoldAnswer Gold { get; } = GoldAnswer.Parse(problem.Gold);
        public KeptResponses Kept { get; } = new(options.MaxPerProblem, options.Distinct);
    }

    /// <param name="Candidate">The problem.</param>
    /// <param name="Order">Of the problem.</param>
    /// <param name="Round">Which of its responses.</param>
    private sealed record Choice(Candidate Candidate, int Order, int Round)
    {
        public SftExample Example(int repeat)
        {
            var response = Candidate.Kept.Responses[Round];
            return new SftExample($"{Candidate.Problem.Id}#{response.Index}{(repeat == 0 ? "" : $"-{repeat + 1}")}", Candidate.Problem, response);
        }
    }
}
