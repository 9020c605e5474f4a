using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report;

/// <summary>problems.csv, passk.csv, majk.csv, cover.csv, consistency.csv and buckets.csv of one evaluation.</summary>
internal static class PassKTables
{
    private static readonly string[] ProblemColumns =
    [
        "problem_id", "level", "subject", "n", "c", "rate", "lo95", "hi95", "bucket", "n_distinct_answers", "entropy", "maj_answer", "maj_correct",
        "undecided", "answered_rate", "boxed_rate", "cap_rate", "duplicate_rate", "mean_tokens",
    ];

    private static readonly string[] CurveColumns = ["model", "dataset", "scorer", "k", "n_min", "n_max", "problems", "estimate", "lo", "hi", "method"];

    private static readonly string[] CoverColumns = ["model", "dataset", "scorer", "tau", "n_min", "n_max", "problems", "estimate", "lo", "hi", "posterior", "method"];

    private static readonly string[] ConsistencyColumns = ["model", "dataset", "scorer", "metric", "k", "tau", "n_min", "n_max", "problems", "estimate", "lo", "hi", "method"];

    private static readonly double[] ShareTaus = [0.25, 0.5, 0.75, 1];

    private static readonly string[] BucketColumns =
    [
        "model", "dataset", "scorer", "by", "bucket", "problems",
        "accuracy", "accuracy_lo", "accuracy_hi", "k", "pass_at_k", "pass_at_k_lo", "pass_at_k_hi",
    ];

    /// <param name="folder">Where to.</param>
    /// <param name="results">In the order of problems.csv.</param>
    /// <param name="byId">The same in the order of the bootstrap.</param>
    /// <param name="summary">What was computed before.</param>
    /// <param name="options">Of the evaluation.</param>
    public static void Write(string folder, IReadOnlyList<ProblemResult> results, IReadOnlyList<ProblemResult> byId, PassKSummary summary, PassKOptions options)
    {
        var buckets = SuccessBuckets.Parse(options.Buckets, summary.N);
        CsvTable.Write(Path.Combine(folder, "problems.csv"), ProblemColumns, results.Select(result => ProblemRow(result, buckets)));

        object?[] set = [summary.ModelName, summary.Dataset, summary.Scorer];
        object?[] counts = [summary.NMin, summary.N, results.Count];
        var method = $"bootstrap over problems, {options.BootstrapDraws} draws, seed {options.BootstrapSeed}, 95 % percentile";
        WriteCurve("passk.csv", summary.Curve, method);
        WriteCurve("majk.csv", summary.Majority, $"ties shared, no answer no vote, exact or {MajorityAtK.Draws} subsets a problem; {method}");
        CsvTable.Write(Path.Combine(folder, "cover.csv"), CoverColumns, Cover(byId, options).Select(row =>
            (object?[])[.. set, row.Tau, .. counts, row.Point.Estimate, row.Point.Lo, row.Point.Hi, row.Posterior, method]));
        CsvTable.Write(Path.Combine(folder, "consistency.csv"), ConsistencyColumns,
        [
            .. Consistency(byId, summary, options).Select(row =>
                (object?[])[.. set, row.Metric, row.Point.K, row.Tau, .. counts, row.Point.Estimate, row.Point.Lo, row.Point.Hi, method]),
            [.. set, "bayes@n", null, null, .. counts, summary.Bayes.Estimate, summary.Bayes.Lo, summary.Bayes.Hi, "posterior of these problems, 95 % normal"],
        ]);

        CsvTable.Write(Path.Combine(folder, "buckets.csv"), BucketColumns, summary.Buckets.Select(row =>
            (object?[])[.. set, row.By, row.Bucket, row.Problems, .. Cells(row.Accuracy), summary.Curve[^1].K, .. Cells(row.PassAtK)]));

        void WriteCurve(string file, IReadOnlyList<CurvePoint> curve, string how) => CsvTable.Write(Path.Combine(folder, file), CurveColumns, curve.Select(point =>
            (object?[])[.. set, point.K, .. counts, point.Estimate, point.Lo, point.Hi, how]));
    }

    private static IEnumerable<(double Tau, CurvePoint Point, double Posterior)> Cover(IReadOnlyList<ProblemResult> results, PassKOptions options)
    {
        double[][] rows = [.. results.Select(result => CoverAtTau.Taus.Select(tau => CoverAtTau.PlugIn(result.N, result.C, tau)).ToArray())];
        var intervals = Bootstrap.Means(rows, options.BootstrapSeed, options.BootstrapDraws);
        return CoverAtTau.Taus.Select((tau, i) => (
            tau,
            new CurvePoint(0, rows.Average(row => row[i]), intervals[i].Lo, intervals[i].Hi),
            results.Average(result => CoverAtTau.Posterior(result.N, result.C, tau))));
    }

    private static IEnumerable<(string Metric, double? Tau, CurvePoint Point)> Consistency(IReadOnlyList<ProblemResult> results, PassKSummary summary, PassKOptions options)
    {
        int[] ks = [.. summary.Curve.Select(point => point.K)];
        (string Metric, double? Tau, Func<int, int, int, double> Estimate)[] metrics =
        [
            ("pass^k", null, PassAtK.AllCorrect),
            ("majbin@k", null, PassAtK.StrictMajority),
            .. ShareTaus.Select(tau => ("g-pass@k", (double?)tau, (Func<int, int, int, double>)((n, c, k) => PassAtK.AtLeastShare(n, c, k, tau)))),
            ("mg-pass@k", null, PassAtK.MeanAtLeastShare),
        ];
        foreach (var (metric, tau, estimate) in metrics)
        {
            double[][] rows = [.. results.Select(result => ks.Select(k => estimate(result.N, result.C, k)).ToArray())];
            foreach (var point in Curve.OfRows(rows, ks, options.BootstrapSeed, options.BootstrapDraws)) { yield return (metric, tau, point); }
        }
    }

    private static object?[] ProblemRow(ProblemResult result, SuccessBuckets buckets)
    {
        var interval = Interval.Wilson(result.N, result.C);
        double n = result.N;
        return
        [
            result.ProblemId, result.Level, result.Topic, result.N, result.C, result.Rate, interval.Lo, interval.Hi, buckets.Labels[buckets.IndexOf(result)],
            result.Answers!.Classes.Count, result.Answers.Entropy, result.Answers.MajorityAnswer, MajorityAtK.Estimate(result.Answers, [result.N])[0].Estimate,
            result.Undecided, result.Answered / n, result.Boxed / n, result.Truncated / n, result.Duplicates / n, result.CompletionTokens / n,
        ];
    }

    private static object?[] Cells(CurvePoint? point) => [point?.Estimate, point?.Lo, point?.Hi];
}
