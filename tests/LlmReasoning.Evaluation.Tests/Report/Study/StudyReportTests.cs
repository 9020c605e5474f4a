using System.Globalization;
using System.Text.RegularExpressions;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Report.Study;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Tests.Report.Study;

public sealed partial class StudyReportTests : IDisposable
{
    private const int Draws = 400;

    private static readonly string[] Claims = ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "c1", "c2"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static (double, int) Looks(string arm) => arm == "rlvr" ? (30.9, 77) : (31.8, 3);

    /// <summary>The embedded study as it was measured: counts of three seeds; the control of a seed is the base of the next one.</summary>
    private static Counts Measured()
    {
        var names = new Dictionary<string, string>
        {
            ["base"] = "base",
            ["rl"] = "rlvr",
            ["base<-base"] = "base-base",
            ["base<-rl"] = "base-rlvr",
            ["rl<-rl"] = "rlvr-rlvr",
            ["reasoning-only"] = "reasoning-only",
            ["new-knowledge"] = "new-knowledge",
        };
        var rows = CsvRows.Read(Golden.OwnFiles("embedded", "problems.csv")[0]).Select(row =>
            (Seed: int.Parse(row.Text("run")!["seed".Length..], CultureInfo.InvariantCulture), Arm: names[row.Text("arm")!], Id: row.Text("id")!, C: int.Parse(row.Text("c")!, CultureInfo.InvariantCulture)));
        var counts = new Counts();
        foreach (var arm in rows.GroupBy(row => (row.Seed, row.Arm)))
        {
            counts.Add(arm.Key, [.. arm.OrderBy(row => row.Id, StringComparer.Ordinal).Select(row => row.C)]);
        }
        var seeds = counts.Seeds.ToArray();
        for (var i = 0; i < seeds.Length; i++) { counts.Add((seeds[i], "control"), counts[(seeds[(i + 1) % seeds.Length], "base")]); }
        return counts;
    }

    private Dictionary<string, TableRow> Report(Counts counts, Func<string, (double, int)> looks, string? problemFile = null)
    {
        StudyReport.Write(StudyFolder.Write(_folder, counts, looks, problemFile), _folder.File("out"), bootstrapDraws: Draws);
        return CsvRows.Read(_folder.File("out/tables/claims.csv")).ToDictionary(row => row.Text("id")!);
    }

    private static double Number(TableRow row, string column) => double.Parse(row.Text(column)!, CultureInfo.InvariantCulture);

