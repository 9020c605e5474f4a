using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Pretraining;
using LlmReasoning.Torch.Runs;

namespace LlmReasoning.Torch.Tests.Pretraining;

public sealed class NewModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheDefaultsMakeTheShapeOfTheEmbeddedModel()
    {
        NewModel.Write(_folder.File("new"), new());
        var (made, embedded) = (ModelConfig.Read(_folder.File("new")), ModelConfig.Read(ModelFolder.Resolve(ModelFolder.Embedded)));
        Assert.Equal(embedded.Parameters().Select(parameter => $"{parameter.Name} {string.Join(',', parameter.Shape)}"), made.Parameters().Select(parameter => $"{parameter.Name} {string.Join(',', parameter.Shape)}"));
        Assert.Equal((embedded.EosTokenIds[0], embedded.PadTokenId, embedded.MaxPositionEmbeddings, embedded.RmsNormEps, embedded.TieWordEmbeddings), (made.EosTokenIds[0], made.PadTokenId, made.MaxPositionEmbeddings, made.RmsNormEps, made.TieWordEmbeddings));
        Assert.Equal(embedded.Rope, made.Rope);
    }

    [Fact]
    public void AConfigFileOfAnotherFamilyIsTaken()
    {
        var path = _folder.File("llama.json");
        File.WriteAllText(path, """{"architectures": ["LlamaForCausalLM"], "vocab_size": 448, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 128, "eos_token_id": 447}""");
        NewModel.Write(_folder.File("new"), new() { ModelConfig = path });
        using var model = CausalLM.Load(_folder.File("new"));
        Assert.Equal("LlamaForCausalLM", model.Config.Architecture);
        Assert.Contains("lm_head.weight", model.Weights().Keys);
    }

    [Theory]
    [InlineData("""{"architectures": ["LlamaForCausalLM"], "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 128}""", "take the tokenizer that belongs to the model")]
    [InlineData("{", "not valid JSON")]
    public void AConfigThatDoesNotFitIsRefusedAndNothingIsLeft(string json, string message)
    {
        var path = _folder.File("config.json");
        File.WriteAllText(path, json);
        var mistake = Assert.Throws<UserException>(() => NewModel.Write(_folder.File("new"), new() { ModelConfig = path })).Message;
        Assert.Contains(message, mistake, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", mistake, StringComparison.Ordinal);       // names the user's files, not their copies
        Assert.False(Directory.Exists(_folder.File("new")));
    }

    [Fact]
    public void HeadsThatDoNotDivideTheWidthAreNamed() => Assert.Contains(
        "hidden_size",
        Assert.Throws<UserException>(() => NewModel.Write(_folder.File("new"), new() { HiddenSize = 95 })).Message,
        StringComparison.Ordinal);
}
