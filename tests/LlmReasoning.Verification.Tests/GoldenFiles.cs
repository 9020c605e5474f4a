using System.Text.Json;

namespace LlmReasoning.Verification.Tests;

/// <summary>The golden files of the verifier: those of LLM_REASONING_GOLDEN where it is set, else those of the repository.</summary>
internal static class GoldenFiles
{
    public static IReadOnlyList<JsonElement> Read(string name)
    {
        var folder = Environment.GetEnvironmentVariable("LLM_REASONING_GOLDEN");
        var path = Path.Combine(string.IsNullOrEmpty(folder) ? Path.Combine(RepositoryRoot(), "tests", "golden") : folder, "verifier", name);
        if (!File.Exists(path)) { Assert.Skip($"{path} is not there"); }
        return [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LlmReasoning.sln"))) { folder = folder.Parent; }
        return folder?.FullName ?? throw new InvalidOperationException("LlmReasoning.sln stands in no folder above the tests");
    }
}
