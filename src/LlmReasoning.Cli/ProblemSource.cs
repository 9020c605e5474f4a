using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;

namespace LlmReasoning.Cli;

/// <summary>Finds problems by what the user calls them.</summary>
internal static class ProblemSource
{
    // EMBEDDED: the sets that the embedded study uses.
    private static readonly Dictionary<string, (string Split, int Count)> EmbeddedSets = new()
    {
        ["embedded-test"] = (Split.Test, 120),
        ["embedded-train"] = (Split.Train, 640),
    };

    /// <summary>Adds the options of the keys that say which problems of a file are used and what its fields are called.</summary>
    /// <typeparam name="T">A config with these keys, named as in <see cref="SamplingConfig"/>.</typeparam>
    public static void AddOptions<T>(ConfigOptions<T> options) where T : class
    {
        options.Add("--level", nameof(SamplingConfig.Levels), "Only problems of these levels", "LEVEL");
        options.Add("--subset", nameof(SamplingConfig.Subset), "Only so many problems, drawn by their ids", "COUNT");
        options.Add("--subset-seed", nameof(SamplingConfig.SubsetSeed), "Other seeds draw other problems", "SEED");
        options.Add("--limit", nameof(SamplingConfig.Limit), "Only the first problems", "COUNT");
        options.Add("--problem-field", nameof(SamplingConfig.ProblemField), "The field that holds a problem's text, where its name is not recognised", "NAME");
        options.Add("--answer-field", nameof(SamplingConfig.AnswerField), "The field that holds the reference answer", "NAME");
        options.Add("--id-field", nameof(SamplingConfig.IdField), "The field that holds the id", "NAME");
        options.Add("--level-field", nameof(SamplingConfig.LevelField), "The field that holds the level", "NAME");
    }

    /// <summary>The problems of a file or of an embedded set.</summary>
    /// <param name="nameOrPath">A file, or the name of an embedded set.</param>
    /// <param name="filter">Which of them; null = all.</param>
    /// <param name="fields">Fields of the file with names of their own; null = as recognised.</param>
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
