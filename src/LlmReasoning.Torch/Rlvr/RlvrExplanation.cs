using System.Globalization;
using System.Text.Json;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>A config in words: its objective as a formula with the numbers filled in, and settings that cannot act.</summary>
public static class RlvrExplanation
{
    /// <summary>The objective, line by line; each ends with the key that says so.</summary>
    public static IReadOnlyList<string> Objective(RlvrConfig config)
    {
        var (advantages, loss) = config.Objective();
        var preset = config.Preset();
        var kl = loss.Beta == 0 ? "" : loss.KlPlacement == KlPlacement.Loss ? $" + {Text(loss.Beta)} KL_it" : "";
        var masks = (loss.OffPolicyMaskThreshold is null && loss.TopEntropyQuantile == 1 ? "" : "keep_it ") + (loss.RolloutCorrection is null ? "" : "rho_it ");
        var entropy = loss.EntropyCoefficient == 0 ? "" : $" - {Text(loss.EntropyCoefficient)} mean H";
        var lines = new List<string>
        {
            $"loss_type {preset.Name}: {preset.Source}",
            $"loss = sum_i W_i sum_t m_it ({masks}P_it{kl}){entropy}   over rows i and tokens t of an update",
            $"P_it = {Policy(loss.Surrogate)}   [{Source(config, config.Epsilon ?? config.EpsilonHigh ?? config.Delta ?? config.SapoTemperaturePos ?? config.SapoTemperatureNeg, "epsilon, epsilon_high, delta, sapo_temperature_*")}]",
        };
        if (loss.Surrogate is not (Surrogate.Plain or Surrogate.Gmpo or Surrogate.Vespo))
        {
            lines.Add($"w = {Ratio(loss.RatioLevel)}   [{Source(config, config.ImportanceSamplingLevel, "importance_sampling_level")}]");
        }
        lines.Add($"W_i = {Weight(config, loss.Aggregation)}   [{Source(config, config.LossAggMode, "loss_agg_mode")}]");
        lines.AddRange(AdvantageLines(config, advantages));
        if (loss.Beta != 0)
        {
            var place = loss.KlPlacement == KlPlacement.Loss ? (loss.KlTimesRatio ? "in the loss, times w" : "in the loss") : $"taken off R: R - {Text(loss.Beta)} sum_t KL_it";
            lines.Add($"KL_it = {Estimate(loss.KlEstimator)} with d = l - l_reference, {place}   [{Source(config, config.Beta, "beta")}, {Source(config, config.KlLossType, "kl_loss_type")}]");
        }
        if (loss.OffPolicyMaskThreshold is { } threshold) { lines.Add($"keep_it = 0 for rows with A < 0 whose mean l_sampler - l exceeds {Text(threshold)}   [off_policy_mask_threshold]"); }
        if (loss.TopEntropyQuantile < 1) { lines.Add($"keep_it = 1 for the {Text(loss.TopEntropyQuantile * 100)} % of the update's tokens with the highest entropy; the divisor stays   [top_entropy_quantile]"); }
        if (loss.RolloutCorrection is { } rho)
        {
            lines.Add($"rho_it = exp(l_old - l_sampler) of {(rho.Level == RolloutRatioLevel.Token ? "the token" : "the row, summed over its tokens")}, {(rho.Bound == RolloutRatioBound.Truncate ? "cut to" : "0 outside")} [{(rho.Min is { } min ? Text(min) : "0")}, {(rho.Max is { } max ? Text(max) : "any")}]   [rollout_importance_sampling_*]");
        }
        lines.Add("m_it = 1 for every sampled token and the stop token" + (config.MaskTruncatedCompletions ? "; for none of a completion cut at the limit, which counts in the group's mean all the same   [mask_truncated_completions]" : "; those of completions cut at the limit among them   [mask_truncated_completions]"));
        lines.Add(config.ZeroVarianceGroups switch
        {
            ZeroVarianceGroups.Keep => "groups all right or all wrong: their tokens count in the divisors   [zero_variance_groups]",
            ZeroVarianceGroups.Drop => "groups all right or all wrong: left out of the update   [zero_variance_groups]",
            _ => $"groups all right or all wrong: replaced by those of other problems, sampling at most {config.MaxNumGenBatches} times a step   [zero_variance_groups, max_num_gen_batches]",
        });
        return lines;
    }

