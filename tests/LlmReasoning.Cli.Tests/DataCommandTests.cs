namespace LlmReasoning.Cli.Tests;

public sealed class DataCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void CheckEndsWithOneWhereSomethingIsWrong()
    {
        var sound = Write("sound.jsonl", "{\"problem\": \"1+1?\", \"answer\": \"2\"}\n");
        var finished = BuiltProgram.Run("data", "check", sound);
        Assert.Equal((0, $"{sound}: 1 problems, nothing is wrong\n"), (finished.ExitCode, finished.Output));

        var faulty = Write("faulty.csv", "problem,answer\n1+1?,2\nq,\n");
        finished = BuiltProgram.Run("data", "check", faulty, "--against", sound);
        Assert.Equal(1, finished.ExitCode);
        Assert.StartsWith($"{faulty}: line 2: the same problem as in {sound}, line 1\n{faulty}: line 3: no answer", finished.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ImportedSamplesAreEvaluatedAndSelectedFrom()
    {
        var file = Write("replies.jsonl", "{\"id\": \"a\", \"question\": \"1+1?\", \"answer\": \"2\", \"responses\": [\"2\", \"\\\\boxed{3}\"]}\n{\"id\": \"b\", \"question\": \"1+2?\", \"answer\": \"3\", \"responses\": [\"2\", \"4\"]}\n");
        var (imported, evaluated, selected) = (Path.Combine(_folder.Path, "in"), Path.Combine(_folder.Path, "eval"), Path.Combine(_folder.Path, "sft"));
        var problems = Path.Combine(imported, "problems.jsonl");
        var finished = BuiltProgram.Run("data", "import", file, "--format", "jsonl", "--temperature", "0.7", "--output", imported);
        Assert.Equal((0, ""), (finished.ExitCode, finished.Error));
        Assert.StartsWith("4 samples of 2 problems, 2 to 2 each; 1 correct\n", finished.Output, StringComparison.Ordinal);

        Assert.Equal(0, BuiltProgram.Run("eval", "passk", "--samples", imported, "--problems", problems, "--output", evaluated).ExitCode);
        finished = BuiltProgram.Run("data", "select", "--samples", imported, "--problems", problems, "--base", evaluated, "--where", "in-distribution", "--output", selected);
        Assert.Equal((0, ""), (finished.ExitCode, finished.Error));
        Assert.Contains("\"id\": \"a#0\"", Assert.Single(File.ReadAllLines(Path.Combine(selected, "sft.jsonl"))));
    }
}
