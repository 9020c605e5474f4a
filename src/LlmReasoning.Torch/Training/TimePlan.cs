using System.Diagnostics;
using System.Globalization;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Training;

/// <summary>An estimate of a step's time: the products it takes over the rate of a product measured now.</summary>
/// <remarks>A token takes 2 P operations forward and 4 P backward, P = weights. What else a step does is in the shares of the product's rate that sampling and training reach (docs/performance.md).</remarks>
public sealed record TimePlan
{
    private const int Side = 768;
    private const double SmallSampling = 0.2, SmallTraining = 0.55, Sampling = 0.6, Training = 0.75;

    public required double SamplingSeconds { get; init; }

    public required double TrainingSeconds { get; init; }

    /// <summary>Of a product measured for this plan, in operations a second.</summary>
    public required double Rate { get; init; }

    public double Seconds => SamplingSeconds + TrainingSeconds;

    /// <summary>The plan of a step.</summary>
    /// <param name="sampledTokens">New tokens of the step's completions.</param>
    /// <param name="trainedTokens">Tokens that go through forward and backward, prompts included.</param>
    /// <param name="scoredTokens">Tokens that go forward alone: old log-probabilities, a reference.</param>
    /// <param name="device">Null = the CPU.</param>
    /// <param name="bf16">Products in bfloat16, on CUDA.</param>
    public static TimePlan Of(ModelConfig model, double sampledTokens, double trainedTokens, double scoredTokens, bool gradientCheckpointing, Device? device = null, bool bf16 = false)
    {
        var weights = (double)MemoryPlan.Parameters(model);
        var rate = ProductRate(device ?? CPU, bf16 && device?.type == DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32);
        var isSmall = SlicedTrunk.IsSmall((long)weights);
        return new()
        {
            SamplingSeconds = 2 * weights * sampledTokens / (rate * (isSmall ? SmallSampling : Sampling)),
            TrainingSeconds = 2 * weights * (((gradientCheckpointing ? 4 : 3) * trainedTokens) + scoredTokens) / (rate * (isSmall ? SmallTraining : Training)),
            Rate = rate,
        };
    }

    /// <summary>The plan in a line of text.</summary>
    public string Explain(int steps) =>
        $"time: about {Text(Seconds)} a step ({Text(SamplingSeconds)} sampling, {Text(TrainingSeconds)} training), {Text(Seconds * steps)} for {steps} steps; an estimate, from products of {(Rate / 1e9).ToString("F0", CultureInfo.InvariantCulture)} GFLOP/s on this machine now";

    private static double ProductRate(Device device, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var side = device.type == DeviceType.CUDA ? 8 * Side : Side;
        var square = ones(side, side, type, device);
        var best = double.MaxValue;
        for (var i = 0; i < 12; i++)
        {
            var watch = Stopwatch.StartNew();
            using var product = square.mm(square);
            if (device.type == DeviceType.CUDA) { cuda.synchronize(device); }
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }
        return 2.0 * side * side * side / best;
    }

    private static string Text(double seconds) => seconds < 120 ? seconds.ToString("G2", CultureInfo.InvariantCulture) + " s"
        : seconds < 7200 ? (seconds / 60).ToString("F0", CultureInfo.InvariantCulture) + " minutes"
        : (seconds / 3600).ToString("F1", CultureInfo.InvariantCulture) + " hours";
}
