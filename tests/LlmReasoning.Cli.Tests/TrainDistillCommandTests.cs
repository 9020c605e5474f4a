using LlmReasoning.Torch.Distillation;

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

    [Theory]
    [InlineData(false, "12 trained tokens, lr 0.001, train 2.00 s")]
    [InlineData(true, "12 trained tokens, lr 0.001, rollout 0.50 s, train 2.00 s")]
    public void AStepOfARunThatNeverSamplesHasNoTimeOfSampling(bool samples, string expected)
    {
        var step = new DistillStep { Step = 1, Loss = 1, GradNorm = 1, LearningRate = 0.001, TrainedTokens = 12, Epoch = 0, IsOnPolicy = false, Samples = [], Seconds = (samples ? 0.5 : 0, 2) };
        Assert.Equal([expected], TrainDistillCommand.Details(step, samples, eval: null));
    }

    [Fact]
    public void WhatIsMissingIsNamedWithTheOptionThatGivesIt()
    {
        Assert.Contains("--teacher-data", BuiltProgram.Run("train", "distill", "--model", "embedded", "--output", _folder.Path).OneErrorLine, StringComparison.Ordinal);
        Assert.Contains("problems", BuiltProgram.Run("train", "distill", "--model", "embedded", "--teacher-model", "embedded", "--preset", "on-policy", "--output", _folder.Path).OneErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rlvr", "--model", "embedded", "--problems", "embedded-train")]
    [InlineData("distill", "--model", "embedded", "--teacher-model", "embedded", "--preset", "on-policy", "--problems", "embedded-train")]
    [InlineData("pretrain", "--corpus", "embedded", "--set", "max_steps=1")]
    public void ADeviceThatIsNotThereIsRefusedBeforeTheRunsFolderIsMade(string command, params string[] arguments)
    {
        BuiltProgram.NeedsLibtorch();
        if (File.Exists("/proc/driver/nvidia/version")) { Assert.Skip("there is an NVIDIA driver"); }
        var output = Path.Combine(_folder.Path, "run");
        var finished = BuiltProgram.Run(["train", command, .. arguments, "--output", output, "--set", "device=cuda"]);
        Assert.Equal(1, finished.ExitCode);
        Assert.Contains("--set: device is cuda; no CUDA device is available; see docs/cuda.md, or take cpu", finished.OneErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void DtypesOfTrainingAreFloat32AndBfloat16()
    {
        string Error(params string[] settings) =>
            BuiltProgram.Run(["train", "distill", "--model", "embedded", "--teacher-data", Write("sft.jsonl", "{\"prompt\": \"a\", \"completion\": \"b\"}\n"), "--output", _folder.Path, .. settings.SelectMany(setting => (string[])["--set", setting])]).Error.TrimEnd('\n').Split('\n')[^1];
        Assert.Contains("--set: dtype is float16; gradients underflow in it without loss scaling; take bfloat16 or float32", Error("dtype=float16"), StringComparison.Ordinal);
        Assert.Contains("--set: dtype is float64; it must be float32 or bfloat16", Error("torch_dtype=float64"), StringComparison.Ordinal);
        BuiltProgram.NeedsLibtorch();
        Assert.Contains("--set: teacher_dtype is int8; it must be float32 or bfloat16", Error("teacher_dtype=int8"), StringComparison.Ordinal);
    }

    [Fact]
    public void Bfloat16IsTakenForTheComputationAndATeacherMayBeHeldInIt()
    {
        BuiltProgram.NeedsLibtorch();
        var output = Path.Combine(_folder.Path, "run");
        var finished = BuiltProgram.Run("train", "distill", "--preset", "on-policy", "--model", "embedded", "--teacher-model", "embedded", "--problems", "embedded-train", "--output", output,
            "--set", "max_steps=1", "--set", "per_device_train_batch_size=2", "--set", "max_completion_length=8", "--set", "dtype=bfloat16", "--set", "teacher_dtype=bfloat16");
        Assert.True(finished.ExitCode == 0, finished.Error);
        Assert.Contains("dtype bfloat16 is taken as bf16: true", finished.Error, StringComparison.Ordinal);
        Assert.Contains("bf16: true", File.ReadAllLines(Path.Combine(output, "config.yaml")));
        using var weights = LlmReasoning.Torch.Checkpoints.SafetensorsFile.Open(Path.Combine(output, "checkpoints", "step-000001", "model.safetensors"));
        Assert.All(weights.Tensors.Values, tensor => Assert.Equal("F32", tensor.DType));
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
