using LlmReasoning.Cli.Config;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Cli.Tests.Config;

public sealed class ForeignKeysTests
{
    // The GRPO settings of Kim et al. 2025 under the names of their own file (TRL 0.16), its unterminated quote mended.
    private const string PapersGrpo = """
        model_name_or_path: "Qwen/Qwen2.5-3B"
        bf16: true
        learning_rate: 1e-6
        lr_scheduler_type: constant_with_warmup
        warmup_steps: 25
        adam_beta1: 0.9
        adam_beta2: 0.99
        weight_decay: 0.1
        max_grad_norm: 0.1
        per_device_train_batch_size: 4
        gradient_accumulation_steps: 5
        gradient_checkpointing: true
        num_generations: 10
        max_prompt_length: 256
        max_completion_length: 32768
        num_train_epochs: 25
        save_strategy: steps
        save_steps: 50
        logging_steps: 1
        beta: 0.0
        deepspeed: zero3.json
        use_vllm: true
        vllm_gpu_memory_utilization: 0.9
        report_to: [wandb]

        # Said by their code, or done by TRL 0.16 where nothing was said.
        loss_type: paper-rlvr
        temperature: 0.9
        top_p: 1.0
        top_k: 50
        outcome_reward: plus_minus_one
        template: plain
        drop_overlong: true

        """;

    private static RunConfig<T> Read<T>(string yaml, params string[] sets) where T : class
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("a.yaml", yaml);
        try { return RunConfig<T>.Load(file, sets.Select(RunConfig<T>.ParseOverride)); }
        catch (UserException e) { throw new UserException(e.Message.Replace(file, "a.yaml")); }
    }

    private static string Mistake(string yaml, params string[] sets) => Assert.Throws<UserException>(() => Read<RlvrConfig>(yaml, sets)).Message;

    [Fact]
    public void KeysWithoutAMeaningAreListedOnceWithTheReason()
    {
        var config = Read<RlvrConfig>("use_vllm: true\nvllm_device: auto\nreport_to: [wandb]\ngradient_checkpointing_kwargs:\n  use_reentrant: false\n", "use_vllm=false");
        Assert.Equal(
            "keys without a meaning here are ignored: use_vllm, vllm_device (sampling is part of this process); report_to (a run is metrics.csv, tensorboard/ and log.txt in its folder); gradient_checkpointing_kwargs (attention and kernels are chosen here)",
            config.Ignored);
        Assert.Null(Read<RlvrConfig>("beta: 0.1\n").Ignored);
    }

    [Fact]
    public void TheyAreIgnoredForEveryRecord() => Assert.StartsWith("keys without a meaning here are ignored: deepspeed", Read<DistillConfig>("deepspeed: zero3.json\n").Ignored, StringComparison.Ordinal);

    [Fact]
    public void AKeyThatSaysWhatHappensAnywayIsNotListed() => Assert.Null(Read<RlvrConfig>("optim: adamw_torch\nuse_peft: false\nsystem_prompt:\n").Ignored);

    [Theory]
    [InlineData("optim: sgd", "a.yaml:1: optim is 'sgd'; the optimizer is AdamW (adamw_torch)")]
    [InlineData("filter_groups: {enable: true}", "a.yaml:1: filter_groups is '{...}'; write zero_variance_groups: refill and max_num_gen_batches: 10 (flat)")]
    [InlineData("use_vlm: true", "a.yaml:1: use_vlm is not a key here; the keys are ")]
    [InlineData("model:\n  name: a", "a.yaml:1: model holds further keys; the keys of a config are flat")]
    [InlineData("epsilon: 0.1\nclip_ratio_low: 0.2", "a.yaml:2: is another name of epsilon, which stands at a.yaml:1; keep one")]
    [InlineData("scale_rewards: maybe", "a.yaml:1: scale_rewards is 'maybe'; it must be one of none, group, batch, or null")]
    public void WhatIsNotHereIsAMistakeWithARemedy(string yaml, string message) => Assert.StartsWith(message, Mistake(yaml), StringComparison.Ordinal);

    [Fact]
    public void OtherNamesAndValuesMeanOurs()
    {
        var config = Read<RlvrConfig>("clip_ratio_c: 3.0\nkl_loss_type: low_var_kl\nscale_rewards: false\n", "clip_ratio_high=0.28");
        Assert.Equal((3, 0.28, KlEstimator.K3, RewardScale.None), (config.Value.Delta, config.Value.EpsilonHigh, config.Value.KlLossType, config.Value.ScaleRewards));
        Assert.Equal([RewardFunction.Accuracy, RewardFunction.SoftOverlong], Read<RlvrConfig>("reward_funcs: [accuracy_reward, soft_overlong_punishment]\n").Value.RewardFuncs);
        Assert.Equal(Aggregation.TokenMean, Read<RlvrConfig>("loss_agg_mode: token-mean\n").Value.LossAggMode);
        Assert.Equal(RewardScale.Group, Read<RlvrConfig>("scale_rewards: true\n").Value.ScaleRewards);
        Assert.True(config.IsGiven(nameof(RlvrConfig.Delta)));
    }

    [Fact]
    public void ThePapersOwnFileLoads()
    {
        var config = Read<RlvrConfig>(PapersGrpo);
        var value = config.Value.Validate().Resolve(7500);
        Assert.Equal((2, 10, 1, 93_750), (value.PromptsPerStep, value.NumGenerations, value.UpdatesPerStep, value.MaxSteps));
        Assert.Equal((0.1, 0.99, 256, 32_768), (value.MaxGradNorm, value.AdamBeta2, value.MaxPromptLength, value.MaxCompletionLength));
        Assert.Contains("use_vllm, vllm_gpu_memory_utilization (", config.Ignored, StringComparison.Ordinal);
        Assert.Contains("deepspeed (", config.Ignored, StringComparison.Ordinal);
        Assert.Contains("W_i = 1 / (N_b B), N_b = tokens of the row's batch of 4 rows, B = batches of the update   [loss_agg_mode: loss_type paper-rlvr]", RlvrExplanation.Objective(value));
        // What was resolved is written whole, and reads as the same.
        using var folder = new TemporaryFolder();
        var yaml = config.With(value).ToYaml();
        Assert.Equal(yaml, RunConfig<RlvrConfig>.Load(folder.File("config.yaml", yaml), []).ToYaml());
    }
}
