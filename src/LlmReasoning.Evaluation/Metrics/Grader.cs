using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Judges samples against their problems' reference answers.</summary>
public static class Grader
{
    private const int ShownIds = 5;

    /// <summary>Counts per problem, in the order of <paramref name="problems"/>; the same whatever the order of the samples and the number of threads.</summary>
    /// <param name="problems">With distinct ids.</param>
    /// <param name="samples">Streamed; held one a thread.</param>
    /// <param name="policy">Where an answer is looked for.</param>
    /// <param name="n">Samples every problem must have; those with a higher index are left aside. Null = as many as the problem with the most.</param>
    /// <param name="allowUnequalN">Whether problems may have fewer samples than others, though not none.</param>
    /// <param name="judged">Told of every sample with its verdict, from several threads and in any order.</param>
    /// <exception cref="UserException">
    /// Reference answers that do not even equal themselves (before a sample is read), samples of unknown problems, missing samples.
    /// </exception>
    public static IReadOnlyList<ProblemResult> Grade(
        IReadOnlyList<Problem> problems, IEnumerable<Sample> samples, ExtractionPolicy policy = ExtractionPolicy.Lenient, int? n = null,
        bool allowUnequalN = false, Action<Sample, Verdict>? judged = null)
    {
        if (problems.Count == 0) { throw new UserException("there are no problems; name a problem set that has some"); }
        RequireSoundGolds(problems, policy);
        var tallies = problems.ToDictionary(problem => problem.Id, problem => new Tally(GoldAnswer.Parse(problem.Gold)), StringComparer.Ordinal);
        ParallelStream.ForEach(samples, sample =>
        {
            if (sample.SampleIdx >= n) { return; }
            if (!tallies.TryGetValue(sample.ProblemId, out var tally))
            {
                throw new UserException($"problem_id \"{sample.ProblemId}\" of a sample is not in the problem set; use the problems the samples were drawn for");
            }
            var verdict = Verifier.Verify(tally.Gold, sample.Text, policy);
            tally.Add(sample, verdict);
            judged?.Invoke(sample, verdict);
        });
        RequireComplete(problems, tallies, n ?? tallies.Values.Max(tally => tally.Needed), allowUnequalN);
        return [.. problems.AsParallel().AsOrdered().Select(problem => tallies[problem.Id].Result(problem))];
    }

    internal static void RequireSoundGolds(IReadOnlyList<Problem> problems, ExtractionPolicy policy)
    {
        var broken = problems.AsParallel().AsOrdered()
            .Where(problem => !ReferenceAnswer.EqualsItself(problem.Gold, policy))
            .Select(problem => problem.Id)
            .ToArray();
        if (broken.Length > 0)
        {
            throw new UserException($"{broken.Length} of {problems.Count} reference answers are unusable: the verifier does not find them equal to themselves; "
                + $"mend or remove problem {Listed(broken)}");
        }
    }

    private static void RequireComplete(IReadOnlyList<Problem> problems, Dictionary<string, Tally> tallies, int n, bool allowUnequalN)
    {
        if (n == 0) { throw new UserException("there are no samples; sample the problems first"); }
        var needed = allowUnequalN ? 1 : n;
        var incomplete = problems.Where(problem => tallies[problem.Id].Count < needed).Select(problem => problem.Id).ToArray();
        if (incomplete.Length > 0)
        {
            var remedy = allowUnequalN ? "" : "evaluate with a smaller n or with --allow-unequal-n, ";
            throw new UserException($"samples are missing: problem \"{incomplete[0]}\" has {tallies[incomplete[0]].Count} of {n}; resume the sampling, {remedy}"
                + $"or leave out problem {Listed(incomplete)}");
        }
    }

    private static string Listed(string[] ids) =>
        string.Join(", ", ids.Take(ShownIds)) + (ids.Length > ShownIds ? $" and {ids.Length - ShownIds} more" : "");

    private sealed class Tally(GoldAnswer gold)
    {
        private readonly HashSet<ulong> _texts = [];
        private readonly Dictionary<string, (int Count, int Correct)> _answers = new(StringComparer.Ordinal);
        private int _correct, _undecided, _answered, _boxed, _truncated, _failed;
        private long _tokens;

        public GoldAnswer Gold { get; } = gold;
        public int Count { get; private set; }

        /// <summary>The samples there must be, from the highest index.</summary>
        public int Needed { get; private set; }

        public void Add(Sample sample, Verdict verdict)
        {
            var hash = Hash(sample.Text);
            var answer = verdict.Answer is { } text ? AnswerClasses.Key(text) : null;
            var isCorrect = verdict.Outcome == Outcome.Correct;
            var isBoxed = sample.Text.Contains("\\boxed", StringComparison.Ordinal) || sample.Text.Contains("\\fbox", StringComparison.Ordinal);
            lock (_texts)
            {
                Count++;
                Needed = Math.Max(Needed, sample.SampleIdx + 1);
                _texts.Add(hash);
                _tokens += sample.CompletionTokens;
                _correct += isCorrect ? 1 : 0;
                _undecided += verdict.Outcome is Outcome.Undecided or Outcome.BadGold ? 1 : 0;
                if (answer is not null)
                {
                    _answered++;
                    var known = _answers.GetValueOrDefault(answer);
                    _answers[answer] = (known.Count + 1, known.Correct + (isCorrect ? 1 : 0));
                }
                _boxed += isBoxed ? 1 : 0;
                _truncated += sample.FinishReason == "length" ? 1 : 0;
                _failed += sample.FinishReason == "error" ? 1 : 0;
            }
        }

        public ProblemResult Result(Problem problem) => new()
        {
            ProblemId = problem.Id,
            Level = problem.Level,
            Topic = problem.Topic,
            N = Count,
            C = _correct,
            Undecided = _undecided,
            Answered = _answered,
            Boxed = _boxed,
            Truncated = _truncated,
            Failed = _failed,
            Duplicates = Count - _texts.Count,
            CompletionTokens = _tokens,
            Answers = AnswerClasses.Of(_answers, Count - _answered),
        };

        private static ulong Hash(string text) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())));
    }
}
