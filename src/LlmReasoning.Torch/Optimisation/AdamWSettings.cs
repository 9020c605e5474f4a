namespace LlmReasoning.Torch.Optimisation;

/// <summary>Constants of <see cref="AdamW"/>; the defaults are transformers'.</summary>
public sealed record AdamWSettings
{
    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    public double WeightDecay { get; init; }

    /// <summary>Returns itself, or throws for a setting outside its range. Keys are those of the training configs.</summary>
    /// <exception cref="UserException">Names the key and its value.</exception>
    public AdamWSettings Validate()
    {
        UserException.Require(Beta1 is >= 0 and < 1, "adam_beta1", Beta1, "it must be 0 or positive and below 1");
        UserException.Require(Beta2 is >= 0 and < 1, "adam_beta2", Beta2, "it must be 0 or positive and below 1");
        UserException.Require(Epsilon is >= 0 and <= 1, "adam_epsilon", Epsilon, "it must be from 0 to 1");
        UserException.Require(WeightDecay is >= 0 and <= 1e6, "weight_decay", WeightDecay, "it must be 0 (off) or positive");
        return this;
    }
}
