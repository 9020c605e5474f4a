using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

public sealed partial record RlvrConfig
{
    private const int RowsInFlight = 256;               // of the sampler, where batch_size does not say

    /// <summary>What a step's memory depends on, as if every completion reached its limit and every row trained.</summary>
    /// <param name="longestPrompt">In tokens.</param>
    /// <param name="device">Null = the CPU.</param>
    public StepShape Shape(ModelConfig model, int longestPrompt, Device? device = null)
    {
        var rows = PromptsPerStep * NumGenerations;
        var tokens = Math.Min(model.MaxPositionEmbeddings, longestPrompt + MaxCompletionLength);
        var most = BatchSize ?? RowsInFlight;
        (int Rows, int Tokens) training = (Math.Min(rows, most), tokens);
        // How many held-out problems there are is not known here: an evaluation takes as many rows at a time as it may.
        (int Rows, int Tokens) evaluation = EvalProblems is null ? (0, 0) : (most, Math.Min(model.MaxPositionEmbeddings, longestPrompt + EvalSampling().MaxNewTokens));
        var sampled = (long)evaluation.Rows * evaluation.Tokens > (long)training.Rows * training.Tokens ? evaluation : training;
        return new()
        {
            MicroBatchTokens = Math.Max(tokens, Math.Min(MicroBatchTokens, (long)rows * tokens)),
            SampledRows = sampled.Rows,
            SampledTokens = sampled.Tokens,
            OtherModels = HasReference ? [model] : [],
            GradientCheckpointing = GradientCheckpointing,
            Bf16 = Bf16,
            SamplesInBfloat16 = Bf16 && device?.type == DeviceType.CUDA,
        };
    }

    /// <summary>The time of a step whose completions take half of their limit on average.</summary>
    /// <param name="longestPrompt">In tokens.</param>
    /// <param name="device">Null = the CPU.</param>
    public TimePlan Time(ModelConfig model, int longestPrompt, Device? device = null)
    {
        var rows = (double)PromptsPerStep * NumGenerations;
        var (sampled, whole) = (rows * MaxCompletionLength / 2, rows * (longestPrompt + (MaxCompletionLength / 2.0)));
        return TimePlan.Of(model, sampled, NumIterations * whole, ((HasReference ? 1 : 0) + (UpdatesPerStep > 1 ? 1 : 0)) * whole, GradientCheckpointing, device, Bf16);
    }

    private bool HasReference => Objective().Loss.Beta != 0;
}
