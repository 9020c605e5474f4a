using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>Compares evaluations of the same problems with that of a base, problem by problem.</summary>
public static class ModelComparison
{
    private const int FewProblems = 100;

    /// <summary>Every number of a comparison. The order of the rows in the files plays no part.</summary>
    /// <param name="baseModel">What the others are compared with; its success counts are the difficulty of the problems.</param>
    /// <param name="models">At least one.</param>
    /// <param name="control">A second, independent run of the base, or null.</param>
    /// <param name="options">How to compare.</param>
    /// <exception cref="UserException">Problems or n that differ, n or k or hardest out of range, a control that repeats the base.</exception>
    public static ComparisonSummary Of(EvaluatedModel baseModel, IReadOnlyList<EvaluatedModel> models, EvaluatedModel? control, ComparisonOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(models.Count, 1);
        EvaluatedModel[] others = control is null ? [.. models] : [.. models, control];
        foreach (var other in others) { RequireSameProblems(baseModel, other); }
        if (control is not null) { RequireIndependent(baseModel, control); }
        var n = CommonN([baseModel, .. others], options.N);
        RequireRanges(baseModel, n, options);

        // Drawn with keys of their own, so that a model compared with itself is not compared with the same draw.
        var warnings = Warnings(baseModel, others, control, n, options).ToArray();
        EvaluatedModel[] all = [.. new[] { baseModel }.Concat(others).Select((model, role) => model.Subsample(n, options.Seed, "subsample", role))];
        if (options.Hardest is { } hardest) { all = KeepHardest(all, hardest); }

        var buckets = SuccessBuckets.Parse(options.Buckets, n);
        var difficulty = options.SplitHalf ? Difficulty.OfHalf(all[0], options) : Difficulty.OfAll(all[0], buckets);
        var curves = CurveDraws.Of(all, PassAtK.Ks(n, options.K), options.Seed, options.BootstrapDraws);
        ComparedModel Compare(int model) => new()
        {
            Name = all[model].Name,
            Curve = curves.Curve(model),
            Histogram = Histogram(all[model]),
            Deltas = curves.Deltas(model),
            Gains = difficulty.Gains(all[model], control is null || model == all.Length - 1 ? null : all[^1], options),
            Transitions = Transitions(buckets, all[0], all[model]),
            Coverage = Coverage.Of(all[0].Problems, all[model].Problems),
            EfficiencyGap = curves.EfficiencyGap(model),
            Crossing = curves.Crossing(model),
        };

        var summary = new ComparisonSummary
        {
            Dataset = baseModel.Settings?.Dataset ?? "problems",
            Problems = all[0].Problems.Count,
            N = n,
            Buckets = buckets.Labels,
            GainBuckets = difficulty.Buckets.Labels,
            SplitHalf = options.SplitHalf,
            Hardest = options.Hardest,
            UnsolvedRateBound = Interval.UpperBoundOfZero(n),
            Base = new ModelCurve { Name = baseModel.Name, Curve = curves.Curve(0), Histogram = Histogram(all[0]) },
            Models = [.. Enumerable.Range(1, models.Count).Select(Compare)],
            Control = control is null ? null : Compare(all.Length - 1),
            Seed = options.Seed,
            BootstrapDraws = options.BootstrapDraws,
            PerProblem =
            [
                .. all[0].Problems.Select((problem, i) => new ComparedProblem(
                    problem.ProblemId, problem.Level, problem.Topic, buckets.IndexOf(problem.C), [.. all.Select(model => model.Problems[i].C)])),
            ],
            Warnings = warnings,
        };
        return summary.Control is null ? summary : summary with { Models = [.. summary.Models.Select(model => WithControl(model, summary.Control.Coverage))] };
    }

    /// <summary>0 for a rate of exactly 0, then 1..10 for (0, .1], ... (.9, 1].</summary>
    private static int HistogramBin(ProblemResult problem) => (int)((10L * problem.C + problem.N - 1) / problem.N);

    private static int[] Histogram(EvaluatedModel model)
    {
        var counts = new int[11];
        foreach (var problem in model.Problems) { counts[HistogramBin(problem)]++; }
        return counts;
    }

    private static int[][] Transitions(SuccessBuckets buckets, EvaluatedModel baseModel, EvaluatedModel model)
    {
        int[][] counts = [.. buckets.Labels.Select(_ => new int[buckets.Labels.Count])];
        foreach (var (before, after) in baseModel.Problems.Zip(model.Problems)) { counts[buckets.IndexOf(before.C)][buckets.IndexOf(after.C)]++; }
        return counts;
    }

    private static ComparedModel WithControl(ComparedModel model, Coverage control) => model with
    {
        GainedByControl = [.. model.Coverage.Gained.Intersect(control.Gained)],
        LostByControl = [.. model.Coverage.Lost.Intersect(control.Lost)],
    };

    private static EvaluatedModel[] KeepHardest(EvaluatedModel[] all, int hardest)
    {
        var kept = all[0].Problems.OrderBy(problem => problem.C).ThenBy(problem => problem.ProblemId, StringComparer.Ordinal)
            .Take(hardest).Select(problem => problem.ProblemId).ToHashSet(StringComparer.Ordinal);
        return [.. all.Select(model => model with { Problems = [.. model.Problems.Where(problem => kept.Contains(problem.ProblemId))] })];
    }

