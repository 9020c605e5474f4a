using System.Xml.Linq;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Report.Figures;
using LlmReasoning.Evaluation.Responses;

namespace LlmReasoning.Evaluation.Tests.Report.Figures;

public sealed class FigureTests
{
    private const string Hostile = "a <b> & \"c\" \ud800 \u0001 \u202e 漢字 and a name that does not end for a long time";

    private static EvaluatedModel Model(string name, int n, params int[] counts) => new()
    {
        Folder = name,
        Name = name,
        N = n,
        Problems = [.. counts.Select((c, i) => new ProblemResult { ProblemId = $"p{i:D3}", N = n, C = Math.Min(c, n) })],
    };

    private static ComparisonSummary Comparison(string name = "model", int models = 1, int n = 8, bool split = false) => ModelComparison.Of(
        Model("base", n, 0, 1, 2, n / 2, n),
        [.. Enumerable.Range(0, models).Select(i => Model($"{name}{i}", n, 1, 0, n, n, n))],
        models > 1 ? Model("again", n, 0, 2, 1, n / 2, n) : null,
        new ComparisonOptions { BootstrapDraws = 50, SplitHalf = split });

    private static ResponseSummary Responses(params string[] models) => new()
    {
        Dataset = "toy",
        Models = models,
        Match = KeywordMatch.Word,
        Lengths = [.. Groups(models).Select((of, i) => new LengthRow(of, 3, 9, i % 5 == 4 ? null : 20 + i, 20, 60, 60, 0))],
        Keywords = [.. Groups(models).Select((of, i) => new KeywordRow(of, "*", 9, 3, i % 5 == 4 ? null : 0.1 * i, 0.3))],
        Entropies = [.. Groups(models).Select((of, i) => new EntropyRow(of, 3, new Estimate(0.1 * i, 0.05 * i, 0.2 * i), 2, 2, 0))],
        BootstrapSeed = 0,
        BootstrapDraws = 1,
        Warnings = [],
    };

    private static IEnumerable<ResponseGroup> Groups(string[] models) =>
        from model in models from bucket in new[] { "all", "0", "1-8" } from @group in new[] { "all", "correct", "wrong" } select new ResponseGroup(model, @group, bucket);

    private static readonly PerplexityBox[] Boxes =
    [
        new("base", "base", [1.5, 1.7, 2.1, 3, 9]), new("base", "RL", [1.1, 1.2, 1.2, 1.4]), new("base", "teacher", [2.4, 3.3, 5, 7.5]),
        new("RL", "base", [2.5, 2.7, 3.1, 12]), new("RL", "RL", [1.05, 1.1]), new("RL", "teacher", [4]),
    ];

    private static Figure Training() => TrainingPlot.Of(
    [
        ("share of problems", true, [new TrainingSeries("train pass@1", [(0, 0.26), (150, 0.3), (300, 0.38), (450, 0.425)]), new TrainingSeries("train pass@256", [(150, 0.663), (450, 0.643)])]),
        ("entropy, nats", false, [new TrainingSeries("token entropy", [(0, 1.1), (150, 0.5), (300, double.NaN), (450, 0.21)])]),
    ]);

    private static IEnumerable<Figure> All() =>
    [
        .. ComparisonPlots.Of(Comparison(models: 6)), .. ResponsePlots.Of(Responses("base", "model")), PerplexityPlot.Of(Boxes), Training(),
    ];

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e12, 1e12)]
    [InlineData(-1e300, 1e300)]
    [InlineData(1e-30, 1.0000001e-30)]
    public void ATrainingFigureTakesAnyNumbers(double first, double second) =>
        Assert.NotEmpty(TrainingPlot.Of([("reward", false, [new TrainingSeries("reward", [(1, first), (2, second)])])]).Png);

    [Fact]
    public void TheSameNumbersGiveTheSameBytes() =>
        Assert.All(All().Zip(All()), pair =>
        {
            Assert.Equal(pair.First.Svg, pair.Second.Svg);
            Assert.Equal(pair.First.Png, pair.Second.Png);
        });

    [Fact]
    public void FiguresAreWellFormedScalableAndLabelled() =>
        Assert.All(All(), figure =>
        {
            var svg = XDocument.Parse(figure.Svg).Root!;
            Assert.Equal($"0 0 {svg.Attribute("width")!.Value} {svg.Attribute("height")!.Value}", svg.Attribute("viewBox")!.Value);
            Assert.Contains(svg.Descendants(), element => element.Name.LocalName == "text");
            // What an id names is unique to the figure: several stand on one page.
            Assert.All(svg.Descendants().Attributes("id"), id => Assert.StartsWith(figure.Name, id.Value, StringComparison.Ordinal));
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], figure.Png[..4]);
        });

    [Fact]
    public void HostileNamesAreDrawnAsText()
    {
        foreach (var figure in ComparisonPlots.Of(Comparison(Hostile)).Concat(ResponsePlots.Of(Responses(Hostile)))) { XDocument.Parse(figure.Svg); }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(8, true)]
    public void FewSamplesAndEmptyBucketsAreDrawn(int n, bool split) => Assert.Equal(6, ComparisonPlots.Of(Comparison(n: n, split: split)).Count);

    [Fact]
    public void NothingIsDrawnForResponsesWithoutKeywordsOrBuckets() =>
        Assert.Equal(2, ResponsePlots.Of(Responses("m") with { Keywords = [.. Groups(["m"]).Select(of => new KeywordRow(of, "*", 0, 0, null, null))] }).Count);
}
