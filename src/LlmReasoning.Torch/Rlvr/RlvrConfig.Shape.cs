using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Rlvr;

public sealed partial record RlvrConfig
{
    private const int RowsInFlight = 256;               // of the sampler, where batch_size does not say

    /// <summary>What a step's memory depends on, as if every completion reached its limit and every row trained.</summary>
    public StepShape Shape(ModelConfig model)
    {
        var rows = PromptsPerStep * NumGenerations;
        var tokens = Math.Min(model.MaxPositionEmbeddings, (MaxPromptLength ?? 256) + MaxCompletionLength);
        return new()
        {
            MicroBatchTokens = Math.Max(tokens, Math.Min(MicroBatchTokens, (long)rows * tokens)),
            SampledRows = Math.Min(rows, BatchSize ?? RowsInFlight),
            SampledTokens = tokens,
            OtherModels = Objective().Loss.Beta == 0 ? [] : [model],
            GradientCheckpointing = GradientCheckpointing,
            Bf16 = Bf16,
        };
    }
}
