using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Comparison;

[Trait("Category", "Golden")]
public sealed class ComparisonGoldenTests : IDisposable
{
    private static readonly string[] Arms = ["rl", "base<-base", "base<-rl", "rl<-rl", "reasoning-only", "new-knowledge"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ComparisonSummary Compare(int n, IReadOnlyList<(string Id, int C)> before, IReadOnlyList<(string Id, int C)> after, ComparisonOptions options)
    {
        var key = Guid.NewGuid();
        var models = EvaluatedModel.ReadAll([Evaluated.Write(_folder, $"base-{key}", n, before), Evaluated.Write(_folder, $"model-{key}", n, after)], []);
        return ModelComparison.Of(models[0], [models[1]], null, options);
    }

    [Fact]
    public void ThePapersTransitionMatrixGivesItsDerivedNumbers()
    {
        var golden = JsonDocument.Parse(File.ReadAllBytes(Golden.Files("evaluation", "transition_math500.json")[0])).RootElement;
        var n = golden.GetProperty("n").GetInt32();
        var buckets = SuccessBuckets.Parse("kim8", n);
        Assert.Equal(golden.GetProperty("edges").EnumerateArray().Select(edge => edge.GetString()), buckets.Labels);
        int[][] counts = [.. golden.GetProperty("counts").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.GetInt32()).ToArray())];
        List<(string, int)> before = [], after = [];
        for (var row = 0; row < counts.Length; row++)
        {
            for (var column = 0; column < counts[row].Length; column++)
            {
                for (var i = 0; i < counts[row][column]; i++)
                {
                    before.Add(($"p{before.Count:D5}", buckets.Ranges[row].Lowest));
                    after.Add(($"p{after.Count:D5}", buckets.Ranges[column].Highest));
                }
            }
        }

