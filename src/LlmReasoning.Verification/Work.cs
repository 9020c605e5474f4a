namespace LlmReasoning.Verification;

/// <summary>Counts steps instead of reading a clock, so that a verdict is the same on every machine and under every load.</summary>
internal sealed class Work
{
    /// <summary>Steps one verdict may take; a step takes half a microsecond to one.</summary>
    public const long Limit = 6_000;

    /// <summary>Steps taken so far.</summary>
    public long Used { get; private set; }

    /// <summary>Takes steps.</summary>
    /// <exception cref="BoundExceededException">The limit is passed.</exception>
    public void Spend(long steps)
    {
        Used += steps;
        if (Used > Limit) { throw new BoundExceededException("work-exhausted"); }
    }
}

/// <summary>An input passes a bound (work, length, depth, size of numbers). Ends in an Undecided verdict, never leaves the library.</summary>
internal sealed class BoundExceededException : Exception
{
    public BoundExceededException(string reason) : base(reason) { }
}

/// <summary>A text is not in the grammar. Ends in the text being compared as text, never leaves the library.</summary>
internal sealed class NotMathsException : Exception
{
    public NotMathsException(string reason) : base(reason) { }
}
