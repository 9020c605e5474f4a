using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>One completion with its verdict and what that is worth.</summary>
/// <param name="Completion">As sampled.</param>
/// <param name="Verdict">The checker's.</param>
/// <param name="Outcome">Right or wrong as <see cref="OutcomeReward"/> counts it. NaN = could not be judged: the row stays out of the group's mean and does not train.</param>
/// <param name="Rewards">One a function of reward_funcs; all NaN where the outcome is.</param>
/// <param name="Reward">Their weighted sum.</param>
public sealed record Rollout(Completion Completion, Verdict Verdict, double Outcome, IReadOnlyList<double> Rewards, double Reward);

/// <summary>The completions of one problem in one step.</summary>
public sealed record RolloutGroup(Problem Problem, IReadOnlyList<Rollout> Rollouts)
{
    public int Correct => Rollouts.Count(rollout => rollout.Verdict.Outcome == Verification.Outcome.Correct);

    /// <summary>Neither all right nor all wrong among those that could be judged.</summary>
    public bool IsMixed
    {
        get
        {
            var outcomes = Rollouts.Select(rollout => rollout.Outcome).Where(outcome => !double.IsNaN(outcome)).ToList();
            return outcomes.Count > 0 && outcomes.Max() > outcomes.Min();
        }
    }
}

/// <summary>What a step sampled.</summary>
/// <param name="Sampled">All groups.</param>
/// <param name="Trained">Those that the update takes, in the same order.</param>
/// <param name="Batches">How often was sampled: above 1 where groups were replaced.</param>
public sealed record StepRollouts(IReadOnlyList<RolloutGroup> Sampled, IReadOnlyList<RolloutGroup> Trained, int Batches);
