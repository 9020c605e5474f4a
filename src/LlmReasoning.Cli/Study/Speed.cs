namespace LlmReasoning.Cli.Study;

/// <summary>How fast this machine samples and trains a study's model.</summary>
/// <param name="SampledTokensPerSecond">While sampling.</param>
/// <param name="TrainedTokensPerSecond">Prompt and completion, forward and backward.</param>
internal sealed record Speed(double SampledTokensPerSecond, double TrainedTokensPerSecond)
{
    // Measured on 2 cores of an AMD EPYC (docs/performance.md): 45,000 and 25,000 tokens/s of the embedded model, 430 and 45 of SmolLM2-135M.
    private const double SamplingFlops = 58e9;              // a processor
    private const double TrainingFlops = 20e9;
    private const double SamplingOverheadSeconds = 32e-6;   // a token and processor
    private const double TrainingOverheadSeconds = 30e-6;
    private const double SecondsAStage = 1.5;               // loading, grading, tables and figures

    /// <summary>From measured constants: time of the products and of all else, spread over the processors.</summary>
    public static Speed Estimate(long parameters, int processors) => new(
        processors / (2.0 * parameters / SamplingFlops + SamplingOverheadSeconds),
        processors / (6.0 * parameters / TrainingFlops + TrainingOverheadSeconds))
    {
        IsEstimate = true,
    };

    /// <summary>Whether it was not measured on this machine.</summary>
    public bool IsEstimate { get; init; }

    public double SecondsOf(Stage stage) => SecondsAStage + stage.Cost.SampledTokens / SampledTokensPerSecond + stage.Cost.TrainedTokens / TrainedTokensPerSecond;
}
