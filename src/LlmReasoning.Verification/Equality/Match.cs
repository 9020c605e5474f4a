namespace LlmReasoning.Verification.Equality;

/// <summary>What a rule of the ladder found: equal, different, or (null) not to be told.</summary>
internal readonly record struct Match(bool? IsEqual, string Reason)
{
    public static Match Yes(string reason) => new(true, reason);

    public static Match No(string reason) => new(false, reason);

    public static Match Unknown(string reason) => new(null, reason);
}
