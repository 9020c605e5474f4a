namespace LlmReasoning.Torch.Rlvr;

public sealed partial record RlvrConfig
{
    /// <summary>The row of <see cref="RlvrPresets"/> that loss_type names.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public RlvrPreset Preset() => RlvrPresets.All.FirstOrDefault(row => row.Name == LossType)
        ?? throw new UserException($"loss_type is {LossType}; it is one of {string.Join(", ", RlvrPresets.All.Select(row => row.Name))}");

    /// <summary>The preset with this config's changes.</summary>
    /// <exception cref="UserException">An unknown loss_type, or a cap of cispo that is not given.</exception>
    public (AdvantageSettings Advantages, PolicyLossSettings Loss) Objective()
    {
        var preset = Preset();
        var advantages = preset.Advantages with
        {
            Baseline = AdvantageBaseline ?? preset.Advantages.Baseline,
            Scale = ScaleRewards ?? preset.Advantages.Scale,
            Aggregation = MultiObjectiveAggregation,
            Whiten = NormalizeAdvantages,
            PositiveWeight = PositiveWeight,
        };
        return (advantages, preset.Loss with
        {
            Surrogate = SurrogateOf(preset.Loss.Surrogate),
            RatioLevel = ImportanceSamplingLevel ?? preset.Loss.RatioLevel,
            Aggregation = LossAggMode ?? preset.Loss.Aggregation,
            Beta = Beta ?? preset.Loss.Beta,
            KlEstimator = KlLossType ?? preset.Loss.KlEstimator,
            KlPlacement = UseKlInReward is { } inReward ? (inReward ? KlPlacement.Reward : KlPlacement.Loss) : preset.Loss.KlPlacement,
            KlTimesRatio = UseBiasCorrectionKl,
            EntropyCoefficient = EntropyCoef,
            TopEntropyQuantile = TopEntropyQuantile,
            OffPolicyMaskThreshold = OffPolicyMaskThreshold,
            RolloutCorrection = RolloutImportanceSamplingCorrection ? Correction() : null,
        });
    }

    private Surrogate SurrogateOf(Surrogate surrogate) => surrogate switch
    {
        Surrogate.Clipped clipped => clipped with { Low = Epsilon ?? clipped.Low, High = EpsilonHigh ?? Epsilon ?? clipped.High, Delta = Delta ?? clipped.Delta },
        Surrogate.Cispo cispo => cispo with
        {
            Cap = EpsilonHigh ?? throw new UserException($"epsilon_high is not given; for loss_type {LossType} it is the cap of the ratio itself, not 1 + epsilon_high: write epsilon_high: {cispo.Cap:F1}"),
        },
        Surrogate.Gmpo gmpo => new Surrogate.Gmpo(Epsilon ?? gmpo.Low, EpsilonHigh ?? Epsilon ?? gmpo.High),
        Surrogate.Sapo sapo => new Surrogate.Sapo(SapoTemperaturePos ?? sapo.PositiveTemperature, SapoTemperatureNeg ?? sapo.NegativeTemperature),
        _ => surrogate,
    };

    private RolloutCorrection Correction() => new(
        RolloutImportanceSamplingMode is RolloutCorrectionMode.TokenTruncate or RolloutCorrectionMode.TokenMask ? RolloutRatioLevel.Token : RolloutRatioLevel.Sequence,
        RolloutImportanceSamplingMode is RolloutCorrectionMode.TokenTruncate or RolloutCorrectionMode.SequenceTruncate ? RolloutRatioBound.Truncate : RolloutRatioBound.Mask,
        RolloutImportanceSamplingMin,
        RolloutImportanceSamplingCap);

