using System.Text.Json;

namespace LlmReasoning.Torch.Tests;

/// <summary>Where reference numbers lie: the folder that LLM_REASONING_GOLDEN names, else tests/golden.</summary>
internal static class Golden
{
    private static readonly string Repository = FindRepository();

    /// <summary>A folder of golden numbers; the test is skipped where it is absent.</summary>
    public static string Folder(string folder)
    {
        var full = FolderOrNull(folder);
        if (full is null) Assert.Skip($"there are no golden numbers for {folder}");
        return full;
    }

    public static string? FolderOrNull(string folder)
    {
        var root = Environment.GetEnvironmentVariable("LLM_REASONING_GOLDEN") is { Length: > 0 } named ? named : Path.Combine(Repository, "tests", "golden");
        var full = Path.Combine(root, folder);
        return Directory.Exists(full) ? full : null;
    }

    /// <summary>A folder of the repository's own golden numbers, whatever LLM_REASONING_GOLDEN says.</summary>
    public static string OwnFolder(string folder) => Path.Combine(Repository, "tests", "golden", folder);

    /// <summary>The folders within a folder of golden numbers, such as one a model.</summary>
    public static IReadOnlyList<string> Folders(string folder) => [.. Directory.GetDirectories(Folder(folder)).Order(StringComparer.Ordinal)];

    /// <summary>A folder of the data too large for the repository, beside it; the test is skipped where it is absent.</summary>
    public static string Shared(string folder)
    {
        var full = SharedOrNull(folder);
        if (full is null) Assert.Skip($"../shared/{folder} is absent");
        return full;
    }

    public static string? SharedOrNull(string folder) =>
        new[] { "../shared", "../../shared" }.Select(shared => Path.GetFullPath(Path.Combine(Repository, shared, folder))).FirstOrDefault(Directory.Exists);

    public static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LlmReasoning.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException($"LlmReasoning.sln stands in no folder above {AppContext.BaseDirectory}");
    }
}
