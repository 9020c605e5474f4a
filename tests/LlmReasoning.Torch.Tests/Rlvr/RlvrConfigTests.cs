using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Rlvr;

public sealed class RlvrConfigTests
{
    private static readonly RlvrConfig s_config = new();

    [Fact]
    public void TrlsBatchesBecomePromptsAndUpdates()
    {
        var paper = s_config with { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 5, NumGenerations = 10 };
        Assert.Equal((2, 1), Batches(paper));                                                                       // 20 completions
        Assert.Equal((6, 3), Batches(paper with { StepsPerGeneration = 15 }));                                      // 60 in updates of 20
        Assert.Equal((4, 2), Batches(paper with { GenerationBatchSize = 40 }));
        Assert.Equal((4, 1), Batches(s_config with { PerDeviceTrainBatchSize = 32 }));
        Assert.Equal((32, 1), Batches(s_config));
        // What was resolved once resolves to the same.
        Assert.Equal((6, 3), Batches((paper with { StepsPerGeneration = 15 }).Resolve(100).Validate()));
    }

    [Fact]
    public void BatchesThatDoNotDivideAreRefusedWithTheNumbers()
    {
        var config = s_config with { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 5 };
        Assert.Equal("per_device_train_batch_size 4 x gradient_accumulation_steps 5 = 20 completions a step is not a multiple of num_generations (8); change one of them", Mistake(config));
        Assert.StartsWith("generation_batch_size 30 is not a multiple of the 20 completions of an update", Mistake(config with { NumGenerations = 10, GenerationBatchSize = 30 }), StringComparison.Ordinal);
        Assert.StartsWith("prompts_per_step is 7; ", Mistake(config with { NumGenerations = 10, PromptsPerStep = 7 }), StringComparison.Ordinal);
        Assert.StartsWith("generation_batch_size is 40; ", Mistake(config with { NumGenerations = 10, GenerationBatchSize = 40, StepsPerGeneration = 10 }), StringComparison.Ordinal);
        Assert.StartsWith("per_device_train_batch_size is not given", Mistake(s_config with { GradientAccumulationSteps = 2 }), StringComparison.Ordinal);
        Assert.StartsWith("num_mini_batches is 257", Mistake(s_config with { NumMiniBatches = 257 }), StringComparison.Ordinal);
    }

    [Fact]
    public void AValueThatIsGivenMustAgreeWithTrlsBatchesEvenWhereItIsTheDefault()
    {
        var config = s_config with { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 4, StepsPerGeneration = 8 };
        Assert.Equal((4, 2), Batches(config));
        Assert.Equal(
            "prompts_per_step is 32; per_device_train_batch_size 4 x steps_per_generation 8 = 32 completions a step, which are 4 prompts of num_generations 8; keep one of the two",
            Mistake(config with { PromptsPerStep = 32 }));
        Assert.StartsWith("num_mini_batches is 1; ", Mistake(config with { NumMiniBatches = 1 }), StringComparison.Ordinal);
        Assert.Equal((4, 2), Batches(config with { PromptsPerStep = 4, NumMiniBatches = 2 }));
    }

    [Theory]
    [InlineData(-1, null, 100)]
    [InlineData(-1, 2.0, 13)]       // 2 x 200 / 32 = 12.5
    [InlineData(7, 2.0, 7)]
    public void MaxStepsWinsOverEpochs(int maxSteps, double? epochs, int expected) =>
        Assert.Equal(expected, (s_config with { MaxSteps = maxSteps, NumTrainEpochs = epochs }).Resolve(200).MaxSteps);

    [Fact]
    public void SharesAndStrategiesBecomeSteps()
    {
        var config = (s_config with { MaxSteps = 30, WarmupRatio = 0.11, SaveStrategy = IntervalStrategy.No, EvalStrategy = IntervalStrategy.Epoch, EvalProblems = "a" }).Resolve(200);
        Assert.Equal((4, 30, 7, "a"), (config.WarmupSteps, config.SaveSteps, config.EvalSteps, config.EvalProblems));
        Assert.Equal(3, (s_config with { WarmupSteps = 3, WarmupRatio = 0.5 }).Resolve(200).WarmupSteps);
        Assert.Null((s_config with { EvalStrategy = IntervalStrategy.No, EvalProblems = "a" }).Resolve(200).EvalProblems);
    }

