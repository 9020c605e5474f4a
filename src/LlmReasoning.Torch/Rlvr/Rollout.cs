using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>One completion with its verdict and what that is worth.</summary>
/// <param name="Completion">As sampled.</param>
/// <param name="Verdict">The checker's.</param>
/// <param name="Reward">NaN = could not be judged: it stays out of the group's mean and does not train.</param>
public sealed record Rollout(Completion Completion, Verdict Verdict, double Reward);

/// <summary>The completions of one problem in one step.</summary>
public sealed record RolloutGroup(Problem Problem, IReadOnlyList<Rollout> Rollouts)
{
    public int Correct => Rollouts.Count(rollout => rollout.Verdict.Outcome == Outcome.Correct);
}
