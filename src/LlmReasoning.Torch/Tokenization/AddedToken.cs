namespace LlmReasoning.Torch.Tokenization;

/// <summary>A token that is cut out of the text before anything else is done to it.</summary>
internal sealed record AddedToken
{
    public required int Id { get; init; }

    /// <summary>What is looked for: in the text as it is, or with <see cref="Normalized"/> both sides normalised.</summary>
    public required string Content { get; init; }

    /// <summary>Left out of decoded text on request.</summary>
    public bool Special { get; init; }

    /// <summary>Matches only where no word character stands beside it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Takes the white space after it.</summary>
    public bool RightStrip { get; init; }

    public bool Normalized { get; init; }
}
