namespace LlmReasoning.Evaluation.Metrics;

/// <summary>
/// maj@k: k of the n samples are drawn without replacement, each votes for its answer, the answer with most votes wins. The expectation over all draws.
/// </summary>
/// <remarks>
/// Samples without an answer do not vote; a draw without a vote is wrong. Where several answers tie, each of them wins equally often: the draw counts with the
/// share of right ones among them. (lighteval and lm-eval take the one seen first, which depends on the order of the samples.)
/// </remarks>
public static class MajorityAtK
{
    /// <summary>Draws of the Monte Carlo estimate, standard error 0.016 a problem at most.</summary>
    public const int Draws = 1000;

    // Steps of the exact sum; beyond, 1,000 draws are cheaper.
    private const long ExactSteps = 1_000_000;

    /// <summary>maj@k of one problem for several k.</summary>
    /// <param name="answers">The problem's answers; only sizes and rightness of the classes count.</param>
    /// <param name="ks">Rising, 1..n.</param>
    /// <param name="key">Of the draws, beside their number: such as seed and problem id.</param>
    /// <returns>In 0..1, one for each k, and whether it is exact.</returns>
    public static IReadOnlyList<(double Estimate, bool IsExact)> Estimate(AnswerClasses answers, IReadOnlyList<int> ks, params object[] key)
    {
        var n = answers.Samples;
        if (ks.Count > 0) { ArgumentOutOfRangeException.ThrowIfGreaterThan(ks[^1], n); }
        var sizes = answers.Classes.Select(one => one.Count).ToArray();
        var isRight = answers.Classes.Select(one => one.IsRight).ToArray();
        var estimates = new (double, bool)[ks.Count];
        var drawn = new List<int>();
        for (var i = 0; i < ks.Count; i++)
        {
            if (ks[i] == n) { estimates[i] = (Winner(sizes, isRight), true); }
            else if (Steps(sizes, isRight, ks[i]) <= ExactSteps) { estimates[i] = (Exact(sizes, isRight, answers.Unanswered, n, ks[i]), true); }
            else { drawn.Add(i); }
        }
        if (drawn.Count > 0)
        {
            var means = Drawn(sizes, isRight, n, [.. drawn.Select(i => ks[i])], key);
            for (var i = 0; i < drawn.Count; i++) { estimates[drawn[i]] = (means[i], false); }
        }
        return estimates;
    }

    /// <summary>The share of right classes among the largest.</summary>
    private static double Winner(ReadOnlySpan<int> votes, bool[] isRight)
    {
        int most = 1, tied = 0, right = 0;
        for (var i = 0; i < votes.Length; i++)
        {
            if (votes[i] < most) { continue; }
            if (votes[i] > most) { (most, tied, right) = (votes[i], 0, 0); }
            tied++;
            right += isRight[i] ? 1 : 0;
        }
        return tied == 0 ? 0 : (double)right / tied;
    }

    private static long Steps(int[] sizes, bool[] isRight, int k)
    {
        var steps = 0L;
        for (var r = 0; r < sizes.Length; r++)
        {
            if (!isRight[r]) { continue; }
            for (var j = 1; j <= Math.Min(sizes[r], k) && steps <= ExactSteps; j++)
            {
                steps += sizes.Sum(size => Math.Min(size, j) + 1L) * (k - j + 1) * ((k - j) / j + 1);
            }
        }
        return steps;
    }

    /// <summary>
    /// The sum over right classes r, their votes j and the number t of other classes that tie with j votes, of P(j votes for r, t ties, no more than j elsewhere) / (t + 1).
    /// </summary>
    /// <remarks>
    /// Every count is binomial with share k / n, conditioned on their sum being k, which is the hypergeometric draw; all terms are positive and at most 1.
    /// </remarks>
    private static double Exact(int[] sizes, bool[] isRight, int unanswered, int n, int k)
    {
        var share = (double)k / n;
        double[][] votes = [.. sizes.Select(size => Binomial(size, share))];
        var blank = Binomial(unanswered, share);
        var sum = 0.0;
        for (var r = 0; r < sizes.Length; r++)
        {
            if (!isRight[r]) { continue; }
            for (var j = 1; j <= Math.Min(sizes[r], k); j++) { sum += votes[r][j] * OthersTie(votes, r, blank, j, k - j); }
        }
        return Math.Clamp(sum / Binomial(n, share)[k], 0, 1);
    }

