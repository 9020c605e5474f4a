using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>Rewards and advantages for pass@k in place of pass@1, from right and wrong alone.</summary>
/// <remarks>Axes: P prompts, G completions a prompt. With c of a group right, W = G - c of it are wrong; 1 &lt;= k &lt;= G. Results are float64 [P, G].</remarks>
public static class PassAtKTraining
{
    /// <summary>
    /// The advantage of a row as a member of random groups of k with the reward "one of them is right", in closed form (arXiv 2508.10751):
    /// with R = 1 - C(W, k) / C(G, k) and s = sqrt(R (1 - R)), right rows get (1 - R) / s, wrong rows (1 - R - C(W-1, k-1) / C(G-1, k-1)) / s.
    /// A group with s = 0 gets 0.
    /// </summary>
    /// <param name="correct">Bool [P, G].</param>
    public static Tensor Advantages(Tensor correct, int k) => ByCount(correct, k, (group, right) =>
    {
        var reward = PassAtK.Estimate(group, right, k);
        var deviation = Math.Sqrt(reward * (1 - reward));
        if (deviation == 0 || right == group) { return (0, 0); }
        var allOthersWrong = k == 1 ? 1 : 1 - PassAtK.Estimate(group - 1, right, k - 1);
        return ((1 - reward) / deviation, (1 - reward - allOthersWrong) / deviation);
    });

    /// <summary>
    /// PKPO's rewards (arXiv 2505.15201), whose sum has the gradient of pass@k without bias: a right row gets k / G,
    /// a wrong one k / G times the chance that k - 1 of the other rows hold a right one.
    /// </summary>
    /// <param name="correct">Bool [P, G].</param>
    public static Tensor Rewards(Tensor correct, int k) => ByCount(correct, k, (group, right) =>
    {
        var share = (double)k / group;
        return (share, k == 1 || right == group ? 0 : share * PassAtK.Estimate(group - 1, right, k - 1));
    });

    private static Tensor ByCount(Tensor correct, int k, Func<int, int, (double Right, double Wrong)> values)
    {
        var group = (int)correct.shape[1];
        if (k < 1 || k > group) { throw new ArgumentOutOfRangeException(nameof(k), k, $"k is from 1 to the group size {group}"); }
        using var scope = NewDisposeScope();
        long[] counts = [.. correct.to_type(ScalarType.Int64).sum(1).cpu().data<long>()];
        var pairs = counts.Select(count => values(group, (int)count)).ToList();
        var right = tensor([.. pairs.Select(pair => pair.Right)], [pairs.Count, 1], ScalarType.Float64, correct.device);
        var wrong = tensor([.. pairs.Select(pair => pair.Wrong)], [pairs.Count, 1], ScalarType.Float64, correct.device);
        return where(correct, right, wrong).MoveToOuterDisposeScope();
    }
}
