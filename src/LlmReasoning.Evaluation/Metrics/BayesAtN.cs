namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Bayes@N of Hariri et al. (arXiv 2510.04265), for right or wrong: the posterior mean of the accuracy on these problems, from flat priors.</summary>
public static class BayesAtN
{
    private const double Z95 = 1.959963984540054;

    /// <summary>
    /// The mean of (c + 1) / (n + 2) over problems, and a 95 % interval from the posterior variance, the sum of mu (1 - mu) / (n + 3) over the squared number of problems.
    /// The interval is for these problems: it holds sampling noise alone.
    /// </summary>
    public static (double Mean, Interval Interval) Of(IReadOnlyCollection<ProblemResult> results)
    {
        double sum = 0, variance = 0;
        foreach (var result in results)
        {
            var mu = (result.C + 1.0) / (result.N + 2.0);
            sum += mu;
            variance += mu * (1 - mu) / (result.N + 3);
        }
        var mean = sum / results.Count;
        var half = Z95 * Math.Sqrt(variance) / results.Count;
        return (mean, new Interval(Math.Max(0, mean - half), Math.Min(1, mean + half)));
    }
}
