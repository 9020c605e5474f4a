using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Responses;

/// <summary>The answers given to one problem, with how often each was given.</summary>
internal sealed class AnswerClasses
{
    // "" stands for no answer.
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public void Add(string? answer)
    {
        var key = answer ?? "";
        _counts[key] = _counts.GetValueOrDefault(key) + 1;
    }

    /// <summary>Samples by class of equal answers; no answer is a class of its own. Does not depend on the order of the samples.</summary>
    public int[] Sizes()
    {
        string[] answers = [.. _counts.Keys.Order(StringComparer.Ordinal)];
        var groups = Verifier.Group(answers);
        return [.. answers.Zip(groups).GroupBy(pair => pair.Second, pair => _counts[pair.First]).Select(group => group.Sum())];
    }

    /// <summary>Shannon's entropy in nats of the shares of the classes; 0 for one class, ln(n) for n classes of one.</summary>
    public static double Entropy(IReadOnlyCollection<int> sizes)
    {
        double total = sizes.Sum();
        var entropy = 0.0;
        foreach (var size in sizes.Order())
        {
            if (size > 0) { entropy -= size / total * Math.Log(size / total); }
        }
        return Math.Abs(entropy);      // a single class gives -0
    }
}