    [Fact]
    public void TheEvaluationSamplesAsTheRunDoesUnlessItsOwnKeysSayOtherwise()
    {
        var config = s_config with { Temperature = 1.2, TopP = 0.7, TopK = 9, MinP = 0.1, MaxCompletionLength = 300, Seed = 3 };
        Assert.Equal(config.Sampling(3), config.EvalSampling());
        Assert.Equal(
            new LlmReasoning.Torch.Generation.SamplingSettings { Temperature = 0.8, TopP = 0.9, MaxNewTokens = 20, Seed = 3, TopK = 9 },
            (config with { EvalTemperature = 0.8, EvalTopP = 0.9, EvalMinP = 0, EvalMaxCompletionLength = 20 }).EvalSampling() with { StopStrings = [] });
    }

    [Fact]
    public void KOfTheEvaluationAreThePowersOfTwoUnlessTheyAreGiven()
    {
        var config = s_config with { EvalProblems = "a", EvalN = 10 };
        Assert.Equal([1, 2, 4, 8, 10], config.EvalKs);
        Assert.Equal([1, 5, 10], (config with { EvalK = [10, 5, 5] }).EvalKs);
        Assert.Empty((config with { EvalProblems = null }).EvalKs);
    }

    [Fact]
    public void ContradictionsOfTheEvaluationAreRefusedWithBothNumbers()
    {
        Assert.Equal("eval_k is [1, 32]; with eval_n = 16 samples a problem k goes from 1 to 16; raise eval_n or lower k", Mistake(s_config with { EvalK = [1, 32] }));
        Assert.StartsWith("eval_k is [0]; ", Mistake(s_config with { EvalK = [0] }), StringComparison.Ordinal);
        Assert.StartsWith("eval_temperature is 0; greedy samples are all the same, and eval_n is 16", Mistake(s_config with { EvalTemperature = 0 }), StringComparison.Ordinal);
        Assert.Equal(0, (s_config with { EvalTemperature = 0, EvalN = 1 }).Validate().EvalTemperature);
        Assert.StartsWith("eval_top_p is 0; ", Mistake(s_config with { EvalTopP = 0 }), StringComparison.Ordinal);
        Assert.Equal(
            "metric_for_best_model is eval/pass@3; the evaluation's columns are eval/pass@k for k = 1, 2, 4; name one of them, or add to eval_k",
            Assert.Throws<UserException>(() => (s_config with { EvalProblems = "a", EvalN = 4, MetricForBestModel = "eval/pass@3" }).Resolve(8).ValidateView()).Message);
        Assert.StartsWith("eval_max_completion_length is 0; ", Mistake(s_config with { EvalMaxCompletionLength = 0 }), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryNamedObjectiveIsValidAndExplained()
    {
        foreach (var preset in RlvrPresets.All)
        {
            var config = (s_config with { LossType = preset.Name, EpsilonHigh = preset.Name == "cispo" ? 5 : null }).Validate().Resolve(100);
            Assert.StartsWith($"loss_type {preset.Name}: ", RlvrExplanation.Objective(config)[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AKeyChangesOneValueOfThePreset()
    {
        var (advantages, loss) = (s_config with
        {
            LossType = "rloo",
            AdvantageBaseline = Baseline.GroupMean,
            ScaleRewards = RewardScale.Batch,
            NormalizeAdvantages = true,
            LossAggMode = Aggregation.ConstantLength,
            UseKlInReward = false,
            KlLossType = KlEstimator.K2,
            ImportanceSamplingLevel = RatioLevel.Token,
            Epsilon = 0.1,
            RolloutImportanceSamplingCorrection = true,
            RolloutImportanceSamplingMode = RolloutCorrectionMode.TokenTruncate,
        }).Objective();
        Assert.Equal((Baseline.GroupMean, RewardScale.Batch, true), (advantages.Baseline, advantages.Scale, advantages.Whiten));
        Assert.Equal((Aggregation.ConstantLength, KlPlacement.Loss, KlEstimator.K2, RatioLevel.Token, 0.05), (loss.Aggregation, loss.KlPlacement, loss.KlEstimator, loss.RatioLevel, loss.Beta));
        Assert.Equal(new Surrogate.Clipped(0.1, 0.1), loss.Surrogate);
        Assert.Equal(new RolloutCorrection(RolloutRatioLevel.Token, RolloutRatioBound.Truncate, null, 3), loss.RolloutCorrection);
    }

    [Fact]
    public void TheCapOfCispoMustBeWrittenAndAtLeastOne()
    {
        Assert.StartsWith("epsilon_high is not given; for loss_type cispo it is the cap", Mistake(s_config with { LossType = "cispo", Epsilon = 0.2 }), StringComparison.Ordinal);
        Assert.StartsWith("epsilon_high is 0.28; for loss_type cispo it is the cap", Mistake(s_config with { LossType = "cispo", EpsilonHigh = 0.28 }), StringComparison.Ordinal);
    }

    public static TheoryData<RlvrConfig, string> Mistakes => new()
    {
        { s_config with { Epsilon = 1.5 }, "epsilon is 1.5" },
        { s_config with { Delta = 1.1 }, "delta is 1.1; it must be above 1 + epsilon_high (1.28)" },
        { s_config with { Beta = -1 }, "beta is -1" },
        { s_config with { TopEntropyQuantile = 0 }, "top_entropy_quantile is 0" },
        { s_config with { PositiveWeight = -1 }, "positive_weight is -1" },
        { s_config with { OffPolicyMaskThreshold = -1 }, "off_policy_mask_threshold is -1" },
        { s_config with { RolloutImportanceSamplingMin = 4 }, "rollout_importance_sampling_min is 4" },
        { s_config with { LossType = "sapo", SapoTemperaturePos = 0 }, "sapo_temperature_pos and sapo_temperature_neg" },
        { s_config with { RewardFuncs = [] }, "reward_funcs is []" },
        { s_config with { RewardFuncs = [RewardFunction.Format, RewardFunction.Format] }, "reward_funcs is Format, Format" },
        { s_config with { RewardWeights = [1, 2] }, "reward_weights is 2 numbers; there must be one for each of the 1 reward_funcs" },
        { s_config with { SoftPunishCache = 513 }, "soft_punish_cache is 513" },
        { s_config with { MaxNumGenBatches = 0 }, "max_num_gen_batches is 0" },
        { s_config with { PassAtK = 9 }, "pass_at_k is 9; it must be from 1 to num_generations (8)" },
        { s_config with { PassAtK = 4, PositiveWeight = 0.1 }, "pass_at_k_method is advantage" },
        { s_config with { PassAtK = 4, PassAtKMethod = PassAtKMethod.Pkpo, RewardFuncs = [RewardFunction.Cosine] }, "reward_funcs is Cosine; pkpo" },
        { s_config with { LossType = "rloo", MultiObjectiveAggregation = RewardAggregation.NormalizeThenSum }, "multi_objective_aggregation is normalize_then_sum" },
        { s_config with { LogprobSupport = LogprobSupport.Sampled, NumIterations = 2 }, "logprob_support is sampled; it needs one update a step" },
        { s_config with { LogprobSupport = LogprobSupport.Sampled, PerDeviceTrainBatchSize = 8, StepsPerGeneration = 4 }, "logprob_support is sampled; it needs one update a step" },
        { s_config with { LogprobSupport = LogprobSupport.Sampled, Beta = 0.1 }, "logprob_support is sampled; the reference model" },
        { s_config with { WarmupRatio = 2 }, "warmup_ratio is 2" },
        { s_config with { MaxSteps = 0 }, "max_steps is 0" },
        { s_config with { NumTrainEpochs = -1 }, "num_train_epochs is -1" },
        { s_config with { MaxPromptLength = 0 }, "max_prompt_length is 0" },
        { s_config with { PromptsPerStep = int.MaxValue }, "prompts_per_step is 2147483647; x num_generations 8 are 17179869176 completions a step" },
        { s_config with { TopP = -1 }, "top_p is -1" },
        { s_config with { AdamBeta1 = 1 }, "adam_beta1 is 1; it must be 0 or positive and below 1" },
        { s_config with { WeightDecay = -1 }, "weight_decay is -1" },
        { s_config with { BatchSize = -1 }, "batch_size is -1" },
        { s_config with { LogCompletionsSteps = -1 }, "log_completions_steps is -1" },
        { s_config with { MaxCompletionLength = 0 }, "max_completion_length is 0" },
        { s_config with { EvalN = int.MaxValue }, "eval_n is 2147483647" },
        { s_config with { RolloutImportanceSamplingCap = -1 }, "rollout_importance_sampling_cap is -1" },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public void AValueOutsideItsRangeIsNamed(RlvrConfig config, string message) => Assert.StartsWith(message, Mistake(config), StringComparison.Ordinal);

    [Fact]
    public void TheFormulaHoldsTheNumbers()
    {
        var lines = RlvrExplanation.Objective(s_config with { Epsilon = 0.1, Beta = 0.04, EntropyCoef = 0.01, RewardFuncs = [RewardFunction.Accuracy, RewardFunction.SoftOverlong], RewardWeights = [1, 0.5] });
        Assert.Equal("loss = sum_i W_i sum_t m_it (P_it + 0.04 KL_it) - 0.01 mean H   over rows i and tokens t of an update", lines[1]);
        Assert.StartsWith("P_it = -min(w A_i, clip(w, 1 - 0.1, 1 + 0.1) A_i)", lines[2], StringComparison.Ordinal);
        Assert.Contains("W_i = 1 / N, N = tokens of the update   [loss_agg_mode: loss_type dapo]", lines);
        Assert.Contains("A_i = (R_i - mean of the group) / (deviation of the group + 0.0001)   [advantage_baseline: loss_type dapo, scale_rewards: loss_type dapo]", lines);
        Assert.Contains("R_i = 1 accuracy (1 / 0) + 0.5 soft_overlong (0 to -1 over the last 102 of 512 tokens)   [reward_funcs, reward_weights]", lines);
    }

    [Fact]
    public void WhatARunTakesIsCounted()
    {
        var lines = RlvrExplanation.Work((s_config with { MaxSteps = 10, NumIterations = 2, NumMiniBatches = 4 }).Resolve(64), 64);
        Assert.Equal("a step: 32 problems x 8 completions = 256 completions, at most 131,072 tokens; 8 updates, each of 1/4 of them", lines[0]);
        Assert.Equal("the run: 10 steps, 80 updates, 2,560 completions, at most 1,310,720 tokens; 5.00 passes over 64 problems", lines[1]);
    }

    [Fact]
    public void SettingsThatCannotActAreSaid()
    {
        Assert.Empty(RlvrExplanation.Warnings(s_config));
        Assert.Contains("epsilon, epsilon_high and delta cannot act", Assert.Single(RlvrExplanation.Warnings(s_config with { Epsilon = 0.2 })), StringComparison.Ordinal);
        Assert.Contains("max_steps counts batches", Assert.Single(RlvrExplanation.Warnings(s_config with { Epsilon = 0.2, NumIterations = 2 })), StringComparison.Ordinal);
        Assert.Contains("beta is 0", Assert.Single(RlvrExplanation.Warnings(s_config with { KlLossType = KlEstimator.K1 })), StringComparison.Ordinal);
        Assert.Empty(RlvrExplanation.Warnings(s_config with { TopK = 50, LogprobSupport = LogprobSupport.Sampled }));
        Assert.Contains("changes nothing", Assert.Single(RlvrExplanation.Warnings(s_config with { LogprobSupport = LogprobSupport.Sampled })), StringComparison.Ordinal);
        Assert.Contains("fewer tokens", Assert.Single(RlvrExplanation.Warnings(s_config with { TopK = 50 })), StringComparison.Ordinal);
    }

    private static (int, int) Batches(RlvrConfig config)
    {
        var resolved = config.Validate().Resolve(100);
        return (resolved.PromptsPerStep, resolved.NumMiniBatches);
    }

    private static string Mistake(RlvrConfig config) => Assert.Throws<UserException>(config.Validate).Message;
}
