using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Report;

namespace LlmReasoning.Evaluation.Tests.Comparison;

public sealed class ModelComparisonTests : IDisposable
{
    private static readonly ComparisonOptions Options = new() { BootstrapDraws = 400, Buckets = "0,4" };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private EvaluatedModel Read(string name, int n, IEnumerable<int> counts, double? temperature = null, long seed = 0) =>
        EvaluatedModel.Read(Evaluated.Write(_folder, name, n, counts.Select((c, i) => ($"p{i:D3}", c)), temperature, seed));

    [Fact]
    public void GainsTransitionsAndCoverageCountProblemByProblem()
    {
        // Base of 8:          0     0     2     3     8
        // Model:              0     4     0     8     8
        var summary = ModelComparison.Of(Read("a", 8, [0, 0, 2, 3, 8]), [Read("b", 8, [0, 4, 0, 8, 8])], null, Options);
        var model = summary.Models[0];
        Assert.Equal(["0", "1-4", "5-8"], summary.Buckets);
        Assert.Equal([2, 2, 1], model.Gains.Select(gain => gain.Problems));
        Assert.Equal([0.25, 3 / 16.0, 0], model.Gains.Select(gain => gain.Gain!.Value.Value));
        Assert.Equal([[1, 1, 0], [1, 0, 1], [0, 0, 1]], model.Transitions);
        Assert.Equal(["p003", "p004"], model.Coverage.Both);
        Assert.Equal(["p001"], model.Coverage.Gained);
        Assert.Equal(["p002"], model.Coverage.Lost);
        Assert.Equal(["p000"], model.Coverage.Neither);
        Assert.Equal(2 / 3.0, model.Coverage.Srr);
        Assert.Equal(1 / 3.0, model.Coverage.Ndr);
        Assert.Equal(0, model.Coverage.Nscr);
        Assert.Equal([2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1], summary.Base.Histogram);
        Assert.Equal([2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2], model.Histogram);
        Assert.Equal(0.6 - 0.5, model.EfficiencyGap.Value, 1e-14);
    }