    /// <summary>Steps, completions and tokens.</summary>
    /// <param name="config">Resolved.</param>
    /// <param name="problems">To train on.</param>
    public static IReadOnlyList<string> Work(RlvrConfig config, int problems)
    {
        var completions = (long)config.PromptsPerStep * config.NumGenerations;
        var tokens = completions * config.MaxCompletionLength;
        var parts = config.NumMiniBatches == 1 ? "all of them" : $"1/{config.NumMiniBatches} of them";
        var updates = config.UpdatesPerStep == 1 ? "1 update, of all of them" : $"{config.UpdatesPerStep} updates, each of {parts}";
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"a step: {config.PromptsPerStep} problems x {config.NumGenerations} completions = {completions} completions, at most {tokens:N0} tokens; {updates}"),
            string.Create(CultureInfo.InvariantCulture, $"the run: {config.MaxSteps:N0} steps, {config.MaxSteps * (long)config.UpdatesPerStep:N0} updates, {config.MaxSteps * completions:N0} completions, at most {config.MaxSteps * tokens:N0} tokens; {(double)config.MaxSteps * config.PromptsPerStep / problems:F2} passes over {problems} problems"),
            $"learning rate {Text(config.LearningRate)}, {Name(config.LrSchedulerType)}, {config.WarmupSteps} steps of warmup; gradients clipped to norm {Text(config.MaxGradNorm)}; AdamW betas {Text(config.AdamBeta1)} and {Text(config.AdamBeta2)}, decay {Text(config.WeightDecay)} on matrices",
            $"sampling: temperature {Text(config.Temperature)}, top_p {Text(config.TopP)}, top_k {config.TopK}, min_p {Text(config.MinP)}; log-probabilities over {(config.LogprobSupport == LogprobSupport.Full ? "the whole vocabulary" : "what these leave")}",
        ];
    }

    /// <summary>Settings that cannot act, or act otherwise than their name suggests.</summary>
    public static IReadOnlyList<string> Warnings(RlvrConfig config)
    {
        var (advantages, loss) = config.Objective();
        var isOnPolicy = config.UpdatesPerStep == 1;
        var isFiltered = config.TopK > 0 || config.TopP < 1 || config.MinP > 0;
        var clips = loss.Surrogate is Surrogate.Clipped or Surrogate.Gmpo or Surrogate.Cispo;
        var replacesAdvantage = config is { PassAtK: not null, PassAtKMethod: PassAtKMethod.Advantage };
        var isGdpo = advantages.Aggregation == RewardAggregation.NormalizeThenSum;
        List<(bool Holds, string Text)> warnings =
        [
            (isOnPolicy && clips && (config.Epsilon ?? config.EpsilonHigh ?? config.Delta) is not null, "epsilon, epsilon_high and delta cannot act: with one update a step the ratio is 1 (num_iterations and num_mini_batches make more)"),
            (isOnPolicy && config.ImportanceSamplingLevel is not null, "importance_sampling_level changes no value of the ratio: with one update a step it is 1"),
            (loss.Surrogate is not Surrogate.Clipped && config.Delta is not null, $"delta has no meaning for {config.LossType}"),
            (loss.Surrogate is not (Surrogate.Clipped or Surrogate.Gmpo) && config.Epsilon is not null, $"epsilon has no meaning for {config.LossType}"),
            (!clips && config.EpsilonHigh is not null, $"epsilon_high has no meaning for {config.LossType}"),
            (loss.Surrogate is not Surrogate.Sapo && (config.SapoTemperaturePos ?? config.SapoTemperatureNeg) is not null, $"sapo_temperature_pos and sapo_temperature_neg have no meaning for {config.LossType}"),
            (loss.Beta == 0 && (config.KlLossType is not null || config.UseKlInReward is not null || config.UseBiasCorrectionKl), "the KL keys cannot act: beta is 0"),
            (loss.Beta != 0 && loss.KlPlacement == KlPlacement.Reward && config.UseBiasCorrectionKl, "use_bias_correction_kl cannot act: the KL term is in the reward"),
            (isFiltered && config.LogprobSupport == LogprobSupport.Full, "top_k, top_p or min_p: completions are drawn from fewer tokens than the trainer's log-probabilities are over (logprob_support: sampled makes them the same)"),
            (!isFiltered && config.LogprobSupport == LogprobSupport.Sampled, "logprob_support: sampled changes nothing: without top_k, top_p and min_p every token can be drawn"),
            (isOnPolicy && loss.OffPolicyMaskThreshold is not null, "off_policy_mask_threshold cannot act: with one update a step the policy is the one that sampled"),
            (loss.RolloutCorrection is not null, "rollout_importance_sampling_correction: sampler and trainer share their weights here, the ratio stays near 1"),
            (isGdpo && (config.AdvantageBaseline ?? (object?)config.ScaleRewards) is not null, "advantage_baseline and scale_rewards cannot act: normalize_then_sum has its own"),
            (replacesAdvantage && (config.AdvantageBaseline is not null || config.ScaleRewards is not null || config.NormalizeAdvantages), "advantage_baseline, scale_rewards and normalize_advantages cannot act: pass_at_k makes the advantage"),
            (config.ZeroVarianceGroups == ZeroVarianceGroups.Refill && config.MaxNumGenBatches == 1, "zero_variance_groups: refill with max_num_gen_batches 1 replaces nothing"),
            (config.SoftPunishCache is not null && !config.RewardFuncs.Contains(RewardFunction.SoftOverlong), "soft_punish_cache cannot act: soft_overlong is not among reward_funcs"),
            (config.WarmupSteps > 0 && config.LrSchedulerType == LearningRateSchedule.Constant, "warmup_steps cannot act: lr_scheduler_type constant has no warmup, constant_with_warmup has"),
            (config.MaxSteps > 0 && config.WarmupSteps >= config.MaxSteps, "the run ends within its warmup"),
            (!isOnPolicy, string.Create(CultureInfo.InvariantCulture, $"max_steps counts batches of completions, each trained on {config.UpdatesPerStep} times; TRL counts updates")),
        ];
        return [.. warnings.Where(warning => warning.Holds).Select(warning => warning.Text)];
    }

    private static IEnumerable<string> AdvantageLines(RlvrConfig config, AdvantageSettings advantages)
    {
        if (config is { PassAtK: { } k, PassAtKMethod: PassAtKMethod.Advantage })
        {
            yield return $"A_i = the closed form for one right answer among {k} samples (arXiv 2508.10751)   [pass_at_k]";
        }
        else
        {
            var source = $"{Source(config, config.AdvantageBaseline, "advantage_baseline")}, {Source(config, config.ScaleRewards, "scale_rewards")}";
            yield return advantages.Aggregation == RewardAggregation.NormalizeThenSum
                ? $"A_i = whitened over the batch: sum_f weight_f (R_f - mean of the group) / (deviation of the group + {Text(Advantages.Epsilon)})   [multi_objective_aggregation]"
                : $"A_i = {Advantage(advantages)}{(advantages.Whiten ? ", brought to mean 0 and deviation 1 over the batch" : "")}   [{source}]";
        }
        if (advantages.PositiveWeight != 1) { yield return $"A_i > 0 is multiplied by {Text(advantages.PositiveWeight)}   [positive_weight]"; }
        var terms = config.RewardFuncs.Zip(config.WeightsOfRewards, (function, weight) => $"{Text(weight)} {Reward(config, function)}");
        yield return $"R_i = {string.Join(" + ", terms)}   [reward_funcs, reward_weights]";
    }

    private static string Reward(RlvrConfig config, RewardFunction function) => function switch
    {
        RewardFunction.Accuracy when config is { PassAtK: { } k, PassAtKMethod: PassAtKMethod.Pkpo } => $"accuracy (PKPO's reward for pass@{k}, arXiv 2505.15201)",
        RewardFunction.Accuracy => config.OutcomeReward == OutcomeReward.ZeroOne ? "accuracy (1 / 0)" : "accuracy (1 / -1)",
        RewardFunction.SoftOverlong => $"soft_overlong (0 to -1 over the last {config.OverlongCache} of {config.MaxCompletionLength} tokens)",
        _ => Name(function),
    };

    private static string Advantage(AdvantageSettings settings)
    {
        var centred = settings.Baseline switch
        {
            Baseline.None => "R_i",
            Baseline.GroupMean => "R_i - mean of the group",
            _ => "R_i - mean of the others of the group",
        };
        return settings.Scale switch
        {
            RewardScale.None => centred,
            RewardScale.Group => $"({centred}) / (deviation of the group + {Text(Advantages.Epsilon)})",
            _ => $"({centred}) / (deviation of the batch + {Text(Advantages.Epsilon)})",
        };
    }

    private static string Policy(Surrogate surrogate) => surrogate switch
    {
        Surrogate.Clipped(var low, var high, null) => $"-min(w A_i, clip(w, 1 - {Text(low)}, 1 + {Text(high)}) A_i)",
        Surrogate.Clipped(var low, var high, var delta) => $"-min(min(w, {Text(delta!.Value)}) A_i, clip(w, 1 - {Text(low)}, 1 + {Text(high)}) A_i)",
        Surrogate.Cispo(var cap) => $"-sg(min(w, {Text(cap)})) A_i l_it",
        Surrogate.Sapo(var positive, var negative) => $"-A_i sigmoid(tau (w - 1)) 4 / tau, tau = {Text(positive)} where A_i > 0, else {Text(negative)}",
        Surrogate.Gmpo(var low, var high) => $"-A_i times the geometric mean of the row's ratios, their logarithms within -{Text(low)} and {Text(high)} where that lowers the gain",
        Surrogate.Vespo vespo => $"-sg(W^k exp(lambda (1 - W))) A_i l_it, W = product of the row's ratios, (k, lambda) = ({Text(vespo.PositiveK)}, {Text(vespo.PositiveLambda)}) where A_i >= 0, else ({Text(vespo.NegativeK)}, {Text(vespo.NegativeLambda)})",
        _ => "-A_i l_it",
    };

    private static string Ratio(RatioLevel level) => level switch
    {
        RatioLevel.Token => "exp(l_it - l_old_it)",
        RatioLevel.Sequence => "exp(mean over t of l_it - l_old_it)",
        RatioLevel.SequenceToken => "exp(mean over t of l_it - l_old_it), with the gradient of the token",
        _ => "exp(sum over t of l_it - l_old_it)",
    };

    private static string Weight(RlvrConfig config, Aggregation aggregation) => aggregation switch
    {
        Aggregation.SequenceMean => "1 / (n_i R), n_i = tokens of row i, R = rows of the update",
        Aggregation.TokenMean => "1 / N, N = tokens of the update",
        Aggregation.BatchTokenMean when config.PerDeviceTrainBatchSize is { } rows => $"1 / (N_b B), N_b = tokens of the row's batch of {rows} rows, B = batches of the update",
        Aggregation.BatchTokenMean => "1 / N, N = tokens of the update (its one batch; per_device_train_batch_size makes smaller ones)",
        Aggregation.ConstantLength => $"1 / (R {config.MaxCompletionLength}), R = rows of the update",
        _ => "1 / R, R = rows of the update",
    };

    private static string Estimate(KlEstimator estimator) => estimator switch { KlEstimator.K1 => "d (k1)", KlEstimator.K2 => "d^2 / 2 (k2)", _ => "exp(-d) - 1 + d (k3)" };

    private static string Source(RlvrConfig config, object? given, string key) => given is null ? $"{key}: loss_type {config.LossType}" : key;

    private static string Name(Enum value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Text(double number) => number.ToString("G6", CultureInfo.InvariantCulture);
}
