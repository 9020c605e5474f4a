using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Evaluation.Tests.Problems;

public sealed class ProblemFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Problem Single(string line) => Assert.Single(ProblemFile.Read(_folder.File("set.jsonl", line)));

    [Fact]
    public void Gsm8kKeepsTheAnswerAfterTheMarker()
    {
        var problem = Single("""{"question": "How many?", "answer": "2+2 = <<2+2=4>>4\n#### 1,004"}""");
        Assert.Equal(new Problem { Id = "set-0", Text = "How many?", Gold = "1,004", Solution = "2+2 = <<2+2=4>>4\n#### 1,004" }, problem);
    }

    [Fact]
    public void MathTakesTheLastBoxOfTheSolution()
    {
        var problem = Single("""{"problem": "Solve.", "level": "Level 3", "type": "Algebra", "solution": "\\boxed{1} no, \\boxed{\\frac{1}{\\{2\\}}}."}""");
        Assert.Equal(@"\frac{1}{\{2\}}", problem.Gold);
        Assert.Equal(("3", "Algebra"), (problem.Level, problem.Topic));
    }

    [Theory]
    [InlineData(@"$\boxed 5$", "5")]
    [InlineData(@"\boxed{7} and then \boxed{open", "7")]
    [InlineData(@"\fbox{8}", "8")]
    [InlineData("34", "34")]
    [InlineData("so\n#### 12", "12")]
    public void ASolutionAloneGivesItsAnswer(string solution, string gold) =>
        Assert.Equal(gold, Single(System.Text.Json.JsonSerializer.Serialize(new { problem = "p", solution })).Gold);

    [Fact]
    public void Math500KeepsItsOwnNames()
    {
        var problem = Single("""{"problem": "p", "solution": "s", "answer": "\\pi", "subject": "Precalculus", "level": 2, "unique_id": "test/a/8.json"}""");
        Assert.Equal(new Problem { Id = "test/a/8.json", Text = "p", Gold = @"\pi", Level = "2", Topic = "Precalculus", Solution = "s" }, problem);
    }

    [Fact]
    public void SvampAsksItsBodyAndQuestion()
    {
        var problem = Single("""{"Answer": 145.0, "Question": "How big?", "Body": "There are 290. ", "Type": "Division", "ID": "chal-777", "idx": 0}""");
        Assert.Equal(new Problem { Id = "chal-777", Text = "There are 290. How big?", Gold = "145", Topic = "Division" }, problem);
    }

    [Theory]
    [InlineData("9 (apples)", "9")]
    [InlineData("14  (seats)", "14")]
    [InlineData("1,200 ()", "1,200")]
    [InlineData("5:45", "5:45")]
    [InlineData("-(1/3)", "-(1/3)")]
    [InlineData("Rug B", "Rug B")]
    public void AsdivGoldsLoseTheirUnit(string answer, string gold)
    {
        var problem = Single($$"""{"body": "Seven apples.", "question": "How many?", "solution_type": "Sum", "answer": "{{answer}}", "idx": 4}""");
        Assert.Equal(new Problem { Id = "4", Text = "Seven apples. How many?", Gold = gold, Topic = "Sum" }, problem);
    }

    [Theory]
    [InlineData("""{"id": 60, "problem": "p", "question": "p", "answer": 204}""", "60", "204")]
    [InlineData("""{"ID": "2024-I-1", "Problem": "p", "Answer": "204"}""", "2024-I-1", "204")]
    [InlineData("""{"id": 0, "problem": "p", "answer": 27.0, "question": "p"}""", "0", "27")]
    [InlineData("""{"prompt": "p", "gold": "x+1"}""", "set-0", "x+1")]
    [InlineData("""{"text": "p", "target": 0.50}""", "set-0", "0.50")]
    [InlineData("""{"question": "p", "final_answer": "3", "level": null}""", "set-0", "3")]
    public void OtherNamesAreUnderstood(string line, string id, string gold) =>
        Assert.Equal(new Problem { Id = id, Text = "p", Gold = gold }, Single(line));

    [Theory]
    [InlineData("""{"problem": "p", "answer": NaN}""", "line 1: not JSON")]
    [InlineData("""{"problem": "p", "answer": "1" """, "line 1: not JSON")]
    [InlineData("""{"problem": "p", "answer": "1"} {}""", "line 1: not JSON")]
    [InlineData("""["problem"]""", "line 1: is an array")]
    [InlineData("""{"answer": "1"}""", "line 1: no problem")]
    [InlineData("""{"problem": "p"}""", "line 1: no answer")]
    [InlineData("""{"problem": "p", "answer": null}""", "line 1: no answer")]
    [InlineData("""{"problem": " ", "answer": "1"}""", "line 1: problem is empty")]
    [InlineData("""{"problem": "p", "answer": ""}""", "line 1: answer is empty")]
    [InlineData("""{"question": "p", "answer": "so\n####"}""", "line 1: answer after #### is empty")]
    [InlineData("""{"problem": "p", "answer": ["1"]}""", "line 1: answer is an array")]
    [InlineData("""{"problem": true, "answer": "1"}""", "line 1: problem is a truth value")]
    [InlineData("""{"problem": "p", "solution": "two\nlines"}""", "line 1: no answer")]
    [InlineData("""{"problem": "\ud800", "answer": "1"}""", "line 1: problem is not valid Unicode")]
    [InlineData("\n{\"id\": 1, \"problem\": \"p\", \"answer\": \"1\"}\n\n{\"id\": \"1\", \"problem\": \"q\", \"answer\": \"1\"}", "line 4: id is \"1\", as in line 2")]
    [InlineData("", "holds no problem")]
    [InlineData("\n \n", "holds no problem")]
    public void AMistakeIsNamedWithFileAndLine(string text, string message)
    {
        var path = _folder.File("bad.jsonl", text);
        var error = Assert.Throws<UserException>(() => ProblemFile.Read(path));
        Assert.StartsWith($"{path}: {message}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void NamedFieldsWin()
    {
        var names = new ProblemFieldNames { Problem = "Frage", Answer = "Antwort", Id = "Nr", Level = "Stufe" };
        var path = _folder.File("set.csv", "Nr,Frage,Antwort,Stufe,answer\n7,Wie viele?,\"so \\boxed{3}\",Level 2,9\n");
        Assert.Equal(new Problem { Id = "7", Text = "Wie viele?", Gold = "3", Level = "2" }, Assert.Single(ProblemFile.Read(path, names)));
        var error = Assert.Throws<UserException>(() => ProblemFile.Read(path, new ProblemFieldNames { Answer = "Loesung" }));
        Assert.Equal($"{path}: line 2: no field \"Loesung\", which answer_field names", error.Message);
    }

    [Theory]
    [InlineData("""{"Frage": "1+1?", "answer": "2"}""", "--problem-field")]
    [InlineData("""{"question": "1+1?", "Antwort": "2"}""", "--answer-field")]
    public void AFieldThatIsNotRecognisedIsToldWithTheOptionThatNamesItWhereThereIsOne(string row, string option)
    {
        var path = _folder.File("a.jsonl", row);
        Assert.EndsWith($"is expected; or name yours by {option}", Assert.Throws<UserException>(() => ProblemFile.Read(path, new())).Message, StringComparison.Ordinal);
        Assert.EndsWith("is expected", Assert.Throws<UserException>(() => ProblemFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        Assert.Contains("nowhere.jsonl: file not found", Assert.Throws<UserException>(() => ProblemFile.Read(_folder.File("nowhere.jsonl"))).Message);
        Assert.Contains("is a folder", Assert.Throws<UserException>(() => ProblemFile.Read(_folder.Path)).Message);
    }

    [Fact]
    public void MarksOfOtherSystemsAreSkipped()
    {
        var path = _folder.File("windows.jsonl");
        File.WriteAllText(path, "{\"problem\": \"é\", \"answer\": 1}\r\n{\"problem\": \"q\", \"answer\": 2}\r\n", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal(["é", "q"], ProblemFile.Read(path).Select(problem => problem.Text));
    }

    [Theory]
    [InlineData("gsm8k", 1319, "test-0", "18")]
    [InlineData("math500", 500, "test/precalculus/807.json", @"\left( 3, \frac{\pi}{2} \right)")]
    [InlineData("svamp", 1000, "chal-777", "145")]
    [InlineData("asdiv", 2215, "0", "9")]
    [InlineData("aime24", 30, "60", "204")]
    [InlineData("amc23", 40, "0", "27")]
    public void PublishedSetsAreRead(string set, int count, string firstId, string firstGold)
    {
        var problems = ProblemFile.Read(Golden.Shared($"data/{set}/test.jsonl"));
        Assert.Equal(count, problems.Count);
        Assert.Equal((firstId, firstGold), (problems[0].Id, problems[0].Gold));
        Assert.DoesNotContain(problems, problem => problem.Gold.Contains("####") || problem.Gold.EndsWith(')') && set == "asdiv" && char.IsDigit(problem.Gold[0]));
    }
}
