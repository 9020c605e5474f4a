namespace LlmReasoning.Evaluation.Tests;

/// <summary>Where reference numbers and large data lie. The caller skips where a folder is absent.</summary>
internal static class Golden
{
    private static readonly string Repository = FindRepository();

    /// <summary>Files of the golden folder named by LLM_REASONING_GOLDEN, else of tests/golden, that match <paramref name="pattern"/>; skips where there are none.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        var root = Environment.GetEnvironmentVariable("LLM_REASONING_GOLDEN") is { Length: > 0 } named ? named : Path.Combine(Repository, "tests", "golden");
        return FilesOf(Path.Combine(root, folder), pattern);
    }

    /// <summary>Files that are part of the repository whatever LLM_REASONING_GOLDEN says.</summary>
    public static IReadOnlyList<string> OwnFiles(string folder, string pattern) => FilesOf(Path.Combine(Repository, "tests", "golden", folder), pattern);

    /// <summary>A file of the shared folder beside the repository, too large to be part of it; skips where it is absent.</summary>
    public static string Shared(string path)
    {
        var full = Path.GetFullPath(Path.Combine(Repository, "..", "shared", path));
        if (!File.Exists(full)) { Assert.Skip($"../shared/{path} is absent"); }
        return full;
    }

    private static string[] FilesOf(string folder, string pattern)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : [];
        if (files.Length == 0) { Assert.Skip($"no {pattern} in {folder}"); }
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LlmReasoning.sln"))) { return folder.FullName; }
        }
        throw new InvalidOperationException($"no LlmReasoning.sln above {AppContext.BaseDirectory}");
    }
}
