using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Reads problem sets; docs/problems.md lists the field names that are understood.</summary>
public static class ProblemFile
{
    /// <summary>Reads a jsonl, CSV or parquet file: one problem a row, blank lines skipped. jsonl and CSV may be compressed (.gz, .zst).</summary>
    /// <param name="path">Its name says the format; jsonl where it ends neither in .csv nor in .parquet.</param>
    /// <param name="names">Fields with names of their own; null = the user cannot name any.</param>
    /// <returns>The problems in file order, at least one, with distinct ids: the data set's own, else "FILE STEM-ROW INDEX" counted from 0.</returns>
    /// <exception cref="UserException">Names the file and the line: not JSON, no problem, no answer, an empty or mistyped field, an id twice, no problem at all.</exception>
    public static IReadOnlyList<Problem> Read(string path, ProblemFieldNames? names = null)
    {
        var problems = new List<Problem>();
        var placeOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in TableFile.Rows(path))
        {
            Problem problem;
            try
            {
                problem = OfRow(path, row, names);
            }
            catch (FormatException e)
            {
                throw new UserException($"{path}: {row.Place}: {e.Message}", e);
            }
            if (!placeOf.TryAdd(problem.Id, row.Place))
            {
                throw new UserException($"{path}: {row.Place}: id is \"{problem.Id}\", as in {placeOf[problem.Id]}; give every problem its own");
            }
            problems.Add(problem);
        }
        return problems.Count > 0 ? problems : throw new UserException($"{path}: holds no problem; one JSON object a line is expected");
    }

    /// <summary>Writes problems as jsonl: id, problem, answer, and level, topic and solution where they have them.</summary>
    public static void Write(string path, IEnumerable<Problem> problems)
    {
        var line = new JsonLine();
        AtomicFile.Write(path, stream =>
        {
            foreach (var problem in problems)
            {
                line.Begin();
                line.Text("id"u8, problem.Id);
                line.Text("problem"u8, problem.Text);
                line.Text("answer"u8, problem.Gold);
                if (problem.Level is { } level) { line.Text("level"u8, level); }
                if (problem.Topic is { } topic) { line.Text("topic"u8, topic); }
                if (problem.Solution is { } solution) { line.Text("solution"u8, solution); }
                stream.Write(line.End());
            }
        });
    }

    /// <exception cref="FormatException">What is wrong with the row.</exception>
    internal static Problem OfRow(string path, TableRow row, ProblemFieldNames? names)
    {
        if (row.Fault is { } fault) { throw new FormatException(fault); }
        var stem = Path.GetFileNameWithoutExtension(CompressedStream.WithoutExtension(path));
        return ProblemFields.Recognise(row.Text, names, $"{stem}-{row.Index}");
    }
}
