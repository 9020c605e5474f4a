using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

public sealed partial record RlvrConfig
{
    private const int DefaultSteps = 100;
    private const int MostCompletions = 1_000_000;

    /// <summary>Optimizer steps of a step.</summary>
    public int UpdatesPerStep => NumIterations * NumMiniBatches;

    /// <summary>Weights of <see cref="RewardFuncs"/>.</summary>
    public IReadOnlyList<double> WeightsOfRewards => RewardWeights ?? [.. RewardFuncs.Select(_ => 1.0)];

    /// <inheritdoc/>
    public override SamplingSettings Sampling(long seed) => base.Sampling(seed) with { FilteredLogProbs = LogprobSupport == LogprobSupport.Sampled };

    /// <summary>Over what the trainer's log-probabilities are; null = the whole vocabulary.</summary>
    public SamplingSettings? Support() => LogprobSupport == LogprobSupport.Sampled ? Sampling(Seed) : null;

    /// <summary>Tokens before the limit over which soft_overlong falls.</summary>
    public int OverlongCache => SoftPunishCache ?? Math.Max(1, MaxCompletionLength / 5);

    /// <summary>max_logprob_difference with its default; infinite where there is no bound, since bfloat16's rounding adds up to more than any bound that would find a mistake.</summary>
    public double LogprobBound => MaxLogprobDifference ?? (Bf16 ? double.PositiveInfinity : 0.1);

    /// <summary>The config with all that follows from other keys written out: prompts_per_step, num_mini_batches, max_steps, warmup_steps, save_steps, eval_steps, max_logprob_difference.</summary>
    /// <param name="problems">To train on.</param>
    /// <exception cref="UserException">Keys that say the same thing say it differently, or batches do not divide.</exception>
    public RlvrConfig Resolve(int problems)
    {
        var batched = WithBatches();
        var stepsPerEpoch = Math.Max(1, (int)Math.Ceiling((double)problems / batched.PromptsPerStep));
        var steps = MaxSteps > 0 ? MaxSteps
            : NumTrainEpochs is { } epochs ? Math.Max(1, (int)Math.Ceiling(epochs * problems / batched.PromptsPerStep))
            : DefaultSteps;
        var (save, eval) = batched.IntervalsOf(steps, stepsPerEpoch);
        return batched with
        {
            MaxSteps = steps,
            WarmupSteps = WarmupStepsOf(steps),
            SaveSteps = save,
            EvalSteps = eval,
            EvalProblems = EvalStrategy == IntervalStrategy.No ? null : EvalProblems,
            MaxLogprobDifference = double.IsFinite(LogprobBound) ? LogprobBound : null,
        };
    }

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    public RlvrConfig Validate()
    {
        UserException.Require(NumGenerations >= 2, "num_generations", NumGenerations, "a group needs at least 2 completions to compare");
        UserException.Require(PromptsPerStep >= 1, "prompts_per_step", PromptsPerStep, "it must be at least 1");
        UserException.Require((long)PromptsPerStep * NumGenerations <= MostCompletions, "prompts_per_step", PromptsPerStep, $"x num_generations {NumGenerations} are {(long)PromptsPerStep * NumGenerations} completions a step; at most {MostCompletions} are held in memory");
        UserException.Require(NumIterations >= 1, "num_iterations", NumIterations, "it must be at least 1");
        UserException.Require(NumMiniBatches >= 1, "num_mini_batches", NumMiniBatches, "it must be at least 1");
        UserException.Require(PerDeviceTrainBatchSize is null or >= 1, "per_device_train_batch_size", PerDeviceTrainBatchSize, "it must be at least 1");
        UserException.Require(GradientAccumulationSteps is null or >= 1, "gradient_accumulation_steps", GradientAccumulationSteps, "it must be at least 1");
        UserException.Require(StepsPerGeneration is null or >= 1, "steps_per_generation", StepsPerGeneration, "it must be at least 1");
        UserException.Require(GenerationBatchSize is null or >= 1, "generation_batch_size", GenerationBatchSize, "it must be at least 1");
        UserException.Require(MaxPromptLength is null or >= 1, "max_prompt_length", MaxPromptLength, "it must be at least 1, or null for the model's context");
        UserException.Require(NumTrainEpochs is null or > 0 and < 1e6, "num_train_epochs", NumTrainEpochs, "it must be positive");
        UserException.Require(Temperature >= 1e-4, "temperature", Temperature, "it must be at least 0.0001: equal completions have no advantage");
        ValidateTraining();
        UserException.Require(MaxLogprobDifference is null or > 0, "max_logprob_difference", MaxLogprobDifference, "it must be positive, or null for 0.1 in float32 and no bound with bf16");
        UserException.Require(LogCompletionsSteps >= 0, "log_completions_steps", LogCompletionsSteps, "it must be 0 (never) or positive");
        UserException.Require(BatchSize is null or >= 1, "batch_size", BatchSize, "it must be at least 1, or null for what the memory holds");
        UserException.Require(Threads is null or >= 1, "threads", Threads, "it must be at least 1, or null for all processors");
        WithBatches().ValidateObjective();
        return this;
    }

    // TRL counts completions: those of an update and those of a step; here a step's problems and its updates are counted.
    private RlvrConfig WithBatches()
    {
        if ((PerDeviceTrainBatchSize ?? GradientAccumulationSteps ?? StepsPerGeneration ?? GenerationBatchSize) is null)
        {
            UserException.Require(NumMiniBatches <= PromptsPerStep * NumGenerations, "num_mini_batches", NumMiniBatches, $"a step has {PromptsPerStep * NumGenerations} completions");
            return this;
        }
        UserException.Require(StepsPerGeneration is null || GenerationBatchSize is null, "generation_batch_size", GenerationBatchSize, "steps_per_generation says it too; keep one");
        UserException.Require(PerDeviceTrainBatchSize is not null, "per_device_train_batch_size", "not given", "gradient_accumulation_steps, steps_per_generation and generation_batch_size need it; or write prompts_per_step alone");
        var batch = PerDeviceTrainBatchSize!.Value;
        var accumulation = GradientAccumulationSteps ?? 1;
        var update = checked((long)batch * accumulation);
        var step = GenerationBatchSize ?? (long)batch * (StepsPerGeneration ?? accumulation);
        var said = GenerationBatchSize is null
            ? $"per_device_train_batch_size {batch} x {(StepsPerGeneration is null ? "gradient_accumulation_steps" : "steps_per_generation")} {StepsPerGeneration ?? accumulation} = {step} completions a step"
            : $"generation_batch_size {step}";
        if (step % NumGenerations != 0 || step / NumGenerations > int.MaxValue) { throw new UserException($"{said} is not a multiple of num_generations ({NumGenerations}); change one of them"); }
        if (step % update != 0) { throw new UserException($"{said} is not a multiple of the {update} completions of an update (per_device_train_batch_size x gradient_accumulation_steps); change one of them"); }
        var (prompts, parts) = ((int)(step / NumGenerations), (int)(step / update));
        UserException.Require(_promptsPerStep is null || _promptsPerStep == prompts, "prompts_per_step", PromptsPerStep, $"{said}, which are {prompts} prompts of num_generations {NumGenerations}; keep one of the two");
        UserException.Require(_numMiniBatches is null || _numMiniBatches == parts, "num_mini_batches", NumMiniBatches, $"{said}, in updates of {update} are {parts}; keep one of the two");
        return this with { PromptsPerStep = prompts, NumMiniBatches = parts };
    }
}
