namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>A number of every seed: their mean and standard deviation.</summary>
internal sealed record Spread(IReadOnlyList<double> BySeed)
{
    public double Mean => BySeed.Average();

    /// <summary>Of the sample, with n - 1; null for one seed.</summary>
    public double? Deviation => BySeed.Count < 2 ? null : Math.Sqrt(BySeed.Sum(value => (value - Mean) * (value - Mean)) / (BySeed.Count - 1));

    /// <summary>"29.4 ± 0.1", of fractions as percentages; "-" where it is not known.</summary>
    public string Percent => Text(100, "F1");

    /// <summary>The same of plain numbers.</summary>
    public string Number(string format) => Text(1, format);

    private string Text(double scale, string format)
    {
        if (BySeed.Count == 0 || BySeed.Any(double.IsNaN)) { return "-"; }
        var mean = (scale * Mean).ToString(format);
        return Deviation is { } deviation ? $"{mean} \u00b1 {(scale * deviation).ToString(format)}" : mean;
    }
}
