using LlmReasoning.Evaluation.Tables;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Something wrong with a problem set.</summary>
/// <param name="Place">The row, such as "line 3".</param>
/// <param name="Message">What is wrong.</param>
public sealed record ProblemFinding(string Place, string Message);

/// <summary>What a check of a problem set came to.</summary>
/// <param name="Rows">Rows read, faulty ones included.</param>
/// <param name="Problems">The sound ones.</param>
/// <param name="Findings">In file order; empty = nothing is wrong.</param>
public sealed record ProblemCheckResult(int Rows, int Problems, IReadOnlyList<ProblemFinding> Findings);

/// <summary>Looks a problem set over: every row, not up to the first mistake.</summary>
public static class ProblemCheck
{
    /// <summary>
    /// Finds rows that are no problem, ids and texts that occur twice, reference answers that the verifier does not find equal to themselves, rows
    /// without a level where others have one, and texts that another set has too.
    /// </summary>
    /// <param name="path">jsonl, CSV or parquet.</param>
    /// <param name="against">A set that must have no problem in common; null = none.</param>
    /// <param name="names">Fields with names of their own, in both files where they have them.</param>
    /// <exception cref="UserException">A file that is missing or damaged as a whole.</exception>
    public static ProblemCheckResult Run(string path, string? against = null, ProblemFieldNames? names = null)
    {
        var other = against is null ? [] : PlacesByText(against, names);
        var findings = new List<ProblemFinding>();
        var placeOfId = new Dictionary<string, string>(StringComparer.Ordinal);
        var firstOfText = new Dictionary<string, (string Place, string Gold)>(StringComparer.Ordinal);
        var levelless = new List<(int At, string Place)>();
        int rows = 0, problems = 0;
        foreach (var row in TableFile.Rows(path))
        {
            rows++;
            void Found(string message) => findings.Add(new ProblemFinding(row.Place, message));
            Problem problem;
            try
            {
                problem = ProblemFile.OfRow(path, row, names);
            }
            catch (FormatException e)
            {
                Found(e.Message);
                continue;
            }
            problems++;
            if (problem.Level is null) { levelless.Add((findings.Count, row.Place)); }
            if (!placeOfId.TryAdd(problem.Id, row.Place)) { Found($"id is \"{problem.Id}\", as in {placeOfId[problem.Id]}"); }
            if (!ReferenceAnswer.EqualsItself(problem.Gold)) { Found($"the answer \"{problem.Gold}\" does not equal itself for the verifier"); }
            var text = NormalizedText.Of(problem.Text);
            if (!firstOfText.TryAdd(text, (row.Place, problem.Gold)))
            {
                var (place, gold) = firstOfText[text];
                Found(Verifier.VerifyAnswer(gold, problem.Gold).Outcome == Outcome.Correct
                    ? $"the same problem as in {place}"
                    : $"the same problem as in {place}, with another answer: \"{problem.Gold}\", there \"{gold}\"");
            }
            if (other.TryGetValue(text, out var elsewhere)) { Found($"the same problem as in {against}, {elsewhere}"); }
        }
        if (rows == 0) { findings.Add(new ProblemFinding("file", "holds no problem; one JSON object a line is expected")); }
        if (levelless.Count < problems)
        {
            for (var i = levelless.Count - 1; i >= 0; i--)
            {
                findings.Insert(levelless[i].At, new ProblemFinding(levelless[i].Place, "no level, though other problems have one"));
            }
        }
        return new ProblemCheckResult(rows, problems, findings);
    }

    /// <summary>Where each normalised text of a set stands first.</summary>
    private static Dictionary<string, string> PlacesByText(string path, ProblemFieldNames? names)
    {
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in TableFile.Rows(path))
        {
            try
            {
                places.TryAdd(NormalizedText.Of(ProblemFile.OfRow(path, row, names).Text), row.Place);
            }
            catch (FormatException e)
            {
                throw new UserException($"{path}: {row.Place}: {e.Message}", e);
            }
        }
        return places;
    }
}
