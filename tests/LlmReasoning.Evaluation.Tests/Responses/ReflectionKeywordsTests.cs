using System.Text.Json;
using LlmReasoning.Evaluation.Responses;

namespace LlmReasoning.Evaluation.Tests.Responses;

public sealed class ReflectionKeywordsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ReflectionKeywords Of(KeywordMatch match, params string[] keywords) =>
        ReflectionKeywords.Read(_folder.File($"{Guid.NewGuid()}.txt", string.Join('\n', keywords)), match);

    [Fact, Trait("Category", "Golden")]
    public void TheListThatShipsIsThePapers() =>
        Assert.Equal(
            JsonDocument.Parse(File.ReadAllBytes(Golden.Files("evaluation", "kim2505.json")[0])).RootElement.GetProperty("reflection_keywords").EnumerateArray().Select(word => word.GetString()),
            ReflectionKeywords.Read(ReflectionKeywords.DefaultPath).Keywords);

    [Theory]
    [InlineData("ok", "look, a book", 0, 2)]
    [InlineData("ok", "OK, ok. (Ok)", 3, 3)]
    [InlineData("ok", "ok1 2ok", 0, 2)]
    [InlineData("let's check", "Let\u2019s\n  check it", 1, 1)]
    [InlineData("correction:", "a correction: 3, and corrections", 1, 1)]
    [InlineData("double-check", "We double-checked, so double-check", 1, 2)]
    [InlineData("I made a mistake", "i MADE a  mistake", 1, 1)]
    [InlineData("wait", "waitwait wait", 1, 3)]
    [InlineData("hmm", "hmmm", 0, 1)]
    [InlineData("wait", "", 0, 0)]
    public void WordsStandAloneAndSubstringsAnywhere(string keyword, string response, int words, int substrings)
    {
        Assert.Equal([words], Of(KeywordMatch.Word, keyword).Count(response));
        Assert.Equal([substrings], Of(KeywordMatch.Substring, keyword).Count(response));
    }

    [Fact]
    public void CommentsAndBlankLinesAreLeftOut() => Assert.Equal(["a b", "c"], Of(KeywordMatch.Word, "# version 3", "", " a b ", "c").Keywords);

    [Fact]
    public void AFaultyListIsNamed()
    {
        Assert.Contains("line 3: \"WAIT\" is in line 1 already", Assert.Throws<UserException>(() => Of(KeywordMatch.Word, "wait", "ok", "WAIT")).Message);
        Assert.Contains("holds no keyword", Assert.Throws<UserException>(() => Of(KeywordMatch.Word, "# none")).Message);
        Assert.Contains("file not found", Assert.Throws<UserException>(() => ReflectionKeywords.Read(_folder.File("none"))).Message);
    }
}
