namespace LlmReasoning.Cli.Tests;

public sealed class TrainDistillCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string text) => _folder.File(name, text);

    [Fact]
    public void InspectPutsTrainedTokensInBracketsWhereOutputIsRedirected()
    {
        var file = Write("sft.jsonl", "{\"problem\": \"Compute 1+2.\", \"response\": \"\\\\boxed{3}\"}\n{\"problem\": \"Compute 2+2.\", \"response\": \"\\\\boxed{4}\"}\n");
        var finished = BuiltProgram.Run("data", "inspect", file, "--row", "2");
        Assert.Equal((0, ""), (finished.ExitCode, finished.Error));
        Assert.Contains("Compute 2+2.\\n\n[\\boxed][{][4][}][<|im_end|>]\n", finished.Output, StringComparison.Ordinal);
        Assert.Contains("100.0 % end with a stop token that is trained", finished.Output, StringComparison.Ordinal);
        Assert.Contains("row is 3; there are 2 examples", BuiltProgram.Run("data", "inspect", file, "--row", "3").OneErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsMissingIsNamedWithTheOptionThatGivesIt()
    {
        Assert.Contains("--teacher-data", BuiltProgram.Run("train", "distill", "--model", "embedded", "--output", _folder.Path).OneErrorLine, StringComparison.Ordinal);
        Assert.Contains("problems", BuiltProgram.Run("train", "distill", "--model", "embedded", "--teacher-model", "embedded", "--preset", "on-policy", "--output", _folder.Path).OneErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunOnSamplesUnderATeacherGoesOnWhereItStopped()
    {
        BuiltProgram.NeedsLibtorch();
        var output = Path.Combine(_folder.Path, "run");
        string[] Arguments(int steps) => ["train", "distill", "--preset", "on-policy", "--model", "embedded", "--teacher-model", "embedded", "--problems", "embedded-train", "--output", output, "--resume",
            "--set", $"max_steps={steps}", "--set", "per_device_train_batch_size=2", "--set", "max_completion_length=8", "--set", "log_completions_steps=1"];
        Assert.Equal(0, BuiltProgram.Run(Arguments(1)).ExitCode);
        var finished = BuiltProgram.Run(Arguments(2));
        Assert.Equal((0, Path.Combine(output, "checkpoints", "step-000002") + "\n"), (finished.ExitCode, finished.Output));
        Assert.Equal(3, File.ReadAllLines(Path.Combine(output, "metrics.csv")).Length);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(output, "samples", "step-000002.jsonl")).Length);
    }
}
