using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Rlvr;

/// <summary>How the losses of tokens become one number. n_i = tokens of row i that count, R = rows of the optimizer step.</summary>
public enum Aggregation
{
    /// <summary>The mean over rows of each row's mean over its tokens; a row without tokens counts as 0 (GRPO, arXiv 2402.03300).</summary>
    SequenceMean,

    /// <summary>The mean over all tokens of the optimizer step (DAPO, arXiv 2503.14476).</summary>
    TokenMean,

    /// <summary>The mean over tokens within batches of a configured number of rows, then over these batches (TRL's bnpo, and all of TRL 0.16).</summary>
    BatchTokenMean,

    /// <summary>The sum over tokens, divided by R and the longest completion allowed (Dr. GRPO, arXiv 2503.20783).</summary>
    ConstantLength,

    /// <summary>The mean over rows of each row's sum over its tokens (TRL's luspo with a ratio of the sequence).</summary>
    SequenceSum,
}

/// <summary>The weight of each row's tokens in the loss, sum_i weight_i sum_t m_it x_it.</summary>
/// <remarks>
/// The weights are counted over all rows of an optimizer step, before it is cut into micro-batches: so the cut changes memory and nothing else.
/// TRL counts some of them within each micro-batch, with a result that depends on the cut.
/// </remarks>
public static class LossAggregation
{
    /// <summary>Weights float64 [R].</summary>
    /// <param name="lengths">[R]: tokens of each row that count.</param>
    /// <param name="maxCompletionLength">In tokens; read for <see cref="Aggregation.ConstantLength"/> alone.</param>
    /// <param name="rowsPerBatch">Read for <see cref="Aggregation.BatchTokenMean"/> alone.</param>
    public static Tensor RowWeights(Aggregation aggregation, Tensor lengths, long maxCompletionLength, long rowsPerBatch)
    {
        using var scope = NewDisposeScope();
        var tokens = lengths.to_type(ScalarType.Float64);
        var rows = tokens.shape[0];
        var weights = aggregation switch
        {
            Aggregation.SequenceMean => tokens.AtLeast(1).Times(rows).reciprocal(),
            Aggregation.TokenMean => ones_like(tokens) / tokens.sum().AtLeast(1),
            Aggregation.BatchTokenMean => BatchTokenMean(tokens, rowsPerBatch),
            Aggregation.ConstantLength => ones_like(tokens).Over(rows * maxCompletionLength),
            _ => ones_like(tokens).Over(rows),
        };
        return weights.MoveToOuterDisposeScope();
    }

    private static Tensor BatchTokenMean(Tensor tokens, long rowsPerBatch)
    {
        var batches = tokens.split(rowsPerBatch);
        return cat([.. batches.Select(batch => ones_like(batch) / batch.sum().AtLeast(1).Times(batches.Length))]);
    }
}
