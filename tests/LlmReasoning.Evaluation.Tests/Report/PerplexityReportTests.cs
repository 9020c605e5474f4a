using LlmReasoning.Evaluation.Report;

namespace LlmReasoning.Evaluation.Tests.Report;

public sealed class PerplexityReportTests : IDisposable
{
    private static readonly ScoredResponse[] Responses =
    [
        new("base", "rl", "p", 0, 5, 2, -2 * Math.Log(4)),
        new("base", "rl", "p", 1, 5, 6, -6 * Math.Log(2)),
        new("base", "rl", "q", 0, 5, 0, 0),                     // an empty response
        new("base", "base", "p", 0, 5, 1, -Math.Log(8)),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APerplexityIsThatOfAllTokensAndTheMedianThatOfResponses()
    {
        PerplexityReport.Write(Responses, _folder.File("a"));
        var rows = File.ReadAllLines(_folder.File("a/ppl_summary.csv"));
        Assert.Equal("scorer,source,responses,tokens,ppl,median_ppl,q25_ppl,q75_ppl", rows[0]);
        var cells = rows[1].Split(',');
        Assert.Equal(["base", "rl", "3", "8"], cells[..4]);
        // (2 ln 4 + 6 ln 2) / 8 = 1.25 ln 2; the responses have 4 and 2.
        Assert.Equal(Math.Pow(2, 1.25), double.Parse(cells[4], System.Globalization.CultureInfo.InvariantCulture), 1e-12);
        Assert.Equal(3, double.Parse(cells[5], System.Globalization.CultureInfo.InvariantCulture), 1e-12);
        Assert.Equal("base,rl,q,0,5,0,0,,", File.ReadAllLines(_folder.File("a/ppl.csv"))[3]);
    }

    [Fact]
    public void FilesRepeatToTheByte()
    {
        PerplexityReport.Write(Responses, _folder.File("a"));
        PerplexityReport.Write(Responses, _folder.File("b"));
        string[] files = [.. Directory.GetFiles(_folder.File("a"), "*", SearchOption.AllDirectories)];
        Assert.Equal(5, files.Length);
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_folder.File("b"), Path.GetRelativePath(_folder.File("a"), file)))));
    }

    [Fact]
    public void WithoutATokenThereIsNoFigure()
    {
        PerplexityReport.Write([Responses[2]], _folder.File("a"));
        Assert.False(Directory.Exists(_folder.File("a/figures")));
        Assert.Matches("base, rl +1 +0 +- +- +-\n", PerplexityReport.ToText([Responses[2]]));
    }
}
