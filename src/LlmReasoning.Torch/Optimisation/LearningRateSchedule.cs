namespace LlmReasoning.Torch.Optimisation;

/// <summary>The course of the learning rate. TRL's lr_scheduler_type.</summary>
public enum LearningRateSchedule
{
    /// <summary>1 throughout, without warmup.</summary>
    Constant,

    /// <summary>Up in a line, then 1.</summary>
    ConstantWithWarmup,

    /// <summary>Up in a line, then down in a line to 0.</summary>
    Linear,

    /// <summary>Up in a line, then down half a cosine to 0.</summary>
    Cosine,

    /// <summary>Up in a line, then down half a cosine to a share of the full rate (min_lr_rate).</summary>
    CosineWithMinLr,

    /// <summary>Up in a line, then 1, and in the last steps (num_decay_steps) down half a cosine to min_lr_rate.</summary>
    WarmupStableDecay,
}

public static class LearningRates
{
    /// <summary>What the learning rate is multiplied by; the numbers of transformers' schedulers. With warmup the first step has 0.</summary>
    /// <param name="step">The update's index, from 0.</param>
    /// <param name="warmupSteps">Updates before the full rate.</param>
    /// <param name="totalSteps">Updates of the run.</param>
    /// <param name="minRate">Where <see cref="LearningRateSchedule.CosineWithMinLr"/> and <see cref="LearningRateSchedule.WarmupStableDecay"/> end, 0 to 1.</param>
    /// <param name="decaySteps">Of <see cref="LearningRateSchedule.WarmupStableDecay"/>.</param>
    public static double Multiplier(this LearningRateSchedule schedule, long step, long warmupSteps, long totalSteps, double minRate = 0, long decaySteps = 0)
    {
        if (schedule == LearningRateSchedule.Constant) { return 1; }
        if (step < warmupSteps) { return (double)step / Math.Max(1, warmupSteps); }
        var firstOfDecay = schedule == LearningRateSchedule.WarmupStableDecay ? Math.Max(warmupSteps, totalSteps - decaySteps) : warmupSteps;
        double stepsOfDecay = Math.Max(1, totalSteps - firstOfDecay);
        return schedule switch
        {
            LearningRateSchedule.Linear => Math.Max(0, (totalSteps - step) / stepsOfDecay),
            LearningRateSchedule.Cosine => HalfCosine(),
            LearningRateSchedule.WarmupStableDecay when step < firstOfDecay => 1,
            LearningRateSchedule.CosineWithMinLr or LearningRateSchedule.WarmupStableDecay => (HalfCosine() * (1 - minRate)) + minRate,
            _ => 1,
        };

        double HalfCosine() => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * ((step - firstOfDecay) / stepsOfDecay))));
    }
}
