namespace LlmReasoning.Evaluation.Problems;

/// <summary>Problems that no training text may hold. Texts are compared as by <c>data check</c>: without case, spacing and closing marks.</summary>
/// <param name="problems">Of all sets together.</param>
public sealed class HeldOutProblems(IEnumerable<Problem> problems)
{
    private readonly Dictionary<string, string> _idOf = problems
        .GroupBy(problem => NormalizedText.Of(problem.Text), problem => problem.Id, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    public int Count => _idOf.Count;

    /// <summary>Passes a training text that is none of the problems, and of which no line is one.</summary>
    /// <param name="text">The text, or the prompt where there is one.</param>
    /// <param name="place">For the message.</param>
    /// <exception cref="UserException">It is one, or a line is.</exception>
    public void RefuseIn(string text, string place)
    {
        if (_idOf.Count == 0) { return; }
        foreach (var part in text.Split('\n').Append(text))
        {
            if (!_idOf.TryGetValue(NormalizedText.Of(part), out var id)) { continue; }
            throw new UserException($"{place}: holds problem {id} of a held-out set (held_out), which would be trained on; remove it from the corpus");
        }
    }
}
