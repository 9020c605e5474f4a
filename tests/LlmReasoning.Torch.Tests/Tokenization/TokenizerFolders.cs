namespace LlmReasoning.Torch.Tests.Tokenization;

/// <summary>Where the tokenizer.json of a name lies: with the golden numbers, or among the files too large for the repository.</summary>
internal static class TokenizerFolders
{
    /// <summary>The small tokenizer of the embedded model, which is part of the repository.</summary>
    public static string Embedded => Path.Combine(Golden.OwnFolder("tokenizers"), "embedded");

    /// <summary>The folder of a tokenizer; the test is skipped where there is none.</summary>
    public static string Find(string name)
    {
        var golden = Golden.FolderOrNull("");
        var parents = new[]
        {
            golden is null ? null : Path.Combine(golden, "tokenizers"),
            golden is null ? null : Path.Combine(golden, "..", "tokenizers"),
            golden is null ? null : Path.Combine(golden, "..", "models"),
            Golden.OwnFolder("tokenizers"),
            Golden.SharedOrNull("tokenizers"),
            Golden.SharedOrNull("models"),
        };
        // The folder of a model may say more than its family: SmolLM2-135M-Instruct for smollm2.
        var found = parents
            .Where(Directory.Exists)
            .SelectMany(parent => Directory.GetDirectories(parent!))
            .Where(folder => File.Exists(Path.Combine(folder, "tokenizer.json")))
            .Where(folder => Path.GetFileName(folder) == name || Path.GetFileName(folder).StartsWith($"{name}-", StringComparison.OrdinalIgnoreCase))
            .FirstOrDefault();
        if (found is null) { Assert.Skip($"the tokenizer.json of {name} is absent"); }
        return found;
    }
}
