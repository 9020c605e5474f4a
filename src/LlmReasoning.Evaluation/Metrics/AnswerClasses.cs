using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Samples of one problem whose answers are equal.</summary>
/// <param name="Answer">The commonest way the answer is written, of equally common ones the first by its characters.</param>
/// <param name="Count">Samples with this answer, 1 or more.</param>
/// <param name="Correct">Those of them that were judged correct.</param>
public readonly record struct AnswerClass(string Answer, int Count, int Correct)
{
    /// <summary>A class is right where most of its samples were judged correct; equality of answers and of answer and reference may differ in rare forms.</summary>
    public bool IsRight => 2 * Correct > Count;
}

/// <summary>The answers of one problem, by class.</summary>
public sealed class AnswerClasses
{
    private const int MaxAnswerChars = 500;

    private AnswerClasses(IReadOnlyList<AnswerClass> classes, int unanswered) => (Classes, Unanswered) = (classes, unanswered);

    /// <summary>Largest first; of equally large ones the right one, then by the answer's characters. The order of the samples plays no part.</summary>
    public IReadOnlyList<AnswerClass> Classes { get; }

    /// <summary>Samples without an answer.</summary>
    public int Unanswered { get; }

    /// <summary>All samples.</summary>
    public int Samples => Unanswered + Classes.Sum(one => one.Count);

    /// <summary>Shannon entropy of the answers in nats; samples without an answer are a class of their own.</summary>
    public double Entropy
    {
        get
        {
            double samples = Samples;
            return Classes.Select(one => one.Count).Append(Unanswered).Where(count => count > 0).Sum(count => -(count / samples) * Math.Log(count / samples));
        }
    }

    /// <summary>The answer of the largest class, null where there is none.</summary>
    public string? MajorityAnswer => Classes.Count > 0 ? Classes[0].Answer : null;

    /// <summary>An answer as it is counted: a long one is told apart by its beginning and a hash, so that memory does not grow with what a model babbles.</summary>
    internal static string Key(string answer)
    {
        if (answer.Length <= MaxAnswerChars) { return answer; }
        var hash = SHA256.HashData(MemoryMarshal.AsBytes(answer.AsSpan()));
        return $"{answer[..MaxAnswerChars]}... {Convert.ToHexStringLower(hash.AsSpan(0, 8))}";
    }

    /// <summary>Groups answers by equality.</summary>
    /// <param name="written">Every way an answer is written, with the samples that have it and how many of them are correct.</param>
    /// <param name="unanswered">Samples without an answer.</param>
    internal static AnswerClasses Of(IEnumerable<KeyValuePair<string, (int Count, int Correct)>> written, int unanswered)
    {
        var ordered = written.OrderByDescending(one => one.Value.Count).ThenBy(one => one.Key, StringComparer.Ordinal).ToArray();
        var groups = Verifier.Group([.. ordered.Select(one => one.Key)]);
        var classes = new Dictionary<int, AnswerClass>();
        for (var i = 0; i < ordered.Length; i++)
        {
            var (answer, (count, correct)) = ordered[i];
            if (groups[i] < 0)
            {
                unanswered += count;
                continue;
            }
            classes[groups[i]] = classes.TryGetValue(groups[i], out var known)
                ? known with { Count = known.Count + count, Correct = known.Correct + correct }
                : new AnswerClass(answer, count, correct);
        }
        return new AnswerClasses(
            [.. classes.Values.OrderByDescending(one => one.Count).ThenByDescending(one => one.IsRight).ThenBy(one => one.Answer, StringComparer.Ordinal)],
            unanswered);
    }
}
