using System.Text;

namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>Every problem text belongs to exactly one split, whatever the seed: the splits are disjoint by construction.</summary>
public static class Split
{
    public const string Test = "test";
    public const string Train = "train";
    public const string Pretrain = "pretrain";

    /// <summary>One text of 16 is of the test split, two are of the train split.</summary>
    public static string Of(string problemText)
    {
        var hash = Fnv1a.Append(Fnv1a.Offset, Encoding.UTF8.GetBytes(problemText));
        hash ^= hash >> 33;
        hash = (hash * 0xFF51AFD7ED558CCD) >> 40;
        return (hash % 16) switch
        {
            0 => Test,
            1 or 2 => Train,
            _ => Pretrain,
        };
    }
}