        var summary = Compare(n, before, after, new ComparisonOptions { Buckets = "kim8", BootstrapDraws = 100 });
        var model = summary.Models[0];
        Assert.Equal(counts, model.Transitions);
        var coverage = model.Coverage;
        Assert.Equal(
            new[] { "both", "gained", "lost", "neither" }.Select(key => golden.GetProperty(key).GetInt32()),
            [coverage.Both.Count, coverage.Gained.Count, coverage.Lost.Count, coverage.Neither.Count]);
        Assert.Equal(golden.GetProperty("base_pass_at_256").GetDouble(), summary.Base.Curve[^1].Estimate, 1e-12);
        Assert.Equal(golden.GetProperty("model_pass_at_256").GetDouble(), model.Curve[^1].Estimate, 1e-12);
        Assert.Equal(golden.GetProperty("SRR").GetDouble(), coverage.Srr!.Value, 1e-12);
        Assert.Equal(golden.GetProperty("NDR").GetDouble(), coverage.Ndr!.Value, 1e-12);
        Assert.Equal(golden.GetProperty("SDS").GetDouble(), coverage.Sds!.Value, 1e-12);
        Assert.Equal(golden.GetProperty("NSCR").GetDouble(), coverage.Nscr!.Value, 1e-12);
    }

    [Fact]
    public void TheCurvesOfTheEmbeddedStudyAreThoseOfItsFile()
    {
        var rows = EmbeddedRows(Golden.Files("embedded", "problems.csv")[0]);
        var curves = File.ReadLines(Golden.Files("embedded", "passk.csv")[0]).Skip(1).Select(line => line.Split(','))
            .ToLookup(cells => (cells[0], cells[1]), cells => (K: int.Parse(cells[2], CultureInfo.InvariantCulture), Estimate: double.Parse(cells[3], CultureInfo.InvariantCulture)));
        foreach (var run in rows.Keys.Select(key => key.Run).Distinct())
        {
            foreach (var arm in rows.Keys.Where(key => key.Run == run && key.Arm != "base").Select(key => key.Arm))
            {
                var (n, before) = rows[(run, "base")];
                var summary = Compare(n, before, rows[(run, arm)].Counts, new ComparisonOptions { BootstrapDraws = 1 });
                AssertCurve(curves[(run, "base")], summary.Base);
                AssertCurve(curves[(run, arm)], summary.Models[0]);
            }
        }

        static void AssertCurve(IEnumerable<(int K, double Estimate)> expected, ModelCurve actual)
        {
            foreach (var (k, estimate) in expected) { Assert.Equal(estimate, actual.Curve.Single(point => point.K == k).Estimate, 1e-6); }
        }
    }

    // Design document of the embedded study, section 6, as printed.
    [Theory]
    [InlineData("rl", "2/8 ; 0/10 ; 0/10", "+0.0 (33) | +6.8 (32) | +38.9 (52) | +71.0 (109) | +40.2 (29) | +20.9 (105)")]
    [InlineData("base<-base", "4/2 ; 3/2 ; 1/2", "+0.9 (33) | +15.7 (32) | +27.7 (52) | +52.1 (109) | +34.7 (29) | +7.9 (105)")]
    [InlineData("base<-rl", "1/9 ; 0/13 ; 1/15", "+0.0 (33) | +15.2 (32) | +49.5 (52) | +72.0 (109) | +42.9 (29) | +21.1 (105)")]
    [InlineData("rl<-rl", "2/11 ; 0/13 ; 1/12", "+0.6 (33) | +15.0 (32) | +48.8 (52) | +72.1 (109) | +42.1 (29) | +20.8 (105)")]
    [InlineData("reasoning-only", "3/6 ; 8/9 ; 2/9", "+20.9 (33) | +48.2 (32) | +53.3 (52) | +72.9 (109) | +46.2 (29) | +22.4 (105)")]
    [InlineData("new-knowledge", "12/1 ; 11/2 ; 10/0", "+77.5 (33) | +74.7 (32) | +76.1 (52) | +72.0 (109) | +43.3 (29) | +23.2 (105)")]
    public void GainedLostAndBucketGainsAreTheStudysPrintedOnes(string arm, string gainedLost, string gains)
    {
        var seeds = OwnSeeds(arm);
        Assert.Equal(gainedLost, string.Join(" ; ", seeds.Select(seed => $"{seed.Models[0].Coverage.Gained.Count}/{seed.Models[0].Coverage.Lost.Count}")));

        // The study pools the problems of its three seeds.
        var pooled = Enumerable.Range(0, 6).Select(bucket =>
        {
            var rows = seeds.Select(seed => seed.Models[0].Gains[bucket]).ToArray();
            var problems = rows.Sum(row => row.Problems);
            return (Gain: rows.Sum(row => row.Gain!.Value.Value * row.Problems) / problems, Problems: problems);
        });
        foreach (var ((gain, problems), printed) in pooled.Zip(gains.Split(" | ")))
        {
            var cells = printed.Split(' ');
            Assert.Equal(double.Parse(cells[0], CultureInfo.InvariantCulture), 100 * gain, 0.0501);
            Assert.Equal(cells[1], $"({problems})");
        }
    }

    [Theory]
    [InlineData("rl", "31 2 0 0 0 0", "18 8 2 1 1 2", "10 6 5 2 4 25", "0 0 1 5 4 99", "0 1 1 2 2 23", "0 0 0 1 1 103")]
    [InlineData("reasoning-only", "20 0 2 0 5 6", "13 1 0 0 0 18", "10 3 1 3 4 31", "0 1 3 5 2 98", "1 0 1 1 2 24", "0 0 0 0 1 104")]
    [InlineData("new-knowledge", "0 1 1 3 2 26", "3 2 0 0 1 26", "0 0 1 4 1 46", "0 0 0 1 10 98", "0 0 2 2 1 24", "0 0 0 0 1 104")]
    public void TransitionsSummedOverSeedsAreTheStudysPrintedOnes(string arm, params string[] printed)
    {
        var seeds = OwnSeeds(arm);
        for (var row = 0; row < printed.Length; row++)
        {
            Assert.Equal(printed[row], string.Join(' ', Enumerable.Range(0, 6).Select(column => seeds.Sum(seed => seed.Models[0].Transitions[row][column]))));
        }
    }

    private ComparisonSummary[] OwnSeeds(string arm)
    {
        Assert.Contains(arm, Arms);
        var rows = EmbeddedRows(Golden.OwnFiles("embedded", "problems.csv")[0]);
        return [.. rows.Keys.Where(key => key.Arm == arm).OrderBy(key => key.Run, StringComparer.Ordinal).Select(key =>
        {
            var (n, before) = rows[(key.Run, "base")];
            return Compare(n, before, rows[key].Counts, new ComparisonOptions { BootstrapDraws = 1 });
        })];
    }

    private static Dictionary<(string Run, string Arm), (int N, List<(string Id, int C)> Counts)> EmbeddedRows(string path)
    {
        var rows = new Dictionary<(string, string), (int N, List<(string, int)> Counts)>();
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            var cells = line.Split(',');                // run, arm, id, level, topic, n, c
            var n = int.Parse(cells[5], CultureInfo.InvariantCulture);
            if (!rows.TryGetValue((cells[0], cells[1]), out var arm)) { rows[(cells[0], cells[1])] = arm = (n, []); }
            arm.Counts.Add((cells[2], int.Parse(cells[6], CultureInfo.InvariantCulture)));
        }
        return rows;
    }
}
