using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Evaluation.Import;

/// <summary>What one row of another tool's output holds: replies to one problem.</summary>
internal sealed record ImportedRow
{
    public required string ProblemId { get; init; }

    /// <summary>Null where the row holds neither problem nor reference answer.</summary>
    public Problem? Problem { get; init; }

    public required IReadOnlyList<ImportedReply> Replies { get; init; }

    /// <summary>As the file tells it; null where it does not. So the others.</summary>
    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public int? TopK { get; init; }
    public int? MaxNewTokens { get; init; }
}

/// <summary>One reply.</summary>
/// <param name="Text">As it was saved.</param>
/// <param name="FinishReason">eos, stop or length; null where it is not known.</param>
/// <param name="Tokens">Null where it is not known.</param>
internal readonly record struct ImportedReply(string Text, string? FinishReason = null, int? Tokens = null);
