using System.Globalization;
using System.Text;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Report.Study;

namespace LlmReasoning.Cli.Study;

/// <summary>The study in one table, for the console: curves' ends, gained and lost problems, and the change of the success rate by the base's bucket.</summary>
internal static class StudySummary
{
    // The intervals stand in the report: this table has none, and needs no draws.
    private const int Draws = 1;

    /// <summary>Means over the study's seeds; a finished study.</summary>
    public static string BucketTable(StudyDesign design)
    {
        var seeds = design.Seeds.Select(seed => Compare(design, seed)).ToList();
        var first = seeds[0];
        List<string[]> rows = [["", "pass@1", $"pass@{first.N}", "gained", "lost", .. first.GainBuckets], BaseRow(seeds)];
        for (var model = 0; model < first.Models.Count; model++) { rows.Add(Row(first.Models[model].Name, seeds, summary => summary.Models[model])); }
        if (first.Control is not null) { rows.Add(Row("base again (control)", seeds, summary => summary.Control!)); }

        var text = new StringBuilder("Change of the success rate in points, by how many samples of the base are correct");
        text.Append(seeds.Count > 1 ? $" (means over seeds {string.Join(", ", design.Seeds)})\n" : "\n");
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (var row in rows) { text.Append(string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd()).Append('\n'); }
        return text.Append('\n').ToString();
    }

    private static ComparisonSummary Compare(StudyDesign design, int seed)
    {
        string FolderOf(string arm, string part) => Path.Combine(design.Folder, $"seed-{seed.ToString(CultureInfo.InvariantCulture)}", arm, part);
        string[] arms = [.. design.Arms.Where(arm => arm != Arm.Base)];
        var models = EvaluatedModel.ReadAll(
            [FolderOf(Arm.Base, "test"), .. arms.Select(arm => FolderOf(arm, "test")), FolderOf(Arm.Base, "control")], [Arm.Base, .. arms, "control"]);
        return ModelComparison.Of(models[0], [.. models.Skip(1).SkipLast(1)], models[^1], new() { Buckets = design.Config.Buckets, BootstrapDraws = Draws });
    }

    // Of the seeds' buckets: the base's problems are sorted anew for each.
    private static string[] BaseRow(List<ComparisonSummary> seeds) =>
    [
        "base (problems in bucket)", Percent(seeds.Average(summary => summary.Base.Curve[0].Estimate)), Percent(seeds.Average(summary => summary.Base.Curve[^1].Estimate)), "", "",
        .. seeds[0].GainBuckets.Select((_, bucket) => Mean(seeds.Average(summary => summary.Models[0].Gains[bucket].Problems))),
    ];

    private static string[] Row(string name, List<ComparisonSummary> seeds, Func<ComparisonSummary, ComparedModel> of)
    {
        var models = seeds.Select(of).ToList();
        return
        [
            name, Percent(models.Average(model => model.Curve[0].Estimate)), Percent(models.Average(model => model.Curve[^1].Estimate)),
            Mean(models.Average(model => model.Coverage.Gained.Count)), Mean(models.Average(model => model.Coverage.Lost.Count)),
            .. models[0].Gains.Select((_, bucket) => Points(models.Select(model => model.Gains[bucket]))),
        ];
    }

    // Over all problems of the seeds' buckets alike.
    private static string Points(IEnumerable<BucketGain> gains)
    {
        var (sum, problems) = gains.Aggregate((Sum: 0.0, Problems: 0), (total, gain) => (total.Sum + gain.Problems * (gain.Gain?.Value ?? 0), total.Problems + gain.Problems));
        return problems == 0 ? "-" : (100 * sum / problems).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
    }

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Mean(double count) => count.ToString("0.#", CultureInfo.InvariantCulture);
}