    [Fact]
    [Trait("Category", "Golden")]
    public void TheMeasuredCountsAreConsistentWithEveryClaim()
    {
        var claims = Report(Measured(), Looks);
        Assert.Equal(Claims, claims.Keys.Order());
        foreach (var (id, row) in claims) { Assert.True(row.Text("verdict") == "consistent with", $"{id}: {row.Text("verdict")}, {row.Text("reason")}, {row.Text("lo")} to {row.Text("hi")}"); }

        // Section 7 of the embedded experiment, in points; one decimal there.
        (string Id, double Mean, double[] BySeed)[] expected =
        [
            ("a1", 36.97, [34.4, 38.3, 38.3]), ("a2", -7.22, [-5.0, -8.3, -8.3]), ("b1", 2.9, [6.6, 1.0, 1.1]), ("b2", 13.6, [15.3, 14.3, 11.1]),
            ("c1", 8.3, [9.2, 7.5, 8.3]), ("c2", -3.05, [-2.5, -0.8, -5.8]),
        ];
        foreach (var (id, mean, bySeed) in expected)
        {
            Assert.Equal(mean, 100 * Number(claims[id], "value"), 0.11);
            for (var seed = 0; seed < 3; seed++) { Assert.Equal(bySeed[seed], 100 * Number(claims[id], $"seed_{seed}"), 0.11); }
        }
        // Two samples of the base differ by chance alone.
        Assert.InRange(100 * Number(claims["a1"], "control"), -0.5, 0.5);
        Assert.InRange(100 * Number(claims["a2"], "control"), -2, 2);
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void AReversedWorldIsConsistentWithNoClaim()
    {
        var measured = Measured();
        var reversed = new Counts();
        foreach (var seed in measured.Seeds)
        {
            reversed.Add((seed, "base"), measured[(seed, "rlvr")]);
            reversed.Add((seed, "rlvr"), measured[(seed, "base")]);
            reversed.Add((seed, "control"), measured[(seed, "rlvr")]);
            reversed.Add((seed, "base-base"), measured[(seed, "base-base")]);
            reversed.Add((seed, "base-rlvr"), [.. measured[(seed, "base")].Select(c => c / 2)]);
            reversed.Add((seed, "rlvr-rlvr"), measured[(seed, "base")]);
            reversed.Add((seed, "reasoning-only"), measured[(seed, "new-knowledge")]);
            reversed.Add((seed, "new-knowledge"), measured[(seed, "base-rlvr")]);
        }
        var claims = Report(reversed, arm => arm == "rlvr" ? (35, 3) : (31, 77));
        foreach (var (id, row) in claims) { Assert.True(row.Text("verdict") == "not consistent with", $"{id}: {row.Text("verdict")}, {row.Text("reason")}, {row.Text("lo")} to {row.Text("hi")}"); }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void FiveProblemsAreNotEnoughData()
    {
        var five = new Counts();
        foreach (var (key, correct) in Measured()) { five.Add(key, [.. correct.Where((_, i) => i % 24 == 0)]); }
        Assert.All(Report(five, Looks).Values, row => Assert.Equal("not enough data", row.Text("verdict")));
    }

    /// <summary>Thirty problems of one seed; every tenth is unsolved by the base.</summary>
    private static Counts Toy(int seeds = 1)
    {
        var counts = new Counts();
        foreach (var seed in Enumerable.Range(0, seeds))
        {
            foreach (var arm in StudyFolder.Arms.Append("control"))
            {
                counts.Add((seed, arm), [.. Enumerable.Range(0, 30).Select(i => arm is "base" or "control" ? i % 10 * 20 : Math.Min(StudyFolder.N, i % 10 * 25 + seed))]);
            }
        }
        return counts;
    }

    private string ProblemFile(string text = "What is 0?") => _folder.File("problems.jsonl", string.Join('\n', Enumerable.Range(0, 30).Select(i =>
        $$"""{"id": "{{StudyFolder.Id(i)}}", "problem": {{System.Text.Json.JsonSerializer.Serialize(text)}}, "answer": "0"}""")));

    [Fact]
    public void TheSameFoldersGiveTheSameBytes()
    {
        var study = StudyFolder.Write(_folder, Toy(seeds: 2), Looks, ProblemFile());
        StudyReport.Write(study, _folder.File("first"), bootstrapDraws: 20);
        StudyReport.Write(study, _folder.File("second"), bootstrapDraws: 20);
        string[] files = [.. Directory.GetFiles(_folder.File("first"), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.File("first"), file)).Order()];
        Assert.Contains("figures/study.svg", files);
        Assert.Contains("figures/study.png", files);
        Assert.Contains("tables/claims.csv", files);
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(_folder.File($"first/{file}")), File.ReadAllBytes(_folder.File($"second/{file}"))));
    }

    [Fact]
    public void ThePageNeedsNothingElseAndShowsProblemsWithSamples()
    {
        var study = StudyFolder.Write(_folder, Toy(), Looks, ProblemFile("What is <b>0</b>? </script>"), name: "<img src=x>");
        StudyReport.Write(study, _folder.File("out"), bootstrapDraws: 20);
        var page = File.ReadAllText(_folder.File("out/report.html"));
        Assert.Contains("default-src 'none'", page);
        Assert.DoesNotMatch("(src|href)=\"(?!#|data:)", page);
        Assert.DoesNotContain("<img", page);
        Assert.Single(ScriptEnd().Matches(page), match => match.Index > page.IndexOf("problems-data", StringComparison.Ordinal) && match.Index < page.LastIndexOf("<script>", StringComparison.Ordinal));
        Assert.Contains("\"models\":[\"base\",\"RLVR\",", page);
        Assert.Contains("wait, so", page);
        Assert.True(page.IndexOf("class=\"lead\"", StringComparison.Ordinal) < page.IndexOf("class=\"claim ", StringComparison.Ordinal));
        Assert.True(page.IndexOf("class=\"claim ", StringComparison.Ordinal) < page.IndexOf("<table>", StringComparison.Ordinal));
        Assert.True(page.Length < 5_000_000);
    }

    [GeneratedRegex("</script>")]
    private static partial Regex ScriptEnd();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OnlyAStudyOfSyntheticProblemsSaysThatItsNumbersAreNoEvidence(bool isSynthetic)
    {
        var study = StudyFolder.Write(_folder, Toy(), Looks, isSynthetic: isSynthetic);
        var console = StudyReport.Write(study, _folder.File("out"), bootstrapDraws: 20);
        foreach (var text in new[] { console, File.ReadAllText(_folder.File("out/report.html")), File.ReadAllText(_folder.File("out/summary.md")) })
        {
            Assert.Equal(isSynthetic, text.Contains("never evidence about large models", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void WhatIsMissingIsLeftOutAndSaid()
    {
        var study = StudyFolder.Write(_folder, Toy(seeds: 2), Looks);
        Directory.Delete(Path.Combine(study, "seed-1", "rlvr"), recursive: true);
        Directory.Delete(Path.Combine(study, "seed-0", "base", "control"), recursive: true);
        var console = StudyReport.Write(study, _folder.File("out"), bootstrapDraws: 20);
        Assert.Contains("Seed 1 is left out", console);
        Assert.Contains("no second sample of the base", console);

        Directory.Delete(Path.Combine(study, "seed-0", "rlvr"), recursive: true);
        console = StudyReport.Write(study, _folder.File("out"), bootstrapDraws: 20);
        Assert.Contains("RLVR is left out: rlvr/test is missing.", console);
        Assert.Matches("a1 RLVR raises pass@1\\. +not measured +- +not enough data", console);
    }

    [Fact]
    public void MistakesNameTheFileAndTheRemedy()
    {
        var study = StudyFolder.Write(_folder, Toy(), Looks);
        string Message() => Assert.Throws<UserException>(() => StudyReport.Write(study, _folder.File("out"), bootstrapDraws: 20)).Message;

        var csv = Path.Combine(study, "seed-0", "rlvr", "test", "problems.csv");
        var sound = File.ReadAllText(csv);
        File.WriteAllText(csv, sound.Replace("p003,", "q003,", StringComparison.Ordinal));
        Assert.StartsWith($"{Path.GetDirectoryName(csv)}: its problems are not those of", Message());
        File.WriteAllText(csv, sound.Replace($",{StudyFolder.N},", $",{StudyFolder.N + 1},", StringComparison.Ordinal));
        Assert.Contains($"n is {StudyFolder.N + 1}, but {StudyFolder.N}", Message());

        var json = Path.Combine(study, "study.json");
        File.WriteAllText(json, """{"name": "toy", "model": "tiny", "seeds": [0], "arms": ["base", "../rlvr"], "k": 256}""");
        Assert.Contains("arms holds \"../rlvr\"", Message());
        File.WriteAllText(json, """{"name": "toy", "model": "tiny", "seeds": [], "arms": ["base"], "k": 256}""");
        Assert.Contains("seeds is empty", Message());
        File.WriteAllText(json, """{"name": "toy"}""");
        Assert.Contains("it needs name, model", Message());
        File.Delete(json);
        Assert.Contains("name the folder of a study", Message());
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    [Fact]
    public void WithOneSeedTheIntervalsAreThoseOfAComparison()
    {
        double[][] rows = [.. Enumerable.Range(0, 40).Select(i => new double[] { i, i % 7 })];
        var plain = Bootstrap.Means(rows, seed: 3, draws: 200);
        var ours = new SeedBootstrap(3, 200).Means([rows]);
        for (var column = 0; column < 2; column++)
        {
            Assert.Equal(plain[column].Lo, ours[column].Lo, 1e-12);
            Assert.Equal(plain[column].Hi, ours[column].Hi, 1e-12);
        }
    }

    [Fact]
    public void SeedsThatDifferWidenTheInterval()
    {
        double[][] Rows(double value) => [.. Enumerable.Range(0, 40).Select(_ => new[] { value })];
        var same = new SeedBootstrap(0, 200).Means([Rows(1), Rows(1)])[0];
        var different = new SeedBootstrap(0, 200).Means([Rows(0), Rows(2)])[0];
        Assert.Equal(new Estimate(1, 1, 1), same);
        Assert.Equal(new Estimate(1, 0, 2), different);
    }

    [Fact]
    public void TheSpreadIsTheStandardDeviationOfASample()
    {
        Assert.Equal("66.4 \u00b1 2.3", new Spread([0.638, 0.678, 0.676]).Percent);
        Assert.Equal("63.8", new Spread([0.638]).Percent);
        Assert.Equal("-", new Spread([double.NaN, 1]).Percent);
    }

    [Fact]
    public void ThePapersMatrixAgreesWithItsTable3()
    {
        var rows = StudyTables.PaperTransitions().Values;
        Assert.Equal(500, rows.Sum(row => (int)row[1]!));
        Assert.Equal(PaperNumbers.Of("table 3", "1.5B", "test", "base", "pass@256"), 100 - (int)rows[0][1]! / 5.0);
        Assert.Equal(PaperNumbers.Of("table 3", "1.5B", "test", "rlvr", "pass@256"), 100 - rows.Sum(row => (int)row[2]!) / 5.0);
    }
}