    private void ValidateObjective()
    {
        var (advantages, loss) = Objective();
        switch (loss.Surrogate)
        {
            case Surrogate.Clipped(var low, var high, var delta):
                UserException.Require(low is >= 0 and <= 1, "epsilon", low, "it must be from 0 to 1: ratios are clipped below 1 - epsilon");
                UserException.Require(high >= 0, "epsilon_high", high, "it must be 0 or positive: ratios are clipped above 1 + epsilon_high");
                UserException.Require(delta is null || delta > 1 + high, "delta", delta, $"it must be above 1 + epsilon_high ({1 + high})");
                break;
            case Surrogate.Cispo(var cap):
                UserException.Require(cap >= 1, "epsilon_high", cap, $"for loss_type {LossType} it is the cap of the ratio itself, not 1 + epsilon_high: below 1 it shrinks every weight; write 5.0, say");
                break;
            case Surrogate.Gmpo(var low, var high):
                UserException.Require(low >= 0 && high >= 0, "epsilon and epsilon_high", $"{low} and {high}", "both must be 0 or positive");
                break;
            case Surrogate.Sapo(var positive, var negative):
                UserException.Require(positive > 0 && negative > 0, "sapo_temperature_pos and sapo_temperature_neg", $"{positive} and {negative}", "both must be positive");
                break;
        }
        UserException.Require(double.IsFinite(loss.Beta) && loss.Beta >= 0, "beta", loss.Beta, "it must be 0 or positive");
        UserException.Require(TopEntropyQuantile is > 0 and <= 1, "top_entropy_quantile", TopEntropyQuantile, "it must be above 0 and at most 1 (all tokens)");
        UserException.Require(PositiveWeight >= 0, "positive_weight", PositiveWeight, "it must be 0 or positive");
        UserException.Require(OffPolicyMaskThreshold is null or >= 0, "off_policy_mask_threshold", OffPolicyMaskThreshold, "it must be 0 or positive, or null for off");
        UserException.Require(RolloutImportanceSamplingCap is null or > 0, "rollout_importance_sampling_cap", RolloutImportanceSamplingCap, "it must be positive, or null for no bound");
        UserException.Require(RolloutImportanceSamplingMin is null or >= 0, "rollout_importance_sampling_min", RolloutImportanceSamplingMin, "it must be 0 or positive, or null for no bound");
        UserException.Require(!(RolloutImportanceSamplingMin > RolloutImportanceSamplingCap), "rollout_importance_sampling_min", RolloutImportanceSamplingMin, $"it must not exceed rollout_importance_sampling_cap ({RolloutImportanceSamplingCap})");
        UserException.Require(RewardFuncs.Count > 0, "reward_funcs", "[]", "name at least one function, such as accuracy");
        UserException.Require(RewardFuncs.Distinct().Count() == RewardFuncs.Count, "reward_funcs", string.Join(", ", RewardFuncs), "each may stand once; raise its weight instead");
        UserException.Require(RewardWeights is null || RewardWeights.Count == RewardFuncs.Count, "reward_weights", $"{RewardWeights?.Count} numbers", $"there must be one for each of the {RewardFuncs.Count} reward_funcs");
        UserException.Require(SoftPunishCache is null || (SoftPunishCache >= 1 && SoftPunishCache <= MaxCompletionLength), "soft_punish_cache", SoftPunishCache, $"it must be from 1 to max_completion_length ({MaxCompletionLength})");
        UserException.Require(MaxNumGenBatches >= 1, "max_num_gen_batches", MaxNumGenBatches, "it must be at least 1");
        UserException.Require(LogprobSupport == LogprobSupport.Full || UpdatesPerStep == 1, "logprob_support", "sampled", "it needs one update a step: after the first the sampler's support is no longer known; take full, or num_iterations 1 and num_mini_batches 1");
        UserException.Require(LogprobSupport == LogprobSupport.Full || loss.Beta == 0, "logprob_support", "sampled", "the reference model has another support, so beta must be 0; or take full");
        var penalisesReward = loss.Beta != 0 && loss.KlPlacement == KlPlacement.Reward;
        UserException.Require(!penalisesReward || advantages.Aggregation == RewardAggregation.SumThenNormalize, "multi_objective_aggregation", "normalize_then_sum", "a KL term in the reward needs sum_then_normalize");
        if (PassAtK is null) { return; }
        UserException.Require(PassAtK >= 1 && PassAtK <= NumGenerations, "pass_at_k", PassAtK, $"it must be from 1 to num_generations ({NumGenerations})");
        UserException.Require(PassAtKMethod == PassAtKMethod.Advantage || RewardFuncs.Contains(RewardFunction.Accuracy), "reward_funcs", string.Join(", ", RewardFuncs), "pkpo takes the place of accuracy, which must be among them");
        var replacesReward = PassAtKMethod == PassAtKMethod.Advantage;
        UserException.Require(!replacesReward || (RewardFuncs is [RewardFunction.Accuracy] && !penalisesReward && PositiveWeight == 1), "pass_at_k_method", "advantage", "it makes the advantage from right and wrong alone: with other rewards, a KL term in the reward or positive_weight take pkpo");
    }
}
