namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Cover@tau: the share of problems whose success rate is tau or more (arXiv 2510.08325). Its area over tau in 0..1 is the accuracy.</summary>
public static class CoverAtTau
{
    /// <summary>The tau that tables show.</summary>
    public static IReadOnlyList<double> Taus { get; } = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];

    /// <summary>1 where c / n is <paramref name="tau"/> or more, else 0.</summary>
    public static double PlugIn(int n, int c, double tau) => c >= tau * n - 1e-9 ? 1 : 0;

    /// <summary>
    /// The probability that the success rate is <paramref name="tau"/> or more after c of n, from a flat prior: the upper tail of Beta(c + 1, n - c + 1), which is
    /// the probability of at most c successes in n + 1 trials of rate tau.
    /// </summary>
    public static double Posterior(int n, int c, double tau)
    {
        if (tau <= 0) { return 1; }
        if (tau >= 1) { return 0; }
        // Terms relative to the most probable one, all positive.
        var trials = n + 1;
        var mode = (int)((trials + 1) * tau);
        var odds = tau / (1 - tau);
        double total = 0, tail = 0;
        void Add(int successes, double term)
        {
            total += term;
            if (successes <= c) { tail += term; }
        }

        Add(mode, 1);
        var term = 1.0;
        for (var i = mode; i < trials; i++) { Add(i + 1, term *= (double)(trials - i) / (i + 1) * odds); }
        term = 1.0;
        for (var i = mode; i > 0; i--) { Add(i - 1, term *= i / (double)(trials - i + 1) / odds); }
        return tail / total;
    }
}
