namespace LlmReasoning.Cli.Tests;

/// <summary>Where commands write to, by the built program.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> CommandsThatHoldTheirFolder { get; } =
    [
        "train rlvr --model embedded --problems embedded-train",
        "train distill --model embedded --teacher-data {sft}",
        "train pretrain --set max_steps=1 --corpus embedded",
        "sample --model embedded --problems embedded-test",
        "eval passk --model embedded --problems embedded-test --k 2",
        "study run --config {study}",
    ];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(CommandsThatHoldTheirFolder))]
    public void TheSecondProcessInAFolderIsRefusedAndWritesNothing(string command)
    {
        BuiltProgram.NeedsLibtorch();
        var folder = Path.Combine(_folder.Path, "run");
        using (OutputFolder.Lock(folder))
        {
            var run = BuiltProgram.Run([.. Arguments(command), "--output", folder]);
            Assert.Equal(1, run.ExitCode);
            Assert.Equal($"llm-reasoning: {folder}: another process is writing to this folder; wait for its end, or choose another --output", run.OneErrorLine);
        }
        Assert.Equal([Path.Combine(folder, OutputFolder.LockFile)], Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [MemberData(nameof(CommandsThatHoldTheirFolder))]
    [InlineData("eval passk --samples {sft} --problems embedded-test")]
    [InlineData("eval compare --base {eval} --model {eval}")]
    [InlineData("eval text --samples {sft}")]
    [InlineData("eval perplexity --samples {sft} --scorer embedded")]
    [InlineData("data synthesize --split test --count 2")]
    [InlineData("data select --problems embedded-train --solutions")]
    [InlineData("data import {sft} --format jsonl --temperature 1")]
    public void AnOutputBelowAFileIsRefusedInOneLineThatNamesBoth(string command)
    {
        BuiltProgram.NeedsLibtorch();
        var file = _folder.File("file", "");
        var output = Path.Combine(file, "out");
        var run = BuiltProgram.Run([.. Arguments(command), "--output", output]);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"llm-reasoning: {output}", run.OneErrorLine, StringComparison.Ordinal);
        Assert.EndsWith($"cannot be written: {file} is a file; choose another place", run.OneErrorLine, StringComparison.Ordinal);
    }

    private IEnumerable<string> Arguments(string command)
    {
        var evaluation = Directory.CreateDirectory(Path.Combine(_folder.Path, "eval")).FullName;
        File.WriteAllText(Path.Combine(evaluation, "problems.csv"), "problem_id,n,c\na,4,1\nb,4,2\n");
        var sft = _folder.File("sft.jsonl", """{"prompt": "1 + 1?", "completion": "2", "problem": "1 + 1?", "answer": "2", "response": "2"}""" + "\n");
        return command.Split(' ').Select(word => word
            .Replace("{sft}", sft, StringComparison.Ordinal).Replace("{eval}", evaluation, StringComparison.Ordinal)
            .Replace("{study}", Path.Combine(Repository.Folder, "configs", "quickstart", "quick.yaml"), StringComparison.Ordinal));
    }
}
