using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Responses;

/// <summary>The samples of one model, by name.</summary>
/// <param name="Name">For tables and legends.</param>
/// <param name="SamplesPaths">One file, or the shards of one evaluation.</param>
public sealed record ModelSamples(string Name, IReadOnlyList<string> SamplesPaths);

/// <summary>Measures the texts of samples.</summary>
public static class ResponseStudy
{
    private const string All = "all", Correct = "correct", Wrong = "wrong";

    /// <summary>Lengths, keywords and answers of every model, by correctness where the problems are given and by bucket where a success count is known.</summary>
    /// <param name="models">At least one.</param>
    /// <param name="problems">With the reference answers; null = nothing is graded.</param>
    /// <param name="baseModel">Whose success makes the buckets; null = each model's own, where it is graded.</param>
    /// <param name="dataset">The problem set's name.</param>
    /// <param name="options">How to study.</param>
    /// <exception cref="UserException">Faulty samples, samples of other problems.</exception>
    public static ResponseSummary Of(
        IReadOnlyList<ModelSamples> models, IReadOnlyList<Problem>? problems, EvaluatedModel? baseModel, string dataset, ResponseOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(models.Count, 1);
        var golds = problems?.ToDictionary(problem => problem.Id, problem => GoldAnswer.Parse(problem.Gold), StringComparer.Ordinal);
        var measured = models.Select(model => Measure(model, golds, options)).ToArray();
        string[] groups = golds is null ? [All] : [All, Correct, Wrong];

        var summary = new ResponseSummary
        {
            Dataset = dataset,
            Models = [.. models.Select(model => model.Name)],
            BucketsOf = baseModel?.Name,
            Match = options.Keywords.Match,
            Lengths = [.. Rows(options.Buckets, LengthRow)],
            Keywords = [.. Rows(options.Buckets, (of, rows) => KeywordRows(of, rows, options.Keywords.Keywords)).SelectMany(rows => rows)],
            Entropies = [.. Rows(options.EntropyBuckets, (of, rows) => EntropyRow(of, rows, options))],
            BootstrapSeed = options.BootstrapSeed,
            BootstrapDraws = options.BootstrapDraws,
            Warnings = [.. Warnings(measured, baseModel, golds is not null)],
        };
        return summary;

        IEnumerable<T> Rows<T>(string buckets, Func<ResponseGroup, IReadOnlyList<MeasuredResponse>, T> row)
        {
            foreach (var (model, responses) in models.Zip(measured))
            {
                foreach (var (bucket, inBucket) in InBuckets(responses, baseModel, golds is not null, buckets))
                {
                    foreach (var group in groups)
                    {
                        yield return row(new ResponseGroup(model.Name, group, bucket), [.. inBucket.Where(response => group == All || response.IsCorrect == (group == Correct))]);
                    }
                }
            }
        }
    }

    /// <summary>All responses, then those of each bucket where success counts are known.</summary>
    private static IEnumerable<(string Bucket, IReadOnlyList<MeasuredResponse> Responses)> InBuckets(
        IReadOnlyList<MeasuredResponse> responses, EvaluatedModel? baseModel, bool isGraded, string text)
    {
        yield return (All, responses);
        if (baseModel is null && !isGraded) { yield break; }
        var (counts, n) = baseModel is null ? OwnCounts(responses) : (baseModel.Problems.ToDictionary(problem => problem.ProblemId, problem => problem.C, StringComparer.Ordinal), baseModel.N);
        var buckets = SuccessBuckets.Parse(text, n);
        var inBucket = responses.ToLookup(response => counts.TryGetValue(response.ProblemId, out var c)
            ? buckets.IndexOf(c)
            : throw new UserException($"problem_id \"{response.ProblemId}\" of a sample is not in {baseModel!.Folder}; take buckets from an evaluation of the same problems"));
        for (var i = 0; i < buckets.Labels.Count; i++) { yield return (buckets.Labels[i], [.. inBucket[i]]); }
    }

    private static (Dictionary<string, int> Counts, int N) OwnCounts(IReadOnlyList<MeasuredResponse> responses)
    {
        var byProblem = responses.GroupBy(response => response.ProblemId, StringComparer.Ordinal).ToArray();
        return (byProblem.ToDictionary(problem => problem.Key, problem => problem.Count(response => response.IsCorrect), StringComparer.Ordinal), byProblem.Max(problem => problem.Count()));
    }

