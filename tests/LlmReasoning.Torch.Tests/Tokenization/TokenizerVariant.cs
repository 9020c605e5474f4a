using System.Text.Json.Nodes;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Tokenization;

/// <summary>The embedded model's tokenizer.json with a change, loaded from a temporary file.</summary>
internal static class TokenizerVariant
{
    public static Tokenizer Load(Action<JsonNode> change)
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(TokenizerFolders.Embedded, "tokenizer.json")))!;
        change(file);
        return LoadText(file.ToJsonString());
    }

    public static Tokenizer LoadText(string json)
    {
        var folder = Directory.CreateTempSubdirectory("llm-reasoning-test-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), json);
            return Tokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Adds a token with the next free id and the flags named.</summary>
    public static void Add(JsonNode file, string content, params string[] flags)
    {
        var tokens = file["added_tokens"]!.AsArray();
        var token = new JsonObject { ["id"] = tokens.Max(other => (int)other!["id"]!) + 1, ["content"] = content };
        foreach (var flag in new[] { "single_word", "lstrip", "rstrip", "normalized", "special" })
        {
            token[flag] = flags.Contains(flag);
        }
        tokens.Add(token);
    }
}
