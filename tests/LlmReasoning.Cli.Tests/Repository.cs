namespace LlmReasoning.Cli.Tests;

/// <summary>The checkout that the tests belong to.</summary>
internal static class Repository
{
    /// <summary>The folder of LlmReasoning.sln, found from the tests' own.</summary>
    public static string Folder { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LlmReasoning.sln"))) { return folder.FullName; }
        }
        throw new InvalidOperationException($"no LlmReasoning.sln above {AppContext.BaseDirectory}");
    }
}