    [Theory]
    [InlineData(0, 100, 0)]
    [InlineData(1, 100, 1)]
    [InlineData(10, 100, 1)]     // .1 belongs to (0, .1]
    [InlineData(11, 100, 2)]
    [InlineData(90, 100, 9)]
    [InlineData(91, 100, 10)]
    [InlineData(3, 10, 3)]
    public void HistogramBinsAreOpenBelowAndClosedAbove(int c, int n, int bin) =>
        Assert.Equal(1, ModelComparison.Of(Read("a", n, [c]), [Read("b", n, [c])], null, Options with { BootstrapDraws = 1 }).Base.Histogram[bin]);

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 6, 1)]
    [InlineData(0, 10, 2 / 1024.0)]
    [InlineData(2, 8, 112 / 1024.0)]     // 2 (1 + 10 + 45) / 2^10
    [InlineData(12, 1, 28 / 8192.0)]     // 2 (1 + 13) / 2^13
    [InlineData(4, 4, 1)]
    public void McNemarsTestIsTheExactBinomial(int gained, int lost, double p) => Assert.Equal(p, McNemar.PValue(gained, lost), 1e-14);

    [Fact]
    public void McNemarsTestStaysFiniteForThousands() => Assert.InRange(McNemar.PValue(4000, 6000), 0, 1e-80);

    [Fact]
    public void AModelAgainstItselfHasNoDifference()
    {
        int[] counts = [0, 1, 2, 5, 8];
        var model = ModelComparison.Of(Read("a", 8, counts), [Read("b", 8, counts)], null, Options).Models[0];
        Assert.All(model.Deltas, delta => Assert.Equal(new CurveDelta(delta.K, 0, 0, 0, 0), delta));
        Assert.All(model.Gains, gain => Assert.Equal(new Estimate(0, 0, 0), gain.Gain));
        Assert.Null(model.Crossing);
        Assert.Equal(1, model.Coverage.PValue);
    }

    [Fact]
    public void TheCrossingLiesBetweenTheTwoKThatEncloseIt()
    {
        // pass@1 .5 for both kinds of base problem; the model solves half of them always and half never.
        var summary = ModelComparison.Of(Read("a", 16, Enumerable.Repeat(4, 40)), [Read("b", 16, Enumerable.Range(0, 40).Select(i => i % 2 * 16))], null, Options);
        var crossing = summary.Models[0].Crossing!;
        Assert.True(crossing.ModelFirst);
        // base pass@2 = 1 - (12 11) / (16 15) = .45, pass@4 = .728; the model is at .5 throughout: .05 of .278 between log2 k = 1 and 2.
        Assert.Equal(Math.Pow(2, 1 + 0.05 / (summary.Base.Curve[2].Estimate - 0.45)), crossing.K, 1e-12);
        Assert.InRange(crossing.K, crossing.Lo!.Value, crossing.Hi!.Value);
        Assert.Equal(0.5 - 1, -summary.Models[0].EfficiencyGap.Value, 0.01);
    }

    [Fact]
    public void TheOrderOfTheRowsPlaysNoPart()
    {
        (string, int)[] before = [.. Enumerable.Range(0, 30).Select(i => ($"p{i}", i % 9))], after = [.. Enumerable.Range(0, 30).Select(i => ($"p{i}", (i * 5) % 9))];
        string Json(IEnumerable<(string, int)> a, IEnumerable<(string, int)> b, string run)
        {
            var models = EvaluatedModel.ReadAll([Evaluated.Write(_folder, $"{run}/base", 8, a), Evaluated.Write(_folder, $"{run}/rl", 8, b)], []);
            ComparisonReport.Write(ModelComparison.Of(models[0], [models[1]], null, Options), _folder.File($"{run}/out"));
            return File.ReadAllText(_folder.File($"{run}/out/summary.json")) + File.ReadAllText(_folder.File($"{run}/out/solvable.json"));
        }

        Directory.CreateDirectory(_folder.File("1"));
        Directory.CreateDirectory(_folder.File("2"));
        Assert.Equal(Json(before, after, "1"), Json(before.Reverse(), after.OrderBy(pair => pair.Item2), "2"));
    }

    [Fact]
    public void ASecondRunOfTheSameBaseShowsRegressionToTheMeanAndHalvesRemoveIt()
    {
        // Every problem has success rate 1/2; buckets by the base's luck look like easy and hard ones.
        static IEnumerable<int> Run(string run) => Enumerable.Range(0, 2400).Select(i =>
        {
            var random = new SplitMix64(run, i);
            return Enumerable.Range(0, 16).Count(_ => random.Uniform() < 0.5);
        });
        var (first, second, model) = (Read("a", 16, Run("a")), Read("b", 16, Run("b")), Read("c", 16, Run("c")));
        var options = Options with { Buckets = "6,9" };

        var naive = ModelComparison.Of(first, [model], second, options).Models[0];
        Assert.InRange(naive.Gains[0].Gain!.Value.Value, 0.1, 0.25);
        Assert.InRange(naive.Gains[2].Gain!.Value.Value, -0.25, -0.1);
        Assert.All(naive.Gains, gain => Assert.InRange(gain.GainOverControl!.Value.Value, -0.03, 0.03));

        var halves = ModelComparison.Of(first, [model], null, options with { Buckets = "3,5", SplitHalf = true });
        Assert.Equal(["0-3", "4-5", "6-8"], halves.GainBuckets);
        Assert.All(halves.Models[0].Gains, gain => Assert.InRange(gain.Gain!.Value.Value, -0.03, 0.03));
        Assert.DoesNotContain(halves.Warnings, warning => warning.Contains("regression", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatTheControlGainsOrLosesTooIsListed()
    {
        var model = ModelComparison.Of(Read("a", 4, [0, 0, 1, 1]), [Read("b", 4, [1, 1, 0, 0])], Read("c", 4, [1, 0, 0, 2]), Options with { Buckets = "0" }).Models[0];
        Assert.Equal(["p000"], model.GainedByControl);
        Assert.Equal(["p002"], model.LostByControl);
    }

    [Fact]
    public void UnequalNIsRefusedAndNDrawsAsManyFromEach()
    {
        var (larger, smaller) = (Read("a", 16, [0, 15, 16, 16]), Read("b", 4, [0, 2, 4, 1]));
        var refused = Assert.Throws<UserException>(() => ModelComparison.Of(larger, [smaller], null, Options with { Buckets = "0" }));
        Assert.Contains("n is 16, but 4 in", refused.Message);
        Assert.Contains("use n = 4", refused.Message);

        var summary = ModelComparison.Of(larger, [smaller], null, Options with { Buckets = "0", N = 4 });
        Assert.Equal(4, summary.N);
        Assert.Equal([1, 1], [summary.Base.Histogram[0], summary.Models[0].Histogram[0]]);
        Assert.Contains("4 of the 16 samples of a are used, drawn with seed 0.", summary.Warnings);
    }

    [Fact]
    public void ProblemsOfOneEvaluationMayDifferInNWhereNDrawsAsManyFromEach()
    {
        Directory.CreateDirectory(_folder.File("uneven"));
        _folder.File("uneven/problems.csv", "problem_id,n,c\np000,8,8\np001,4,0\n");
        var uneven = EvaluatedModel.Read(_folder.File("uneven"));
        Throws("n is 8, but 4 in", () => ModelComparison.Of(uneven, [uneven], null, Options));
        Assert.Equal([0.5, 0.5], ModelComparison.Of(uneven, [uneven], null, Options with { N = 2, Buckets = "0" }).Base.Curve.Select(point => point.Estimate));
    }

    [Fact]
    public void SubsamplesKeepTheSuccessRateOnAverage()
    {
        var model = Read("a", 64, Enumerable.Repeat(16, 2000));
        var summary = ModelComparison.Of(model, [model], null, Options with { N = 8, BootstrapDraws = 1 });
        Assert.Equal(0.25, summary.Base.Curve[0].Estimate, 0.015);      // standard error 0.003
        // Base and model get draws of their own, even where they are one file.
        Assert.NotEqual(summary.Base.Histogram, summary.Models[0].Histogram);
        Assert.Equal(0.25, summary.Models[0].Curve[0].Estimate, 0.015);
    }

    [Fact]
    public void TheHardestProblemsAreTheBasesOwn()
    {
        var summary = ModelComparison.Of(Read("a", 8, [3, 0, 8, 1]), [Read("b", 8, [8, 8, 0, 0])], null, Options with { Hardest = 2 });
        Assert.Equal(2, summary.Problems);
        Assert.Equal(["p001"], summary.Models[0].Coverage.Gained);
        Assert.Equal(["p003"], summary.Models[0].Coverage.Lost);
        Assert.Contains(summary.Warnings, warning => warning.StartsWith("The hardest problems were chosen by the base's own samples", StringComparison.Ordinal));
    }

    [Fact]
    public void SettingsThatDifferAreWarnedOf()
    {
        var warnings = ModelComparison.Of(Read("a", 8, [1, 2], temperature: 1), [Read("b", 8, [1, 2], temperature: 0.6)], null, Options).Warnings;
        Assert.Contains("temperature is 0.6 for b, but 1 for a: differences may come from it.", warnings);
        Assert.Contains(ModelComparison.Of(Read("c", 8, [1]), [Read("d", 8, [1])], null, Options).Warnings, warning => warning.StartsWith("No summary.json for c, d: ", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatCannotBeComparedIsRefused()
    {
        var (a, b) = (Read("a", 8, [1, 2], 1, seed: 5), Read("b", 8, [1, 2], 1, seed: 5));
        Throws("k is 9; it must be in 1..8", () => ModelComparison.Of(a, [b], null, Options with { K = [9] }));
        Throws("n is 9, but", () => ModelComparison.Of(a, [b], null, Options with { N = 9 }));
        Throws("bootstrap_draws is 2000000000; it must be from 1 to 1000000", () => ModelComparison.Of(a, [b], null, Options with { BootstrapDraws = 2_000_000_000 }));
        Throws("n is 0; it must be 1 or more", () => ModelComparison.Of(a, [b], null, Options with { N = 0 }));
        Throws("hardest is 3; it must be in 1..2", () => ModelComparison.Of(a, [b], null, Options with { Hardest = 3 }));
        Throws("bucket_split is half with n = 1", () => ModelComparison.Of(Read("a1", 1, [1]), [Read("b1", 1, [1])], null, Options with { SplitHalf = true }));
        Throws("problem \"p001\" is missing (1 in all)", () => ModelComparison.Of(a, [Read("short", 8, [1])], null, Options));
        Throws("problem \"p002\" is missing (1 in all)", () => ModelComparison.Of(a, [Read("long", 8, [1, 2, 3])], null, Options));
        Throws("seed is 5, as in", () => ModelComparison.Of(a, [b], a, Options));
    }

    [Theory]
    [InlineData("problem_id,n,c\np,8,9\n", "line 2: c is 9, more than n = 8")]
    [InlineData("problem_id,n,c\np,8,1\np,8,1\n", "line 3: problem_id is \"p\" a second time")]
    [InlineData("problem_id,n,c\np,8,NaN\n", "line 2: c is \"NaN\"; a whole number from 0 on")]
    [InlineData("problem_id,n,c\np,8,-1\n", "line 2: c is \"-1\"")]
    [InlineData("problem_id,n,c\np,99999999999,1\n", "line 2: n is \"99999999999\"")]
    [InlineData("problem_id,n,c\np,0,0\n", "line 2: n is 0")]
    [InlineData("problem_id,n,c\n,8,1\n", "line 2: problem_id is empty")]
    [InlineData("problem_id,n\np,8\n", "column c is missing")]
    [InlineData("problem_id,n,c\n", "holds no problem")]
    [InlineData("", "problems.csv: holds no problem")]
    [InlineData("problem_id,n,c\np,8\n", "problems.csv: ")]
    [InlineData("problem_id,n,c\n\"p,8,1\n", "problems.csv: ")]
    public void AFaultyProblemsFileIsNamedWithItsLine(string text, string message)
    {
        Directory.CreateDirectory(_folder.File("bad"));
        _folder.File("bad/problems.csv", text);
        Throws(message, () => EvaluatedModel.Read(_folder.File("bad")));
    }

    [Fact]
    public void AMissingFolderOrAForeignSummaryIsNamed()
    {
        Throws("no such folder", () => EvaluatedModel.Read(_folder.File("none")));
        Throws("problems.csv: file not found", () => EvaluatedModel.Read(_folder.Path));
        var folder = Evaluated.Write(_folder, "x", 8, [("p", 1)]);
        File.WriteAllText(Path.Combine(folder, "summary.json"), "{\"dataset\": 3}");
        Throws("summary.json: not the summary of an evaluation", () => EvaluatedModel.Read(folder));
    }

    [Fact]
    public void ModelsOfOneNameAreNamedByTheirFolders()
    {
        string[] folders = [Evaluated.Write(_folder, "a", 8, [("p", 1)], 1), Evaluated.Write(_folder, "b", 8, [("p", 1)])];
        File.Copy(Path.Combine(folders[0], "summary.json"), Path.Combine(folders[1], "summary.json"));
        Assert.Equal(["a", "b"], EvaluatedModel.ReadAll(folders, []).Select(model => model.Name));
        Assert.Equal(["base", "rl"], EvaluatedModel.ReadAll(folders, ["base", "rl"]).Select(model => model.Name));
        Throws("give 2 different ones", () => EvaluatedModel.ReadAll(folders, ["x", "x"]));
    }

    private static void Throws(string message, Action action)
    {
        var thrown = Assert.Throws<UserException>(action).Message;
        Assert.Contains(message, thrown);
        Assert.DoesNotContain('\n', thrown);
    }
}
