using System.Text;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report.Html;
using LlmReasoning.Evaluation.Responses;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>Writes a study's report from its folders: report.html, summary.md, claims.txt, figures/ and tables/. No model is needed.</summary>
public static class StudyReport
{
    /// <summary>In the report's folder: the claims as text for a console.</summary>
    public const string ClaimsFile = "claims.txt";

    /// <summary>Of the bootstrap; the report says it.</summary>
    private const long BootstrapSeed = 0;

    /// <summary>Writes every file; the same inputs give the same bytes. Nothing is written before everything is computed.</summary>
    /// <param name="studyFolder">With study.json and seed-S/ARM/{test,train,control,run}, as <c>study run</c> makes them.</param>
    /// <param name="output">Made where it is missing.</param>
    /// <param name="defaults">What a config that is silent means, by kind of run ("test", "rlvr", "distill") and key; null = the report lists all settings.</param>
    /// <param name="bootstrapDraws">1 or more.</param>
    /// <returns>What <see cref="ClaimsFile"/> holds.</returns>
    /// <exception cref="UserException">Missing or faulty files, evaluations that cannot be compared.</exception>
    public static string Write(
        string studyFolder, string output, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? defaults = null, int bootstrapDraws = Bootstrap.DefaultDraws)
    {
        var runs = StudyRuns.Read(studyFolder);
        OutputFolder.Create(output);
        var (problems, whyNot) = Problems(runs);
        var summary = Summarise(runs, problems, new SeedBootstrap(BootstrapSeed, bootstrapDraws));
        if (whyNot is not null) { summary = summary with { Warnings = [.. summary.Warnings, $"No texts and samples are shown: {whyNot}"] }; }
        var figures = StudyPlots.Of(summary);
        var page = new StudyPage(summary, figures, defaults);
        var browser = problems is null ? null : Browser(runs, problems);
        var html = page.ToHtml(browser);

        foreach (var table in page.Tables) { table.Write(Path.Combine(output, "tables")); }
        foreach (var figure in figures) { figure.Write(Path.Combine(output, "figures")); }
        AtomicFile.WriteText(Path.Combine(output, "summary.md"), page.ToMarkdown());
        AtomicFile.WriteText(Path.Combine(output, "report.html"), html);
        var claims = ToText(summary);
        AtomicFile.WriteText(Path.Combine(output, ClaimsFile), claims);
        return claims;
    }

    /// <summary>Claims and what they came to, aligned for a console.</summary>
    private static string ToText(StudySummary summary)
    {
        var text = new StringBuilder();
        if (summary.Runs.File.Synthetic) { text.Append($"{StudyPage.SyntheticNote}\n\n"); }
        TextTable.AppendAligned(text,
        [
            ["claim", "number", "95 % interval", "the study is"],
            .. summary.Claims.Select(result => new[] { $"{result.Claim.Id} {ClaimTable.Statement(summary, result.Claim)}", ClaimTable.Number(result), ClaimTable.Interval(result), ClaimRule.Text(result.Verdict) }),
        ]);
        foreach (var warning in summary.Warnings) { text.Append($"note: {warning}\n"); }
        return text.ToString();
    }

    private static StudySummary Summarise(StudyRuns runs, IReadOnlyList<Problem>? problems, SeedBootstrap bootstrap)
    {
        var words = ReflectionKeywords.Read(ReflectionKeywords.DefaultPath);
        var keywords = new Dictionary<string, IReadOnlyList<double[]>>();
        foreach (var arm in runs.HasControl ? runs.Arms.Append(Arm.Control) : runs.Arms)
        {
            if (StudyResponses.Keywords(runs, arm, words) is { } counts) { keywords.Add(arm, counts); }
        }
        var measurement = new ClaimMeasurement(runs, keywords.GetValueOrDefault, bootstrap);
        var settings = StudySettings.Read(runs);
        TrainedRun[] trainings = [.. runs.Arms.SelectMany(arm => runs.Seeds.Select(seed => TrainedRun.Read(runs.FolderOf(seed, arm, "run"), arm, seed))).OfType<TrainedRun>()];
        return new StudySummary
        {
            Runs = runs,
            Claims = [.. Claim.All.Select(measurement.Of)],
            Comparison = PooledComparison.Of(runs, "kim6", bootstrap),
            Finer = PooledComparison.Of(runs, "kim8", bootstrap, hasCurves: false),
            Responses = StudyResponses.Of(runs, problems, words, bootstrap),
            Keywords = keywords,
            Trainings = trainings,
            Settings = settings,
            Warnings = [.. runs.Warnings, .. Warnings(runs), .. ClipWarning(trainings), .. settings.Warnings],
        };
    }

