using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report.Figures;
using LlmReasoning.Evaluation.Report.Html;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Report;

/// <summary>From samples to tables and figures: grades samples.jsonl and writes problems.csv, passk.csv, majk.csv, cover.csv, consistency.csv, buckets.csv, summary.json, summary.md and figures/passk.*.</summary>
public static class PassKReport
{
    private const double TruncatedShareToWarnOf = 0.05;
    private const int FewProblems = 100;

    /// <summary>Looks at the reference answers before time goes into sampling.</summary>
    /// <exception cref="UserException">Lists those that the verifier does not find equal to themselves.</exception>
    public static void CheckGolds(IReadOnlyList<Problem> problems, ExtractionPolicy policy) => Grader.RequireSoundGolds(problems, policy);

    /// <summary>Looks at the base's evaluation before time goes into sampling.</summary>
    /// <exception cref="UserException">It lacks one of the problems.</exception>
    public static void CheckBase(IReadOnlyList<Problem> problems, EvaluatedModel? baseModel)
    {
        if (baseModel is null) { return; }
        var known = baseModel.Problems.Select(problem => problem.ProblemId).ToHashSet(StringComparer.Ordinal);
        if (problems.FirstOrDefault(problem => !known.Contains(problem.Id)) is { } missing)
        {
            throw new UserException($"{baseModel.Folder}: problem \"{missing.Id}\" is not in this evaluation; take buckets from an evaluation of the same problems");
        }
    }

    /// <summary>Grades one samples file; see the overload.</summary>
    public static PassKSummary Write(IReadOnlyList<Problem> problems, string samplesPath, string outputFolder, PassKOptions options) =>
        Write(problems, [samplesPath], outputFolder, options);

    /// <summary>Grades the samples of one model and writes every table and figure. The same inputs give the same bytes.</summary>
    /// <param name="problems">All of them need samples.</param>
    /// <param name="samplesPaths">Files drawn under the same settings, or folders that hold them: one, or the shards of one evaluation.</param>
    /// <param name="outputFolder">Made where it is missing; nothing is written before everything is computed.</param>
    /// <param name="options">How to grade and summarise.</param>
    /// <exception cref="UserException">k above n, several samples at temperature 0, missing, mixed or faulty samples, unusable reference answers.</exception>
    public static PassKSummary Write(IReadOnlyList<Problem> problems, IReadOnlyList<string> samplesPaths, string outputFolder, PassKOptions options)
    {
        if (options.N < 1) { throw new UserException($"n is {options.N}; it must be 1 or more"); }
        CheckBase(problems, options.Base);
        RequireK(options.K, options.N ?? int.MaxValue);
        samplesPaths = SampleFile.Find(samplesPaths);
        SamplingSettings? sampling = null;
        var samples = SampleFile.Read(samplesPaths, problems.Select(problem => problem.Id).ToHashSet(StringComparer.Ordinal)).Select(sample =>
        {
            sampling ??= SamplingSettings.Of(sample);
            return sample;
        });
        var shown = ProblemBrowser.NewChoice(problems.Count, models: 1);
        var results = Grader.Grade(problems, samples, options.Policy, options.N, options.AllowUnequalN, shown.Add);
        var n = results.Max(result => result.N);
        RequireK(options.K, results.Min(result => result.N));
        if (sampling!.Temperature == 0 && n > 1)
        {
            throw new UserException($"{samplesPaths[0]}: temperature is 0 with n = {n}; greedy samples are all the same, draw at a temperature above 0 or use n = 1");
        }

        // Draws of the bootstrap and sums follow the ids, so that the order of the problem file plays no part.
        ProblemResult[] byId = [.. results.OrderBy(result => result.ProblemId, StringComparer.Ordinal)];
        var summary = Summarise(byId, sampling, options);
        PassKTables.Write(outputFolder, results, byId, summary, options);
        var figure = PassKPlot.Of(summary);
        figure.Write(Path.Combine(outputFolder, "figures"));
        HtmlReport.WriteEvaluation(Path.Combine(outputFolder, "report.html"), summary, [figure], problems, results, SuccessBuckets.Parse(options.Buckets, n), shown);
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.json"), SummaryJson.Of(summary));
        AtomicFile.WriteText(Path.Combine(outputFolder, "summary.md"), SummaryTable.ToMarkdown(summary));
        return summary;
    }

    private static void RequireK(IEnumerable<int> ks, int n)
    {
        foreach (var k in ks)
        {
            if (k < 1) { throw new UserException($"k is {k}; it must be 1 or more"); }
            if (k > n) { throw new UserException($"k is {k}, but there are n = {n} samples a problem; draw more samples or ask for a smaller k"); }
        }
    }