    private static int CommonN(IReadOnlyList<EvaluatedModel> all, int? asked)
    {
        var least = all.MinBy(model => model.N)!;
        if (asked < 1) { throw new UserException($"n is {asked}; it must be 1 or more"); }
        if (asked > least.N) { throw new UserException($"n is {asked}, but {least.Folder} has {least.N} samples a problem; use n = {least.N} or less, or draw more"); }
        if (asked is { } n) { return n; }
        return all.FirstOrDefault(model => model.LargestN != least.N) is { } larger
            ? throw new UserException($"{larger.Folder}: n is {larger.LargestN}, but {least.N} in {least.Folder}; what is solved in n samples can only be compared at equal n: "
                + $"use n = {least.N} to draw as many from each")
            : least.N;
    }

    private static void RequireRanges(EvaluatedModel baseModel, int n, ComparisonOptions options)
    {
        foreach (var k in options.K)
        {
            if (k < 1 || k > n) { throw new UserException($"k is {k}; it must be in 1..{n}, the samples a problem"); }
        }
        if (options.Hardest < 1 || options.Hardest > baseModel.Problems.Count)
        {
            throw new UserException($"hardest is {options.Hardest}; it must be in 1..{baseModel.Problems.Count}, the problems there are");
        }
        if (options.SplitHalf && n < 2) { throw new UserException($"bucket_split is half with n = {n}; two samples a problem are needed for two halves"); }
        Bootstrap.RequireDraws(options.BootstrapDraws);
    }

    private static void RequireSameProblems(EvaluatedModel baseModel, EvaluatedModel other)
    {
        RequireAll(baseModel, other);
        RequireAll(other, baseModel);

        static void RequireAll(EvaluatedModel from, EvaluatedModel model)
        {
            var ids = model.Problems.Select(problem => problem.ProblemId).ToHashSet(StringComparer.Ordinal);
            string[] missing = [.. from.Problems.Select(problem => problem.ProblemId).Where(id => !ids.Contains(id))];
            if (missing.Length > 0)
            {
                throw new UserException($"{Path.Combine(model.Folder, "problems.csv")}: problem \"{missing[0]}\" is missing ({missing.Length} in all), {from.Folder} has it; "
                    + "evaluate all models on the same problems");
            }
        }
    }

    private static void RequireIndependent(EvaluatedModel baseModel, EvaluatedModel control)
    {
        if (baseModel.Settings is { } first && control.Settings is { } second && first.Sampling.ModelId == second.Sampling.ModelId && first.Sampling.Seed == second.Sampling.Seed)
        {
            throw new UserException($"{control.Folder}: seed is {second.Sampling.Seed}, as in {baseModel.Folder}; the samples of the control are the base's own, draw them with another seed");
        }
    }

    private static IEnumerable<string> Warnings(EvaluatedModel baseModel, EvaluatedModel[] others, EvaluatedModel? control, int n, ComparisonOptions options)
    {
        foreach (var model in others)
        {
            if (model.Settings is null || baseModel.Settings is null) { continue; }
            foreach (var (key, own, bases) in model.Settings.Differences(baseModel.Settings))
            {
                yield return $"{key} is {own} for {model.Name}, but {bases} for {baseModel.Name}: differences may come from it.";
            }
        }
        string[] unknown = [.. new[] { baseModel }.Concat(others).Where(model => model.Settings is null).Select(model => model.Name)];
        if (unknown.Length > 0) { yield return $"No summary.json for {string.Join(", ", unknown)}: whether template, temperature and limits agree is not known."; }
        if (control?.Settings is { } repeated && baseModel.Settings is { } first && repeated.Sampling.ModelId != first.Sampling.ModelId)
        {
            yield return $"The control is {repeated.Sampling.ModelId}, the base {first.Sampling.ModelId}: a control is a second run of the same model.";
        }
        foreach (var model in new[] { baseModel }.Concat(others).Where(model => model.LargestN > n))
        {
            yield return $"{n} of the {model.LargestN} samples of {model.Name} are used, drawn with seed {options.Seed}.";
        }
        if (control is null && !options.SplitHalf && n > 1)
        {
            yield return "Buckets and base rates come from the same samples: the lowest buckets look worse for the base than they are, the highest better (regression to the mean). "
                + "--bucket-split half or --control avoids it.";
        }
        if (options.Hardest is not null && control is null)
        {
            yield return "The hardest problems were chosen by the base's own samples, so its rates here are biased low; --control shows by how much.";
        }
        if (n > 1) { yield return $"pass@{n} with n = {n} samples is the noisiest point of a curve; n of 2k or more is better for a k that is quoted."; }
        var problems = options.Hardest ?? baseModel.Problems.Count;
        if (problems < FewProblems) { yield return $"One of {problems} problems is {100.0 / problems:F1} points."; }
        var buckets = SuccessBuckets.Parse(options.Buckets, options.SplitHalf ? n / 2 : n);
        if (buckets.Dropped > 0) { yield return $"{buckets.Dropped} of the buckets {buckets.Name} cannot be told apart with {buckets.N} samples and are left out."; }
    }
}
