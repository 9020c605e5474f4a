using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

/// <summary>What a step minimises.</summary>
public enum DistillLossType
{
    /// <summary>Cross-entropy on the trained tokens.</summary>
    Nll,

    /// <summary>Cross-entropy weighted by the student's own probability (arXiv 2508.05629).</summary>
    Dft,

    /// <summary>The generalised Jensen-Shannon divergence from a teacher model; beta 0 and 1 are forward and reverse KL.</summary>
    Jsd,

    /// <summary>The reverse KL as a policy gradient on the student's own samples (arXiv 2306.08543).</summary>
    Minillm,
}

/// <summary>How texts are put into rows.</summary>
public enum PackingStrategy
{
    /// <summary>Best fit, longest first.</summary>
    Bfd,
}

/// <summary>The settings of <c>train distill</c>; the names are TRL's where TRL has one.</summary>
public sealed record DistillConfig : TrainingConfig
{
    public DistillConfig()
    {
        LearningRate = 2e-5;
        LrSchedulerType = LearningRateSchedule.Linear;
        SaveSteps = 500;
    }

    /// <summary>With another command's values for the keys that all have.</summary>
    public DistillConfig(TrainingConfig shared) : base(shared) { }

    /// <summary>A row of <see cref="DistillPresets"/> whose values stand where nothing else is said.</summary>
    public string? Preset { get; init; }

    /// <summary>The student: a checkpoint's folder, or "embedded".</summary>
    public string? ModelNameOrPath { get; init; }

    /// <summary>Files of teacher responses.</summary>
    public IReadOnlyList<string>? TeacherData { get; init; }

    /// <summary>Texts of the problems that samples in the teacher data are of, and prompts for samples of the student or the teacher: a file, or embedded-train.</summary>
    public string? Problems { get; init; }

    /// <summary>Of samples, train those that are graded correct and no others.</summary>
    public bool CorrectOnly { get; init; }

    /// <summary>Of messages, train every assistant turn instead of the last message.</summary>
    public bool AssistantOnlyLoss { get; init; }

    /// <summary>Of lines with a text alone, train what stands behind this; null = train all of it.</summary>
    public string? ResponseTemplate { get; init; }

    /// <summary>Null = jsd with a teacher model, else nll.</summary>
    public DistillLossType? LossType { get; init; }

    /// <summary>A model whose distribution over the vocabulary is learned; null = the data alone.</summary>
    public string? TeacherModelNameOrPath { get; init; }

    /// <summary>Of the divergence: 0 = forward KL, 1 = reverse KL.</summary>
    public double Beta { get; init; } = 0.5;

    /// <summary>Divides the logits of student and teacher in the divergence; null = temperature.</summary>
    public double? DivergenceTemperature { get; init; }

    /// <summary>The divergence over the student's so many likeliest tokens; null = over the vocabulary.</summary>
    public int? DistillationTopk { get; init; }

    /// <summary>With distillation_topk: the other tokens are one more outcome, instead of left out.</summary>
    public bool DistillationAddTail { get; init; } = true;

    /// <summary>Share of the steps that train on the student's own samples.</summary>
    public double Lmbda { get; init; }

    /// <summary>The other steps train on samples of the teacher model instead of the teacher data.</summary>
    public bool SeqKd { get; init; }

    /// <summary>MiniLLM: discount of later tokens' rewards.</summary>
    public double Gamma { get; init; }

    /// <summary>MiniLLM with gamma above 0: divide the discounted sum by that of its weights.</summary>
    public bool LengthNormalization { get; init; } = true;

    /// <summary>MiniLLM: add the exact reverse KL of each token.</summary>
    public bool SingleStepDecomposition { get; init; } = true;

    /// <summary>Rows of a pass, times gradient_accumulation_steps: the examples of an optimizer step.</summary>
    public int PerDeviceTrainBatchSize { get; init; } = 8;
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>Read where max_steps is -1.</summary>
    public double NumTrainEpochs { get; init; } = 3;

    /// <summary>Steps take rows of similar length, so that little of a batch is padding.</summary>
    public bool GroupByLength { get; init; }

    /// <summary>Prompt and response in tokens, and with packing the tokens of a row; null = the model's context.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Leave out examples that are longer, and say how many, instead of stopping.</summary>
    public bool DropOverlong { get; init; }

    /// <summary>Put several texts into one row; they do not see each other.</summary>
    public bool Packing { get; init; }
    public PackingStrategy PackingStrategy { get; init; }

    /// <summary>What the teacher's weights are held in, float32 or bfloat16; null = float32.</summary>
    public string? TeacherDtype { get; init; }