    private static PassKSummary Summarise(ProblemResult[] results, SamplingSettings sampling, PassKOptions options)
    {
        var (nMin, n) = (results.Min(result => result.N), results.Max(result => result.N));
        var ks = PassAtK.Ks(nMin, options.K);
        var buckets = SuccessBuckets.Parse(options.Buckets, n);
        double total = results.Sum(result => (long)result.N);
        var (bayes, bayesInterval) = BayesAtN.Of(results);
        var summary = new PassKSummary
        {
            Dataset = options.Dataset,
            Sampling = sampling,
            Scorer = options.Policy.ToString().ToLowerInvariant(),
            Problems = results.Length,
            N = n,
            NMin = nMin,
            Curve = Curve.Of(results, ks, options.BootstrapSeed, options.BootstrapDraws),
            Majority = Majority(results, ks, options),
            Bayes = new CurvePoint(n, bayes, bayesInterval.Lo, bayesInterval.Hi),
            MeanAnswerEntropy = results.Average(result => result.Answers!.Entropy),
            MeanDistinctAnswers = results.Average(result => result.Answers!.Classes.Count),
            Unsolved = results.Count(result => result.C == 0),
            UnsolvedRateBound = Interval.UpperBoundOfZero(nMin),
            Undecided = results.Sum(result => result.Undecided),
            Failed = results.Sum(result => result.Failed),
            AnsweredShare = results.Sum(result => (long)result.Answered) / total,
            BoxedShare = results.Sum(result => (long)result.Boxed) / total,
            TruncatedShare = results.Sum(result => (long)result.Truncated) / total,
            DuplicateShare = results.Sum(result => (long)result.Duplicates) / total,
            MeanCompletionTokens = results.Sum(result => result.CompletionTokens) / total,
            BootstrapSeed = options.BootstrapSeed,
            BootstrapDraws = options.BootstrapDraws,
            Buckets = [.. ByLevel(results, ks[^1], options), .. BySuccess(results, buckets, ks[^1], options), .. ByBase(results, ks[^1], options)],
            BaseN = options.Base?.LargestN,
            Warnings = [],
        };
        return summary with { Warnings = [.. Warnings(summary, results, buckets)] };
    }

    private static IReadOnlyList<CurvePoint> Majority(ProblemResult[] results, IReadOnlyList<int> ks, PassKOptions options)
    {
        double[][] rows = [.. results.AsParallel().AsOrdered().Select(result =>
            MajorityAtK.Estimate(result.Answers!, ks, options.BootstrapSeed, result.ProblemId).Select(point => point.Estimate).ToArray())];
        return Curve.OfRows(rows, ks, options.BootstrapSeed, options.BootstrapDraws);
    }

    private static IEnumerable<BucketRow> ByLevel(ProblemResult[] results, int k, PassKOptions options)
    {
        if (results.All(result => result.Level is null)) { return []; }
        return results.GroupBy(result => result.Level ?? "none", StringComparer.Ordinal)
            .OrderBy(level => level.Key, LevelOrder.Instance)
            .Select(level => Row("level", level.Key, [.. level], k, options));
    }

    private static IEnumerable<BucketRow> BySuccess(ProblemResult[] results, SuccessBuckets buckets, int k, PassKOptions options)
    {
        var inBucket = results.ToLookup(buckets.IndexOf);
        return buckets.Labels.Select((label, i) => Row("success", label, [.. inBucket[i]], k, options));
    }

    private static IEnumerable<BucketRow> ByBase(ProblemResult[] results, int k, PassKOptions options)
    {
        if (options.Base is not { } baseModel) { return []; }
        var buckets = SuccessBuckets.Parse(options.Buckets, baseModel.LargestN);
        var ofBase = baseModel.Problems.ToDictionary(problem => problem.ProblemId, buckets.IndexOf, StringComparer.Ordinal);
        var inBucket = results.ToLookup(result => ofBase[result.ProblemId]);
        return buckets.Labels.Select((label, i) => Row("base", label, [.. inBucket[i]], k, options));
    }

    private static BucketRow Row(string by, string bucket, ProblemResult[] results, int k, PassKOptions options)
    {
        if (results.Length == 0) { return new BucketRow(by, bucket, 0, null, null); }
        var curve = Curve.Of(results, [1, k], options.BootstrapSeed, options.BootstrapDraws);
        return new BucketRow(by, bucket, results.Length, curve[0], curve[1]);
    }

    private static IEnumerable<string> Warnings(PassKSummary summary, ProblemResult[] results, SuccessBuckets buckets)
    {
        var total = results.Sum(result => (long)result.N);
        if (summary.Undecided > 0) { yield return $"{summary.Undecided} of {total} samples could not be judged and count as not correct."; }
        if (summary.Failed > 0) { yield return $"{summary.Failed} of {total} samples failed (finish_reason error) and count as not correct."; }
        if (summary.TruncatedShare >= TruncatedShareToWarnOf)
        {
            yield return $"{SummaryTable.Percent(summary.TruncatedShare)} of the samples were cut at max_new_tokens = {summary.Sampling.MaxNewTokens}.";
        }
        if (summary.NMin < summary.N) { yield return $"The problems have {summary.NMin} to {summary.N} samples; every problem's own n is used, k goes up to {summary.NMin}, and buckets scale c to n = {summary.N}."; }
        if (summary.NMin > 1) { yield return $"pass@k for k above n/2 = {summary.NMin / 2} rests on few independent draws; n of 2k or more is better for a k that is quoted."; }
        if (summary.Problems < FewProblems) { yield return $"One of {summary.Problems} problems is {100.0 / summary.Problems:F1} points."; }
        if (buckets.Dropped > 0) { yield return $"{buckets.Dropped} of the buckets {buckets.Name} cannot be told apart with n = {summary.N} and are left out."; }
    }
}
