using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report;

/// <summary>problems.csv, passk.csv and buckets.csv of one evaluation.</summary>
internal static class PassKTables
{
    private static readonly string[] ProblemColumns =
    [
        "problem_id", "level", "subject", "n", "c", "rate", "lo95", "hi95", "bucket",
        "undecided", "answered_rate", "boxed_rate", "cap_rate", "duplicate_rate", "mean_tokens",
    ];

    private static readonly string[] CurveColumns = ["model", "dataset", "scorer", "k", "n_min", "n_max", "problems", "estimate", "lo", "hi", "method"];

    private static readonly string[] BucketColumns =
    [
        "model", "dataset", "scorer", "by", "bucket", "problems",
        "accuracy", "accuracy_lo", "accuracy_hi", "k", "pass_at_k", "pass_at_k_lo", "pass_at_k_hi",
    ];

    public static void Write(string folder, IReadOnlyList<ProblemResult> results, PassKSummary summary, PassKOptions options)
    {
        var buckets = SuccessBuckets.Parse(options.Buckets, summary.N);
        CsvTable.Write(Path.Combine(folder, "problems.csv"), ProblemColumns, results.Select(result => ProblemRow(result, buckets)));

        object?[] set = [summary.ModelName, summary.Dataset, summary.Scorer];
        var (least, most) = (results.Min(result => result.N), results.Max(result => result.N));
        var method = $"bootstrap over problems, {options.BootstrapDraws} draws, seed {options.BootstrapSeed}, 95 % percentile";
        CsvTable.Write(Path.Combine(folder, "passk.csv"), CurveColumns, summary.Curve.Select(point =>
            (object?[])[.. set, point.K, least, most, results.Count, point.Estimate, point.Lo, point.Hi, method]));

        CsvTable.Write(Path.Combine(folder, "buckets.csv"), BucketColumns, summary.Buckets.Select(row =>
            (object?[])[.. set, row.By, row.Bucket, row.Problems, .. Cells(row.Accuracy), summary.Curve[^1].K, .. Cells(row.PassAtK)]));
    }

    private static object?[] ProblemRow(ProblemResult result, SuccessBuckets buckets)
    {
        var interval = Interval.Wilson(result.N, result.C);
        double n = result.N;
        return
        [
            result.ProblemId, result.Level, result.Topic, result.N, result.C, result.Rate, interval.Lo, interval.Hi, buckets.Labels[buckets.IndexOf(result.C)],
            result.Undecided, result.Answered / n, result.Boxed / n, result.Truncated / n, result.Duplicates / n, result.CompletionTokens / n,
        ];
    }

    private static object?[] Cells(CurvePoint? point) => [point?.Estimate, point?.Lo, point?.Hi];
}