    private static MeasuredResponse[] Measure(ModelSamples model, Dictionary<string, GoldAnswer>? golds, ResponseOptions options)
    {
        try
        {
            // Ordered, so that every sum is taken in one order.
            var measured = SampleFile.Read(model.SamplesPaths).AsParallel().AsOrdered().Select(sample => Measure(sample, golds, options)).ToArray();
            return measured.Length > 0 ? measured : throw new UserException($"{string.Join(", ", model.SamplesPaths)}: there are no samples; sample the problems first");
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions.OfType<UserException>().FirstOrDefault() ?? e.InnerException!);
            throw;
        }
    }

    private static MeasuredResponse Measure(Sample sample, Dictionary<string, GoldAnswer>? golds, ResponseOptions options)
    {
        var isCorrect = false;
        string? answer;
        if (golds is null) { answer = Verifier.Extract(sample.Text, options.Policy); }
        else
        {
            if (!golds.TryGetValue(sample.ProblemId, out var gold))
            {
                throw new UserException($"problem_id \"{sample.ProblemId}\" of a sample is not in the problem set; use the problems the samples were drawn for");
            }
            var verdict = Verifier.Verify(gold, sample.Text, options.Policy);
            (isCorrect, answer) = (verdict.Outcome == Outcome.Correct, verdict.Answer);
        }
        var counts = options.Keywords.Count(sample.Text);
        return new MeasuredResponse
        {
            ProblemId = sample.ProblemId,
            Tokens = sample.CompletionTokens,
            Chars = sample.Text.Length,
            IsCorrect = isCorrect,
            IsTruncated = sample.FinishReason == "length",
            Answer = answer is null ? null : AnswerClasses.Key(answer),
            TextHash = Fnv1a.Append(Fnv1a.Offset, MemoryMarshal.AsBytes(sample.Text.AsSpan())),
            Keywords = counts.Any(count => count > 0) ? counts : [],
        };
    }

    private static LengthRow LengthRow(ResponseGroup of, IReadOnlyList<MeasuredResponse> responses)
    {
        if (responses.Count == 0) { return new LengthRow(of, 0, 0, null, null, null, null, null); }
        return new LengthRow(
            of,
            responses.Select(response => response.ProblemId).Distinct(StringComparer.Ordinal).Count(),
            responses.Count,
            responses.Average(response => response.Tokens),
            Median(responses.Select(response => response.Tokens)),
            responses.Average(response => response.Chars),
            Median(responses.Select(response => response.Chars)),
            responses.Count(response => response.IsTruncated) / (double)responses.Count);
    }

    private static List<KeywordRow> KeywordRows(ResponseGroup of, IReadOnlyList<MeasuredResponse> responses, IReadOnlyList<string> keywords)
    {
        var occurrences = new long[keywords.Count];
        var samples = new int[keywords.Count];
        var any = 0;
        foreach (var response in responses)
        {
            any += response.Keywords.Length > 0 ? 1 : 0;
            for (var i = 0; i < response.Keywords.Length; i++)
            {
                occurrences[i] += response.Keywords[i];
                samples[i] += response.Keywords[i] > 0 ? 1 : 0;
            }
        }
        var rows = new List<KeywordRow> { Row("*", occurrences.Sum(), any) };
        for (var i = 0; i < keywords.Count; i++) { rows.Add(Row(keywords[i], occurrences[i], samples[i])); }
        return rows;

        KeywordRow Row(string keyword, long occurrences, int with) => responses.Count == 0
            ? new KeywordRow(of, keyword, 0, 0, null, null)
            : new KeywordRow(of, keyword, responses.Count, occurrences, (double)occurrences / responses.Count, (double)with / responses.Count);
    }

    private static EntropyRow EntropyRow(ResponseGroup of, IReadOnlyList<MeasuredResponse> responses, ResponseOptions options)
    {
        if (responses.Count == 0) { return new EntropyRow(of, 0, null, null, null, null); }
        var rows = new List<double[]>();
        foreach (var problem in responses.GroupBy(response => response.ProblemId, StringComparer.Ordinal).OrderBy(problem => problem.Key, StringComparer.Ordinal))
        {
            var answers = Answers(problem);
            rows.Add([answers.Entropy, answers.Classes.Count, problem.Select(response => response.TextHash).Distinct().Count()]);
        }
        var interval = Bootstrap.Means([.. rows.Select(row => new[] { row[0] })], options.BootstrapSeed, options.BootstrapDraws)[0];
        return new EntropyRow(
            of,
            rows.Count,
            new Estimate(rows.Average(row => row[0]), interval.Lo, interval.Hi),
            rows.Average(row => row[1]),
            rows.Average(row => row[2]),
            responses.Count(response => response.Answer is null) / (double)responses.Count);
    }

    private static AnswerClasses Answers(IEnumerable<MeasuredResponse> responses)
    {
        var written = new Dictionary<string, (int Count, int Correct)>(StringComparer.Ordinal);
        var unanswered = 0;
        foreach (var response in responses)
        {
            if (response.Answer is null)
            {
                unanswered++;
                continue;
            }
            var known = written.GetValueOrDefault(response.Answer);
            written[response.Answer] = (known.Count + 1, known.Correct + (response.IsCorrect ? 1 : 0));
        }
        return AnswerClasses.Of(written, unanswered);
    }

    private static double Median(IEnumerable<int> values)
    {
        int[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0;
    }

    private static IEnumerable<string> Warnings(MeasuredResponse[][] measured, EvaluatedModel? baseModel, bool isGraded)
    {
        if (!isGraded) { yield return "Without the problems nothing is graded: all responses together, not correct and wrong ones apart."; }
        if (baseModel is null && isGraded && measured.Length > 1) { yield return "Each model's buckets come from its own success; --base gives all models the same."; }
        int[] sizes = [.. measured.Select(responses => responses.GroupBy(response => response.ProblemId, StringComparer.Ordinal).Max(problem => problem.Count())).Distinct()];
        if (sizes.Length > 1) { yield return $"Models have different numbers of samples a problem ({string.Join(", ", sizes)}): entropy and distinct answers grow with that number."; }
    }

    /// <summary>What is kept of a response.</summary>
    private sealed record MeasuredResponse
    {
        public required string ProblemId { get; init; }
        public required int Tokens { get; init; }
        public required int Chars { get; init; }
        public required bool IsCorrect { get; init; }
        public required bool IsTruncated { get; init; }
        public required string? Answer { get; init; }
        public required ulong TextHash { get; init; }

        /// <summary>Count by keyword; empty where there is none.</summary>
        public required int[] Keywords { get; init; }
    }
}
