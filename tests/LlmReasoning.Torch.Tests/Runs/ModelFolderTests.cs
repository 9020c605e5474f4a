using System.Text.Json.Nodes;
using LlmReasoning.Torch.Runs;

namespace LlmReasoning.Torch.Tests.Runs;

public sealed class ModelFolderTests : IDisposable
{
    private static readonly string s_embedded = ModelFolder.Resolve(ModelFolder.Embedded);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ATokenizerThatCutsTextIntoTokensTheModelLacksIsRefused()
    {
        WriteTokenizer(tokenizer => tokenizer["model"]!["vocab"]!["zzz"] = 500);
        var message = Assert.Throws<UserException>(() => ModelFolder.LoadTokenizer(_folder.Path)).Message;
        Assert.Contains("tokenizer.json: model.vocab has ids up to 500, and vocab_size of the model is 448", message);
    }

    /// <summary>A padding token that was added to the tokenizer and not to the model, as in many published folders.</summary>
    [Fact]
    public void AnAddedTokenMayLieBeyondTheVocabulary()
    {
        WriteTokenizer(tokenizer => tokenizer["added_tokens"]!.AsArray().Add(new JsonObject
        {
            ["id"] = 500,
            ["content"] = "<pad>",
            ["special"] = true,
            ["normalized"] = false,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
        }));
        Assert.Equal(501, ModelFolder.LoadTokenizer(_folder.Path).VocabularySize);
    }

    private void WriteTokenizer(Action<JsonNode> change)
    {
        var tokenizer = JsonNode.Parse(File.ReadAllText(Path.Combine(s_embedded, "tokenizer.json")))!;
        change(tokenizer);
        _folder.Write("tokenizer.json", tokenizer.ToJsonString());
        _folder.Write("config.json", File.ReadAllText(Path.Combine(s_embedded, "config.json")));
    }
}
