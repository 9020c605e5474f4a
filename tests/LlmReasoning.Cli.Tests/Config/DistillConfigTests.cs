using LlmReasoning.Cli.Config;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Cli.Tests.Config;

public sealed class DistillConfigTests : IDisposable
{
    // train/Distillation/sftconfig.yaml of the paper's repository.
    private const string PaperSft = """
        model_name: "Qwen/Qwen2.5-3B"
        output_dir: "OUTPUT_DIR"
        run_name: "RUN_NAME_FOR_WANDB"
        resume_from_checkpoint: False
        checkpoint_path: "CHECKPOINT_PATH"
        learning_rate: 1e-6
        adam_beta1: 0.9
        adam_beta2: 0.95
        weight_decay: 1e-4
        warmup_steps: 25
        lr_scheduler_type: constant_with_warmup
        logging_steps: 1
        bf16: True
        bf16_full_eval: True
        per_device_train_batch_size: 1
        gradient_accumulation_steps: 2
        gradient_checkpointing: True
        max_prompt_length: 256
        max_completion_length: 32768
        num_train_epochs: 5
        save_steps: 1000
        max_grad_norm: 0.1
        report_to: wandb
        max_steps: -1
        log_completions: True
        evaluation_strategy: steps
        eval_steps: 50
        eval_on_start: False 
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ThePapersOwnFileLoads()
    {
        var config = Read(PaperSft);
        var value = config.Value.Validate();
        Assert.Equal("Qwen/Qwen2.5-3B", value.ModelNameOrPath);
        Assert.Equal((1e-6, 0.9, 0.95, 1e-4, 0.1), (value.LearningRate, value.AdamBeta1, value.AdamBeta2, value.WeightDecay, value.MaxGradNorm));
        Assert.Equal((25, LearningRateSchedule.ConstantWithWarmup, 2, 5.0), (value.WarmupSteps, value.LrSchedulerType, value.RowsPerStep, value.NumTrainEpochs));
        Assert.Equal(DistillLossType.Nll, value.Loss);
        Assert.Equal(25, value.Resolve(10).MaxSteps);                              // 5 epochs of 10 rows, 2 a step
        Assert.Contains("report_to", config.Ignored, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePresetOfThePaperHasTheSettingsOfItsFile()
    {
        var (own, preset) = (Read(PaperSft).Value, Read("preset: paper-sft").Value.Validate());
        Assert.Equal(
            (own.LearningRate, own.AdamBeta1, own.AdamBeta2, own.WeightDecay, own.MaxGradNorm, own.WarmupSteps, own.LrSchedulerType, own.NumTrainEpochs),
            (preset.LearningRate, preset.AdamBeta1, preset.AdamBeta2, preset.WeightDecay, preset.MaxGradNorm, preset.WarmupSteps, preset.LrSchedulerType, preset.NumTrainEpochs));
        Assert.Equal(4, preset.RowsPerStep);                                       // the global batch of table 7
    }

    [Theory]
    [InlineData("gkd", DistillLossType.Jsd, 0.5, 0.5)]
    [InlineData("minillm", DistillLossType.Minillm, 0.5, 1)]
    [InlineData("on-policy", DistillLossType.Jsd, 1, 1)]
    public void APresetSetsWhatIsNotGivenAndWhatIsGivenWins(string name, DistillLossType loss, double beta, double lmbda)
    {
        var value = Read($"seed: 7\npreset: {name}\nteacher_model_name_or_path: teacher\nlearning_rate: 0.5").Value.Validate();
        Assert.Equal((loss, beta, lmbda, 0.5, 7), (value.Loss, value.Beta, value.Lmbda, value.LearningRate, value.Seed));
    }

    [Fact]
    public void EveryPresetIsWrittenInKeysThatThereAre()
    {
        foreach (var preset in DistillPresets.All)
        {
            var config = Read($"preset: {preset.Name}\nteacher_model_name_or_path: teacher");
            config.Value.Validate();
            Assert.Null(config.Ignored);
            // What was resolved reads as the same.
            Assert.Equal(config.ToYaml(), Read(config.ToYaml()).ToYaml());
        }
    }

    [Fact]
    public void AnUnknownPresetIsAnsweredWithThoseThereAre() =>
        Assert.Equal("preset is kd; it is one of paper-sft, gkd, minillm, on-policy", Assert.Throws<UserException>(() => Read("preset: kd")).Message);

    [Theory]
    [InlineData("loss_type: jsd", "loss_type is jsd; it needs a teacher's logits")]
    [InlineData("seq_kd: true", "seq_kd is true; it trains on samples of the teacher model")]
    [InlineData("teacher_model_name_or_path: t\nloss_type: minillm\nlmbda: 0.5", "lmbda is 0.5; loss_type minillm needs 1")]
    [InlineData("beta: 1.5", "beta is 1.5; it must be from 0 (forward KL) to 1 (reverse KL)")]
    [InlineData("distillation_topk: 5", "distillation_topk is 5; it belongs to loss_type jsd")]
    [InlineData("eval_on_start: true", "eval_on_start is true; nothing is evaluated: give eval_problems, and an eval_strategy other than no")]
    [InlineData("eval_on_start: true\neval_problems: embedded-test\neval_strategy: no", "eval_on_start is true; nothing is evaluated")]
    [InlineData("metric_for_best_model: eval/pass@3\neval_problems: embedded-test", "metric_for_best_model is eval/pass@3; the evaluation's columns are eval/pass@k for k = 1, 2, 4, 8, 16")]
    [InlineData("eval_problems: p\neval_strategy: no\nmetric_for_best_model: eval/pass@1", "metric_for_best_model is eval/pass@1; nothing is evaluated")]
    [InlineData("eval_problems: p\neval_steps: 30\nmetric_for_best_model: eval/pass@1", "save_steps is 500; metric_for_best_model is eval/pass@1")]
    [InlineData("warmup_ratio: 2", "warmup_ratio is 2; it must be from 0 to 1")]
    public void ASettingThatCannotBeIsRefusedWithTheRemedy(string yaml, string message) =>
        Assert.StartsWith(message, Assert.Throws<UserException>(() => Read(yaml).Value.Validate()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("save_strategy: epoch\neval_strategy: epoch")]
    [InlineData("save_strategy: no")]
    public void TheBestIsChosenByAnEvaluationWhoseStrategySavesWhereItEvaluates(string strategies) =>
        Assert.NotNull(Read($"eval_problems: p\neval_steps: 30\nmetric_for_best_model: eval/pass@1\nload_best_model_at_end: true\n{strategies}").Value.Validate().Best());

    private RunConfig<DistillConfig> Read(string yaml) => RunConfig<DistillConfig>.Load(_folder.File("config.yaml", yaml), [], DistillPresets.ValuesOf);
}
