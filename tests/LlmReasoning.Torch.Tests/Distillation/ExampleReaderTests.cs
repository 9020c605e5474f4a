using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Distillation;

/// <summary>With the embedded model's tokenizer, whose stop token is &lt;|im_end|&gt;.</summary>
public sealed class ExampleReaderTests : IDisposable
{
    private const int StopId = 447;

    private static readonly Tokenizer s_tokenizer = Tokenizer.Load(ModelFolder.Resolve(ModelFolder.Embedded));
    private static readonly Problem s_problem = new() { Id = "p1", Text = "Compute 1+2.", Gold = "3" };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"prompt":"Compute 1+2.\n","completion":"\\boxed{3}"}""")]
    [InlineData("""{"prompt":"Compute 1+2.\n","response":"\\boxed{3}","extra":[1]}""")]
    [InlineData("""{"problem":"Compute 1+2.","response":"\\boxed{3}","answer":"3"}""")]
    [InlineData("""{"messages":[{"role":"user","content":"Compute 1+2."},{"role":"assistant","content":"\\boxed{3}"}]}""")]
    [InlineData("""{"conversations":[{"from":"human","value":"Compute 1+2."},{"from":"gpt","value":"\\boxed{3}"}]}""")]
    [InlineData("""{"prompt":[{"role":"user","content":"Compute 1+2."}],"completion":[{"role":"assistant","content":"\\boxed{3}"}]}""")]
    [InlineData("""{"problem_id":"p1","sample_idx":0,"finish_reason":"eos","text":"\\boxed{3}"}""")]
    public void EveryFormatGivesTheSameExample(string line)
    {
        var example = Assert.Single(Read(line)).Example;
        Assert.Equal(s_tokenizer.Encode("Compute 1+2.\n"), example.PromptIds);
        Assert.Equal([.. s_tokenizer.Encode("\\boxed{3}"), StopId], Trained(example));
    }

    [Fact]
    public void ASampleThatWasCutAtTheLimitDoesNotTeachToStop()
    {
        var placed = Assert.Single(Read("""{"problem_id":"p1","sample_idx":0,"finish_reason":"length","text":"1+2="}"""));
        Assert.False(placed.HasEnd);
        Assert.Equal(s_tokenizer.Encode("1+2="), Trained(placed.Example));
    }

    [Fact]
    public void CorrectOnlyKeepsTheSamplesThatAreRight()
    {
        string[] lines = [.. new[] { "\\boxed{3}", "\\boxed{4}", "so \\boxed{3}" }.Select((text, i) => $$"""{"problem_id":"p1","sample_idx":{{i}},"finish_reason":"eos","text":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""")];
        Assert.Equal(3, Read(lines).Count);
        Assert.Equal([1, 3], Read(lines, new() { CorrectOnly = true }).Select(placed => int.Parse(placed.Place[^1..])));
        Assert.Contains("none of its samples is correct", Message(lines[1..2], new() { CorrectOnly = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void OfAConversationTheLastTurnIsTrainedOrEveryAssistantTurn()
    {
        const string Line = """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"bc"},{"role":"user","content":"d"},{"role":"assistant","content":"e"}]}""";
        var last = Assert.Single(Read([Line], template: "chatml")).Example;
        Assert.Equal("e<|im_end|>", s_tokenizer.Decode([.. Trained(last)], skipSpecialTokens: false));
        var all = Assert.Single(Read([Line], new() { AssistantOnlyLoss = true }, "chatml")).Example;
        Assert.Equal("bc<|im_end|>e<|im_end|>", s_tokenizer.Decode([.. Trained(all)], skipSpecialTokens: false));
        Assert.Equal(s_tokenizer.Encode("<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nbc<|im_end|>\n<|im_start|>user\nd<|im_end|>\n<|im_start|>assistant\ne<|im_end|>"), all.Ids);
    }

    [Fact]
    public void OfACompletionOfSeveralMessagesEveryAssistantTurnInItIsTrained()
    {
        const string Line = """{"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"completion":[{"role":"assistant","content":"d"},{"role":"user","content":"e"},{"role":"assistant","content":"f"}]}""";
        Assert.Equal("d<|im_end|>f<|im_end|>", s_tokenizer.Decode([.. Trained(Assert.Single(Read([Line], template: "chatml")).Example)], skipSpecialTokens: false));
    }

    [Fact]
    public void OfATextWhatStandsBehindTheResponseTemplateIsTrained()
    {
        const string Line = """{"text":"Q: 1+2 A: \\boxed{3}"}""";
        var behind = Assert.Single(Read([Line], new() { ResponseTemplate = " A: " })).Example;
        Assert.Equal("\\boxed{3}<|im_end|>", s_tokenizer.Decode([.. Trained(behind)], skipSpecialTokens: false));
        Assert.Equal(s_tokenizer.Encode("Q: 1+2 A: \\boxed{3}<|im_end|>"), behind.Ids);
        var whole = Assert.Single(Read(Line)).Example;
        Assert.Equal(whole.Length - 1, whole.TrainedTokens);
    }

    [Fact]
    public void ATokenThatReachesOverTheBorderBelongsToThePrompt()
    {
        // "oxed" is one token: the border in the middle of it trains what begins behind it.
        var (ids, offsets) = s_tokenizer.EncodeWithOffsets("\\boxed{3}");
        var (start, end) = offsets.First(offset => offset.End - offset.Start > 1);
        var example = SftExample.Of(s_tokenizer, "\\boxed{3}", [(start + 1).."\\boxed{3}".Length], StopId, "line");
        Assert.Equal(ids.Where((_, i) => offsets[i].Start >= end).Append(StopId), Trained(example));
    }

    [Theory]
    [InlineData("plain", """{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""", "template is plain")]
    [InlineData("chatml", """{"messages":[{"role":"user","content":"a"}]}""", "the last message is not the assistant's")]
    [InlineData("chatml", """{"messages":[{"role":"tool","content":"a"},{"role":"assistant","content":"b"}]}""", "a role is \"tool\"")]
    [InlineData("plain", """{"messages":[{"role":"user"}]}""", "messages[0] has no content")]
    [InlineData("plain", """{"prompt":"a"}""", "are none that teacher data has")]
    [InlineData("plain", """{"prompt":"a","completion":""}""", "the response is empty")]
    [InlineData("plain", """{"prompt":"a","completion":["b"]}""", "completion is an array")]
    [InlineData("plain", """{"text":""}""", "no token of it would be trained")]
    [InlineData("plain", """{"problem_id":"p9","sample_idx":0,"text":"b"}""", "problem_id \"p9\" is not among the problems")]
    [InlineData("plain", "[1]", "one JSON object a line")]
    [InlineData("plain", "", "the file has no rows")]
    public void AMistakeNamesFileAndLine(string template, string line, string message)
    {
        var told = Message([line], new(), template);
        Assert.Contains("data.jsonl", told, StringComparison.Ordinal);
        Assert.Contains(message, told, StringComparison.Ordinal);
        if (line.Length > 0) { Assert.Contains("line 1", told, StringComparison.Ordinal); }
    }

    [Fact]
    public void AllRowsOfAFileAreOfTheKindOfItsFirst() => Assert.Contains(
        "data.jsonl: line 2: completion or response is missing (line 1 made the file one of prompt and completion)",
        Message(["""{"prompt":"a","completion":"b"}""", """{"prompt":"a","text":"b"}"""], new()),
        StringComparison.Ordinal);

    [Fact]
    public void AResponseTemplateThatIsNotThereOrTwiceIsRefused()
    {
        Assert.Contains("does not occur", Message(["""{"text":"abc"}"""], new() { ResponseTemplate = "x" }), StringComparison.Ordinal);
        Assert.Contains("occurs twice", Message(["""{"text":"axbxc"}"""], new() { ResponseTemplate = "x" }), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherTokenizersAreRefusedWithTheFirstTokenThatDiffers()
    {
        SharedVocabulary.Require(s_tokenizer, Tokenizer.Load(ModelFolder.Resolve(ModelFolder.Embedded)));
        var path = Path.Combine(_folder.Path, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(s_tokenizer.SourcePath).Replace("<|im_end|>", "<|im_stop|>", StringComparison.Ordinal));
        var message = Assert.Throws<UserException>(() => SharedVocabulary.Require(s_tokenizer, Tokenizer.Load(path))).Message;
        Assert.Contains($"token {StopId} is \"<|im_stop|>\", and \"<|im_end|>\" for the student", message, StringComparison.Ordinal);
    }

    private static IEnumerable<int> Trained(SftExample example) => example.Ids.Where((_, i) => example.IsTrained[i]);

    private List<PlacedExample> Read(params string[] lines) => Read(lines, null);

    private List<PlacedExample> Read(string[] lines, DistillConfig? config = null, string template = "plain")
    {
        var path = Path.Combine(_folder.Path, "data.jsonl");
        File.WriteAllLines(path, lines.Where(line => line.Length > 0));
        return [.. new ExampleReader(s_tokenizer, PromptTemplate.Load(template), StopId, config ?? new(), [s_problem]).Read(path)];
    }

    private string Message(string[] lines, DistillConfig config, string template = "plain") => Assert.Throws<UserException>(() => Read(lines, config, template)).Message;
}
