using System.Globalization;
using CsvHelper;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class CurveTests
{
    [Fact, Trait("Category", "Golden")]
    public void TheEmbeddedStudysCurvesAreReproducedTo1e6()
    {
        var results = Rows("problems.csv").ToLookup(row => (row["run"], row["arm"]), row => new ProblemResult
        {
            ProblemId = row["id"],
            N = int.Parse(row["n"], CultureInfo.InvariantCulture),
            C = int.Parse(row["c"], CultureInfo.InvariantCulture),
        });
        foreach (var curve in Rows("passk.csv").GroupBy(row => (row["run"], row["arm"])))
        {
            int[] ks = [.. curve.Select(row => int.Parse(row["k"], CultureInfo.InvariantCulture))];
            var points = Curve.Of([.. results[curve.Key]], ks, seed: 0, draws: 200);
            foreach (var (row, point) in curve.Zip(points))
            {
                Assert.Equal(double.Parse(row["estimate"], CultureInfo.InvariantCulture), point.Estimate, 1e-6);
                Assert.InRange(point.Estimate, point.Lo, point.Hi);
            }
        }
    }

    [Fact]
    public void TheOrderOfTheProblemsDoesNotChangeTheEstimate()
    {
        ProblemResult[] results = [.. Enumerable.Range(0, 50).Select(i => new ProblemResult { ProblemId = $"{i}", N = 50, C = i })];
        var forward = Curve.Of(results, [1, 8, 50], seed: 0, draws: 10);
        var backward = Curve.Of([.. results.Reverse()], [1, 8, 50], seed: 0, draws: 10);
        Assert.All(forward.Zip(backward), pair => Assert.Equal(pair.First.Estimate, pair.Second.Estimate, 1e-14));
        Assert.Equal(results.Average(result => result.Rate), forward[0].Estimate, 1e-14);
    }

    private static List<Dictionary<string, string>> Rows(string file)
    {
        using var csv = CsvReader.FromFile(Golden.Files("embedded", file)[0], CsvReaderOptions.Default, FileOptions.None);
        csv.ReadHeader();
        var rows = new List<Dictionary<string, string>>();
        while (csv.Read()) { rows.Add(csv.Headers!.Select((name, i) => (name, csv[i].ToString())).ToDictionary()); }
        return rows;
    }
}
