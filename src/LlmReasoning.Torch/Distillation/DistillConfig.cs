using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Distillation;

/// <summary>The settings of <c>train distill</c>; the names are TRL's where TRL has one.</summary>
public sealed record DistillConfig
{
    /// <summary>The student: a checkpoint's folder, or "embedded".</summary>
    public string? ModelNameOrPath { get; init; }

    /// <summary>Files of teacher responses.</summary>
    public IReadOnlyList<string>? TeacherData { get; init; }
    public string? OutputDir { get; init; }

    /// <summary>For lines that have a problem and no prompt: a preset's name, or a text file with {problem}.</summary>
    public string Template { get; init; } = "plain";
    public long Seed { get; init; } = 42;
    public SftLossType LossType { get; init; } = SftLossType.Nll;

    /// <summary>Examples of an optimizer step.</summary>
    public int PerDeviceTrainBatchSize { get; init; } = 8;
    public int MaxSteps { get; init; } = -1;

    /// <summary>Read where max_steps is -1.</summary>
    public double NumTrainEpochs { get; init; } = 3;
    public bool ShuffleDataset { get; init; } = true;

    /// <summary>Steps take examples of similar length, so that little of a batch is padding.</summary>
    public bool GroupByLength { get; init; }

    /// <summary>Prompt and response in tokens; null = the model's context.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Leave out examples that are longer, and say how many, instead of stopping.</summary>
    public bool DropOverlong { get; init; }
    public double LearningRate { get; init; } = 2e-5;
    public LearningRateSchedule LrSchedulerType { get; init; } = LearningRateSchedule.Linear;
    public int WarmupSteps { get; init; }

    /// <summary>Where cosine_with_min_lr and warmup_stable_decay end, as a share of learning_rate.</summary>
    public double MinLrRate { get; init; }

    /// <summary>The last steps, in which warmup_stable_decay goes down.</summary>
    public int NumDecaySteps { get; init; }
    public double WeightDecay { get; init; }
    public double AdamBeta1 { get; init; } = 0.9;
    public double AdamBeta2 { get; init; } = 0.999;
    public double AdamEpsilon { get; init; } = 1e-8;
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Tokens of a micro-batch, padding included: memory, and nothing else.</summary>
    public int MicroBatchTokens { get; init; } = 16384;
    public int SaveSteps { get; init; } = 500;
    public int? SaveTotalLimit { get; init; }

    /// <summary>Optimizer steps of a run over so many examples.</summary>
    public int Steps(int examples) => MaxSteps > 0 ? MaxSteps : Math.Max(1, (int)Math.Ceiling(NumTrainEpochs * examples / PerDeviceTrainBatchSize));

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    public DistillConfig Validate()
    {
        UserException.Require(PerDeviceTrainBatchSize >= 1, "per_device_train_batch_size", PerDeviceTrainBatchSize, "it must be at least 1");
        UserException.Require(MaxSteps is -1 or >= 1, "max_steps", MaxSteps, "it must be at least 1, or -1 for num_train_epochs");
        UserException.Require(NumTrainEpochs > 0 && double.IsFinite(NumTrainEpochs), "num_train_epochs", NumTrainEpochs, "it must be positive");
        UserException.Require(MaxLength is null or >= 2, "max_length", MaxLength, "it must be at least 2");
        UserException.Require(LearningRate >= 0 && double.IsFinite(LearningRate), "learning_rate", LearningRate, "it must be 0 or positive");
        UserException.Require(WarmupSteps >= 0, "warmup_steps", WarmupSteps, "it must be 0 or positive");
        UserException.Require(NumDecaySteps >= 0, "num_decay_steps", NumDecaySteps, "it must be 0 or positive");
        UserException.Require(MinLrRate is >= 0 and <= 1, "min_lr_rate", MinLrRate, "it must be between 0 and 1");
        UserException.Require(MaxGradNorm > 0, "max_grad_norm", MaxGradNorm, "it must be positive");
        UserException.Require(MicroBatchTokens >= 1, "micro_batch_tokens", MicroBatchTokens, "it must be at least 1");
        UserException.Require(SaveSteps >= 1, "save_steps", SaveSteps, "it must be at least 1");
        UserException.Require(SaveTotalLimit is null or >= 1, "save_total_limit", SaveTotalLimit, "it must be at least 1, or null for all");
        return this;
    }
}