    private static IEnumerable<string> Warnings(StudyRuns runs)
    {
        var first = runs.Test(Arm.Base)[0].Counts;
        foreach (var arm in runs.Arms.Skip(1))
        {
            if (runs.Test(arm)[0].Counts.Settings is not { } own || first.Settings is not { } bases) { continue; }
            foreach (var (key, value, other) in own.Differences(bases)) { yield return $"{key} is {value} for {Arm.Name(arm)}, but {other} for the base: differences may come from it."; }
        }
        if (runs.Seeds.Count == 1) { yield return "One seed: the intervals hold the choice of problems, not the luck of a training run."; }
        else if (runs.Seeds.Count < 5) { yield return $"{runs.Seeds.Count} seeds say little about the luck of training: the intervals hold it, but rather too small than too large."; }
        yield return $"One of {runs.Problems} problems is {100.0 / runs.Problems:F1} points.";
        if (runs.N < runs.File.K) { yield return $"n is {runs.N}, less than k = {runs.File.K} of study.json."; }
        yield return $"pass@{runs.N} with n = {runs.N} samples is the noisiest point of a curve. A problem not solved in {runs.N} samples may still have a success rate of up to {100 * Interval.UpperBoundOfZero(runs.N):G3} % (95 %).";
        if (SuccessBuckets.Parse("kim6", runs.N).Dropped is > 0 and var dropped) { yield return $"{dropped} of the paper's buckets cannot be told apart with n = {runs.N} and are left out; the ends of the others are scaled from 256."; }
    }

    private static IEnumerable<string> ClipWarning(IEnumerable<TrainedRun> trainings)
    {
        var clipped = trainings.Where(run => run.Arm == Arm.Rlvr).SelectMany(run => run.Points("clip_ratio/region_mean")).ToArray();
        if (clipped.Length > 0 && clipped.All(point => point.Value == 0))
        {
            yield return "The clip of the objective never bound: with one update a batch, TRL's default too, the ratio of new to old probability is 1.";
        }
    }

    /// <summary>The test problems, as the base's evaluation names them; null, with the reason, where they cannot be read.</summary>
    private static (IReadOnlyList<Problem>? Problems, string? WhyNot) Problems(StudyRuns runs)
    {
        var config = StudySettings.Config(Path.Combine(runs.Test(Arm.Base)[0].Folder, "config.yaml"));
        string? Setting(string key) => StudySettings.Unquoted(config.GetValueOrDefault(key));
        if (Setting("problems") is not { } source) { return (null, "the base's config.yaml names no problems."); }
        try
        {
            var fields = new ProblemFieldNames { Problem = Setting("problem_field"), Answer = Setting("answer_field"), Id = Setting("id_field"), Level = Setting("level_field") };
            var byId = ProblemSource.Read(source, null, fields).ToDictionary(problem => problem.Id, StringComparer.Ordinal);
            var results = runs.Test(Arm.Base)[0].Counts.Problems;
            return results.All(result => byId.ContainsKey(result.ProblemId))
                ? ([.. results.Select(result => byId[result.ProblemId])], null)
                : (null, $"{source} lacks some of the problems.");
        }
        catch (UserException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The problems with samples of every arm, of the first seed.</summary>
    private static ProblemBrowser Browser(StudyRuns runs, IReadOnlyList<Problem> problems)
    {
        string[] arms = [.. runs.Arms];
        return ProblemBrowser.Of(
            problems,
            [.. arms.Select(arm => new BrowsedModel(Arm.Name(arm), [.. runs.Test(arm)[0].Counts.Problems.Select(problem => (problem.N, problem.C))], Choice(runs.Test(arm)[0], problems, arms.Length)))],
            SuccessBuckets.Parse("kim6", runs.N));
    }

    private static SampleChoice Choice(StudyEvaluation evaluation, IReadOnlyList<Problem> problems, int arms)
    {
        var choice = ProblemBrowser.NewChoice(problems.Count, arms);
        if (SampleFile.InFolder(evaluation.Folder) is not { } path) { return choice; }
        var policy = Enum.TryParse<ExtractionPolicy>(evaluation.Counts.Settings?.Scorer, ignoreCase: true, out var named) ? named : ExtractionPolicy.Lenient;
        Grader.Grade(problems, SampleFile.Read(path), policy, allowUnequalN: true, judged: choice.Add);
        return choice;
    }
}
