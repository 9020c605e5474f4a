using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Responses;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>What the responses look like: lengths, keywords and answers, over all seeds.</summary>
internal static class StudyResponses
{
    /// <summary>Reflection keywords a response, by seed and problem of the test set; null where a seed has no samples.</summary>
    public static IReadOnlyList<double[]>? Keywords(StudyRuns runs, string arm, ReflectionKeywords keywords)
    {
        var files = runs.Test(arm).Select(evaluation => SampleFile.InFolder(evaluation.Folder)).ToArray();
        if (files.Any(file => file is null)) { return null; }
        return [.. runs.Test(arm).Zip(files, (evaluation, file) =>
        {
            var counts = SampleFile.Read(file!).AsParallel()
                .Select(sample => (sample.ProblemId, Count: keywords.Count(sample.Text).Sum()))
                .GroupBy(sample => sample.ProblemId, StringComparer.Ordinal)
                .ToDictionary(problem => problem.Key, problem => (double)problem.Sum(sample => sample.Count) / problem.Count(), StringComparer.Ordinal);
            return evaluation.Counts.Problems.Select(problem => counts.GetValueOrDefault(problem.ProblemId, double.NaN)).ToArray();
        })];
    }

    /// <summary>Base and RLVR in the paper's groups; lengths and keywords only where problems and samples are there.</summary>
    public static ResponseSummary? Of(StudyRuns runs, IReadOnlyList<Problem>? problems, ReflectionKeywords keywords, SeedBootstrap bootstrap)
    {
        if (!runs.Has(Arm.Rlvr)) { return null; }
        string[] arms = [Arm.Base, Arm.Rlvr];
        var options = new ResponseOptions { Keywords = keywords, BootstrapDraws = 1 };
        var bySeed = problems is null || arms.SelectMany(runs.Test).Any(evaluation => SampleFile.InFolder(evaluation.Folder) is null)
            ? []
            : Enumerable.Range(0, runs.Seeds.Count).Select(s => ResponseStudy.Of(
                [.. arms.Select(arm => new ModelSamples(Arm.Name(arm), [SampleFile.InFolder(runs.Test(arm)[s].Folder)!]))],
                problems,
                runs.Test(Arm.Base)[s].Counts,
                "",
                options)).ToArray();
        return new ResponseSummary
        {
            Dataset = runs.Test(Arm.Base)[0].Counts.Settings?.Dataset ?? "test problems",
            Models = [.. arms.Select(Arm.Name)],
            BucketsOf = Arm.Name(Arm.Base),
            Match = keywords.Match,
            Lengths = [.. bySeed.SelectMany(summary => summary.Lengths).GroupBy(row => row.Of).Select(rows => new LengthRow(
                rows.Key,
                rows.Sum(row => row.Problems),
                rows.Sum(row => row.Samples),
                rows.Average(row => row.MeanTokens),
                rows.Average(row => row.MedianTokens),
                rows.Average(row => row.MeanChars),
                rows.Average(row => row.MedianChars),
                rows.Average(row => row.TruncatedShare)))],
            Keywords = [.. bySeed.SelectMany(summary => summary.Keywords).GroupBy(row => (row.Of, row.Keyword)).Select(rows => new KeywordRow(
                rows.Key.Of, rows.Key.Keyword, rows.Sum(row => row.Samples), rows.Sum(row => row.Occurrences), rows.Average(row => row.MeanPerSample), rows.Average(row => row.ShareWith)))],
            Entropies = [.. arms.SelectMany(arm => Entropies(runs, arm, options.EntropyBuckets, bootstrap))],
            BootstrapSeed = bootstrap.Seed,
            BootstrapDraws = bootstrap.Draws,
            Warnings = [],
        };
    }

    private static IEnumerable<EntropyRow> Entropies(StudyRuns runs, string arm, string bucketNames, SeedBootstrap bootstrap)
    {
        var buckets = SuccessBuckets.Parse(bucketNames, runs.N);
        foreach (var bucket in Enumerable.Range(-1, buckets.Labels.Count + 1))
        {
            var rows = runs.Rows((s, i) => bucket < 0 || buckets.IndexOf(runs.Test(Arm.Base)[s].Counts.Problems[i].C) == bucket ? [1, runs.Test(arm)[s].Entropy[i]] : [0, 0]);
            var of = new ResponseGroup(Arm.Name(arm), "all", bucket < 0 ? "all" : buckets.Labels[bucket]);
            yield return new EntropyRow(of, rows.Sum(seed => seed.Count(row => row[0] > 0)), bootstrap.Number(rows, means => means[1] / means[0]), null, null, null);
        }
    }
}
