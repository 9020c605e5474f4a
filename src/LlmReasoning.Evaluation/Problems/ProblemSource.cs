using LlmReasoning.Evaluation.Problems.Synthetic;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Finds problems by what the user calls them.</summary>
public static class ProblemSource
{
    // EMBEDDED: the sets that the embedded study uses.
    private static readonly Dictionary<string, (string Split, int Count)> EmbeddedSets = new()
    {
        ["embedded-test"] = (Split.Test, 120),
        ["embedded-train"] = (Split.Train, 640),
    };

    /// <summary>The problems of a file or of an embedded set.</summary>
    /// <param name="nameOrPath">A file, or the name of an embedded set.</param>
    /// <param name="filter">Which of them; null = all.</param>
    /// <param name="fields">Fields of the file with names of their own; null = the user cannot name any, and no message says so.</param>
    /// <exception cref="UserException">There is no such file or set, or the filter asks for what it does not have.</exception>
    public static IReadOnlyList<Problem> Read(string nameOrPath, ProblemFilter? filter = null, ProblemFieldNames? fields = null)
    {
        var problems = EmbeddedSets.TryGetValue(nameOrPath, out var set) && !File.Exists(nameOrPath)
            ? [.. SyntheticProblems.Set(0, set.Split, set.Count).Select(problem => problem.ToProblem())]
            : ReadFile(nameOrPath, fields);
        return filter?.Of(problems) ?? problems;
    }

    /// <summary>A short name for titles: asdiv of data/asdiv/test.jsonl, mine of mine.jsonl.</summary>
    public static string NameOf(string nameOrPath)
    {
        var stem = Path.GetFileNameWithoutExtension(nameOrPath);
        var folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(nameOrPath)));
        return stem is "test" or "train" && !string.IsNullOrEmpty(folder) ? $"{folder}/{stem}" : stem;
    }

    private static IReadOnlyList<Problem> ReadFile(string path, ProblemFieldNames? fields)
    {
        if (File.Exists(path)) { return ProblemFile.Read(path, fields); }
        throw new UserException($"problems is {path}, which {(Directory.Exists(path) ? "is a folder" : "does not exist")}; name a file of problems, or {string.Join(" or ", EmbeddedSets.Keys)}");
    }
}