    /// <summary>Every so many steps the samples that a step trains on are written to samples/; 0 = never.</summary>
    public int LogCompletionsSteps { get; init; } = 10;

    /// <summary>Rows of an optimizer step.</summary>
    public int RowsPerStep => PerDeviceTrainBatchSize * GradientAccumulationSteps;

    /// <summary>loss_type, where it is not given that of what is.</summary>
    public DistillLossType Loss => LossType ?? (TeacherModelNameOrPath is null ? DistillLossType.Nll : DistillLossType.Jsd);

    /// <summary>Whether some step trains on the teacher data.</summary>
    public bool ReadsData => Lmbda < 1 && !SeqKd;

    /// <summary>Optimizer steps of a run over so many rows.</summary>
    public int Steps(int rows) => MaxSteps > 0 ? MaxSteps : Math.Max(1, (int)Math.Ceiling(NumTrainEpochs * rows / RowsPerStep));

    /// <summary>The config with all that follows from other keys written out: max_steps, warmup_steps, save_steps, eval_steps.</summary>
    /// <param name="rows">Of an epoch.</param>
    public DistillConfig Resolve(int rows)
    {
        var steps = Steps(rows);
        var (save, eval) = IntervalsOf(steps, Math.Max(1, (int)Math.Ceiling((double)rows / RowsPerStep)));
        return this with
        {
            MaxSteps = steps,
            WarmupSteps = WarmupStepsOf(steps),
            SaveSteps = save,
            EvalSteps = eval,
            EvalProblems = EvalStrategy == IntervalStrategy.No ? null : EvalProblems,
        };
    }

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    public DistillConfig Validate()
    {
        UserException.Require(PerDeviceTrainBatchSize >= 1, "per_device_train_batch_size", PerDeviceTrainBatchSize, "it must be at least 1");
        UserException.Require(GradientAccumulationSteps >= 1, "gradient_accumulation_steps", GradientAccumulationSteps, "it must be at least 1");
        UserException.Require((long)PerDeviceTrainBatchSize * GradientAccumulationSteps <= 1 << 24, "gradient_accumulation_steps", GradientAccumulationSteps, "it must not make a step of more than 16,777,216 rows");
        UserException.Require(NumTrainEpochs > 0 && double.IsFinite(NumTrainEpochs), "num_train_epochs", NumTrainEpochs, "it must be positive");
        UserException.Require(MaxLength is null or >= 2, "max_length", MaxLength, "it must be at least 2");
        UserException.Require(Temperature >= 1e-4, "temperature", Temperature, "it must be at least 0.0001");
        ValidateTraining();
        UserException.Require(ResponseTemplate is not "", "response_template", "empty", "leave it out to train the whole text");
        UserException.Require(LogCompletionsSteps >= 0, "log_completions_steps", LogCompletionsSteps, "it must be 0 (never) or positive");
        ValidateTeacher();
        ValidateEvaluation();
        return this;
    }

    private void ValidateTeacher()
    {
        UserException.Require(Beta is >= 0 and <= 1, "beta", Beta, "it must be from 0 (forward KL) to 1 (reverse KL)");
        UserException.Require(Lmbda is >= 0 and <= 1, "lmbda", Lmbda, "it must be from 0 (the data alone) to 1 (the student's samples alone)");
        UserException.Require(DivergenceTemperature is null or (>= 1e-4 and <= 1e6), "divergence_temperature", DivergenceTemperature, "it must be positive");
        UserException.Require(DistillationTopk is null or >= 1, "distillation_topk", DistillationTopk, "it must be at least 1, or null for the whole vocabulary");
        UserException.Require(Gamma is >= 0 and <= 1, "gamma", Gamma, "it must be from 0 to 1");
        if (TeacherModelNameOrPath is null)
        {
            UserException.Require(Loss is DistillLossType.Nll or DistillLossType.Dft, "loss_type", Name(Loss), "it needs a teacher's logits: give teacher_model_name_or_path");
            UserException.Require(!SeqKd, "seq_kd", "true", "it trains on samples of the teacher model: give teacher_model_name_or_path");
        }
        UserException.Require(Loss != DistillLossType.Minillm || Lmbda == 1, "lmbda", Lmbda, "loss_type minillm needs 1: its gradient is that of the student's own samples");
        UserException.Require(Loss is DistillLossType.Jsd || DistillationTopk is null, "distillation_topk", DistillationTopk, "it belongs to loss_type jsd; leave it out");
    }

    private static string Name(DistillLossType type) => type.ToString().ToLowerInvariant();
}