    /// <summary>The expectation of 1 / (t + 1), where the other classes and the blanks have <paramref name="rest"/> samples together and t classes have j, none more.</summary>
    private static double OthersTie(double[][] votes, int r, double[] blank, int j, int rest)
    {
        var most = rest / j;
        // at[t * (rest + 1) + s]: probability of s samples so far, t classes of j among them.
        var at = new double[(most + 1) * (rest + 1)];
        for (var s = 0; s <= Math.Min(rest, blank.Length - 1); s++) { at[s] = blank[s]; }
        var next = new double[at.Length];
        for (var i = 0; i < votes.Length; i++)
        {
            if (i == r) { continue; }
            Array.Clear(next);
            var pmf = votes[i];
            for (var t = 0; t <= most; t++)
            {
                var row = t * (rest + 1);
                for (var s = 0; s <= rest; s++)
                {
                    var p = at[row + s];
                    if (p == 0) { continue; }
                    var below = Math.Min(Math.Min(j - 1, pmf.Length - 1), rest - s);
                    for (var a = 0; a <= below; a++) { next[row + s + a] += p * pmf[a]; }
                    if (j < pmf.Length && s + j <= rest && t < most) { next[row + rest + 1 + s + j] += p * pmf[j]; }
                }
            }
            (at, next) = (next, at);
        }
        var sum = 0.0;
        for (var t = 0; t <= most; t++) { sum += at[t * (rest + 1) + rest] / (t + 1); }
        return sum;
    }

    /// <summary>Probabilities of 0..n successes, from the most probable one outwards.</summary>
    private static double[] Binomial(int n, double p)
    {
        var terms = new double[n + 1];
        if (p >= 1)
        {
            terms[n] = 1;
            return terms;
        }
        var mode = Math.Min(n, (int)((n + 1) * p));
        terms[mode] = 1;
        var odds = p / (1 - p);
        for (var i = mode; i < n; i++) { terms[i + 1] = terms[i] * (n - i) / (i + 1) * odds; }
        for (var i = mode; i > 0; i--) { terms[i - 1] = terms[i] * i / (n - i + 1) / odds; }
        var sum = terms.Sum();
        for (var i = 0; i <= n; i++) { terms[i] /= sum; }
        return terms;
    }

    /// <summary>Means over draws; draw d of the smaller k is the beginning of draw d of the larger.</summary>
    private static double[] Drawn(int[] sizes, bool[] isRight, int n, int[] ks, object[] key)
    {
        var sums = new double[ks.Length];
        var labels = new int[n];
        var votes = new int[sizes.Length];
        for (var draw = 0; draw < Draws; draw++)
        {
            var at = 0;
            for (var i = 0; i < sizes.Length; i++)
            {
                labels.AsSpan(at, sizes[i]).Fill(i);
                at += sizes[i];
            }
            labels.AsSpan(at).Fill(-1);
            Array.Clear(votes);
            var random = new SplitMix64([.. key, "maj", draw]);
            var taken = 0;
            for (var i = 0; i < ks.Length; i++)
            {
                for (; taken < ks[i]; taken++)
                {
                    var pick = taken + random.Below(n - taken);
                    (labels[taken], labels[pick]) = (labels[pick], labels[taken]);
                    if (labels[taken] >= 0) { votes[labels[taken]]++; }
                }
                sums[i] += Winner(votes, isRight);
            }
        }
        return [.. sums.Select(sum => sum / Draws)];
    }
}
