using System.Text.Json;
using LlmReasoning.Evaluation.TeacherData;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Tokenization;

public sealed class PromptTemplateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llm-reasoning-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void ThePlainPromptIsTheProblemAndANewline()
    {
        Assert.Equal("Compute 2+2.\n", PromptTemplate.Load("plain").Render("Compute 2+2."));
        Assert.Empty(PromptTemplate.Load("plain").StopTokens);
    }

    [Fact]
    public void TheThinkingPromptEndsInAnOpenThought()
    {
        var prompt = PromptTemplate.Load("r1-think").Render("2+2?");

        Assert.StartsWith("A conversation between User and Assistant.", prompt);
        Assert.EndsWith(".\nUser: 2+2?\nAssistant: <think>", prompt);
    }

    [Fact]
    public void EveryPresetHoldsTheProblemOnceAndIsNamedByItsId()
    {
        Assert.Equal(["plain", "qwen-boxed", "r1-think", "chatml", "llama3", "smollm2"], PromptTemplate.Presets);
        foreach (var name in PromptTemplate.Presets)
        {
            var template = PromptTemplate.Load(name);

            Assert.Equal(name, template.Id);
            Assert.Equal(2, template.Render("@@").Split("@@").Length);
        }
    }

    [Theory]
    [Trait("Category", "Golden")]
    [InlineData("qwen-boxed", "qwen2.5_math_style")]
    [InlineData("chatml", "chatml")]
    [InlineData("llama3", "llama3")]
    [InlineData("smollm2", "smollm2")]
    public void PresetsAreTheTemplatesOfTheReference(string preset, string file)
    {
        var folder = Golden.Folder("reference/templates");
        var path = Path.Combine(folder, $"{file}.json");
        if (!File.Exists(path)) { Assert.Skip($"{path} is absent"); }
        var template = PromptTemplate.Load(preset);
        var conversations = Golden.Json(Path.Combine(folder, "conversations.json"));
        var golden = Golden.Json(path);
        var compared = 0;
        foreach (var render in golden.GetProperty("renders").EnumerateArray())
        {
            var messages = conversations.GetProperty(render.GetProperty("conversation").GetString()!);
            if (!render.GetProperty("add_generation_prompt").GetBoolean() || !IsOneQuestion(messages, preset))
            {
                continue;
            }
            var problem = messages[messages.GetArrayLength() - 1].GetProperty("content").GetString()!;

            Assert.Equal(render.GetProperty("text").GetString(), template.Render(problem));
            compared++;
        }
        Assert.True(compared > 0, "no conversation of one question");
    }

    [Theory]
    [Trait("Category", "Golden")]
    [InlineData("qwen-boxed", "qwen2.5_math_style")]
    [InlineData("chatml", "chatml")]
    [InlineData("llama3", "llama3")]
    [InlineData("smollm2", "smollm2")]
    public void ConversationsAreWrittenAsTheTemplatesOfTheReferenceWriteThem(string preset, string file)
    {
        var folder = Golden.Folder("reference/templates");
        var path = Path.Combine(folder, $"{file}.json");
        if (!File.Exists(path)) { Assert.Skip($"{path} is absent"); }
        var conversations = Golden.Json(Path.Combine(folder, "conversations.json"));
        foreach (var render in Golden.Json(path).GetProperty("renders").EnumerateArray().Where(render => !render.GetProperty("add_generation_prompt").GetBoolean()))
        {
            List<ChatMessage> messages = [.. conversations.GetProperty(render.GetProperty("conversation").GetString()!).EnumerateArray()
                .Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
            var expected = render.GetProperty("text").GetString()!;
            var rendered = PromptTemplate.Load(preset).Render(messages);
            // What a template writes behind the last turn (a line end, or Llama's header of the next) is not part of it.
            Assert.StartsWith(rendered.Text, expected, StringComparison.Ordinal);
            Assert.True(expected.Length - rendered.Text.Length <= 50);
            Assert.Equal(
                messages.Where(message => message.Role == "assistant").Select(message => (preset == "llama3" ? message.Content.Trim() : message.Content) + PromptTemplate.Load(preset).StopTokens[0]),
                rendered.AssistantTurns.Select(turn => rendered.Text[turn]));
        }
    }

    [Theory]
    [Trait("Category", "Golden")]
    [InlineData("qwen2.5_math_style")]
    [InlineData("qwen3")]
    [InlineData("chatml")]
    [InlineData("llama3")]
    [InlineData("deepseek_v3")]
    public void RenderedTemplatesHaveTheIdsOfTheReference(string file)
    {
        var path = Path.Combine(Golden.Folder("reference/templates"), $"{file}.json");
        if (!File.Exists(path)) { Assert.Skip($"{path} is absent"); }
        var golden = Golden.Json(path);
        var tokenizer = Tokenizer.Load(TokenizerFolders.Find(golden.GetProperty("tokenizer").GetString()!));
        foreach (var render in golden.GetProperty("renders").EnumerateArray())
        {
            Assert.Equal(render.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), tokenizer.Encode(render.GetProperty("text").GetString()!));
        }
    }

    [Fact]
    public void Llama3TrimsWhatPythonCallsSpace()
    {
        var template = PromptTemplate.Load("llama3");

        Assert.Equal(template.Render("a b"), template.Render("\u00A0 \u001Ca b\r\n\u0085"));
    }

    [Fact]
    public void ATemplateFileIsTakenAsItIs()
    {
        var template = PromptTemplate.Load(Written("Q: {problem}\r\nA: {not a key} "));

        Assert.Equal("file:mine.txt", template.Id);
        Assert.Equal("Q: {problem} twice\r\nA: {not a key} ", template.Render("{problem} twice"));
        Assert.Empty(template.StopTokens);
    }

    [Theory]
    [InlineData("no place for it", "lacks {problem}")]
    [InlineData("{problem} {problem}", "has {problem} 2 times")]
    [InlineData("", "lacks {problem}")]
    public void ATemplateNeedsTheProblemOnce(string content, string message)
    {
        var path = Written(content);
        var error = Assert.Throws<UserException>(() => PromptTemplate.Load(path));

        Assert.Contains(path, error.Message);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void ATemplateThatIsNoTextIsRefused()
    {
        var path = Path.Combine(_folder, "mine.txt");
        File.WriteAllBytes(path, [0x7B, 0xFF, 0xFE]);

        Assert.Contains("not UTF-8", Assert.Throws<UserException>(() => PromptTemplate.Load(path)).Message);
    }

    [Fact]
    public void AnUnknownNameSuggestsTheNearestAndListsAll()
    {
        var error = Assert.Throws<UserException>(() => PromptTemplate.Load("qwen-box"));

        Assert.Contains("'qwen-box' (did you mean qwen-boxed?)", error.Message);
        Assert.Contains("plain, qwen-boxed, r1-think, chatml, llama3, smollm2", error.Message);
        Assert.Contains("'prompts/none.txt'", Assert.Throws<UserException>(() => PromptTemplate.Load("prompts/none.txt")).Message);
    }

    private string Written(string content)
    {
        var path = Path.Combine(_folder, "mine.txt");
        File.WriteAllText(path, content);
        return path;
    }

    // One user message, after a system message only where it is the one that the preset writes itself.
    private static bool IsOneQuestion(JsonElement messages, string preset)
    {
        var roles = messages.EnumerateArray().Select(message => message.GetProperty("role").GetString()).ToArray();
        return roles is ["user"]
            || (roles is ["system", "user"] && preset == "qwen-boxed"
                && messages[0].GetProperty("content").GetString() == @"Please reason step by step, and put your final answer within \boxed{}.");
    }
}
