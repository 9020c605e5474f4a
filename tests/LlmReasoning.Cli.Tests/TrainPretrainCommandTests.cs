namespace LlmReasoning.Cli.Tests;

public sealed class TrainPretrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ARunThatStopsAndGoesOnEndsWithTheSameBytes()
    {
        BuiltProgram.NeedsLibtorch();
        var output = Path.Combine(_folder.Path, "run");
        string[] command = ["train", "pretrain", "--corpus", "embedded", "--output", output, "--set", "max_steps=6", "--set", "per_device_train_batch_size=4", "--set", "warmup_steps=2", "--set", "save_steps=3",
            "--set", "lr_scheduler_type=warmup_stable_decay", "--set", "num_decay_steps=2", "--set", "learning_rate=0.002", "--set", "min_lr_rate=0.5"];
        var finished = BuiltProgram.Run(command);
        var last = Path.Combine(output, "checkpoints", "step-000006");
        Assert.Equal((0, last), (finished.ExitCode, finished.Output.TrimEnd()));
        var bytes = Weights(last);
        Assert.NotEqual(Weights(Path.Combine(output, "initial")), bytes);

        Directory.Delete(last, recursive: true);
        Assert.Equal(0, BuiltProgram.Run([.. command, "--resume"]).ExitCode);
        Assert.Equal(bytes, Weights(last));
        var metrics = File.ReadAllLines(Path.Combine(output, "metrics.csv")).Select(line => line.Split(',')).ToList();
        Assert.Equal(["learning_rate", "0", "0.001", "0.002", "0.002", "0.002", "0.0015"], metrics.Select(row => row[3]));

        finished = BuiltProgram.Run([.. command, "--resume", "--set", "corpus_seed=1"]);
        Assert.Contains("the run began with 'corpus_seed: 0'", finished.OneErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt": "Compute 1+2+4.\n", "completion": "\\boxed{7}"}""", """{"text": "Ann wrote:\nCompute 1+2+3\n6"}""", "line 2: holds problem")]
    [InlineData("""{"prompt": "x", "completion": "y"}""", """{"prompt": "x"}""", "line 2: completion is missing")]
    [InlineData("""{"text": "some words"}""", """{"words": "x"}""", "line 2: text is missing")]
    public void ALineThatCannotBeTrainedOnIsNamed(string first, string second, string message)
    {
        BuiltProgram.NeedsLibtorch();
        var heldOut = _folder.File("test.jsonl", """{"id": "a", "problem": "Compute 1+2+3.", "answer": "6"}""");
        var corpus = _folder.File("corpus.jsonl", $"{first}\n{second}\n");
        var finished = BuiltProgram.Run("train", "pretrain", "--corpus", corpus, "--output", Path.Combine(_folder.Path, "run"), "--set", $"held_out=[\"{heldOut}\"]", "--set", "max_steps=1");
        Assert.Equal(1, finished.ExitCode);
        Assert.Contains($"{corpus}: {message}", finished.OneErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void TextsAreTrainedOnInPiecesThatFit()
    {
        BuiltProgram.NeedsLibtorch();
        var corpus = _folder.File("corpus.jsonl", $$"""{"text": "{{string.Join(' ', Enumerable.Range(0, 300))}}"}""");
        var output = Path.Combine(_folder.Path, "run");
        var finished = BuiltProgram.Run("train", "pretrain", "--corpus", corpus, "--output", output, "--set", "max_steps=1", "--set", "max_length=50", "--set", "per_device_train_batch_size=2");
        Assert.Equal(0, finished.ExitCode);
        Assert.Contains(",98,", File.ReadAllLines(Path.Combine(output, "metrics.csv"))[1], StringComparison.Ordinal);      // two pieces of 50 tokens: the first of each is context
    }

    [Fact]
    public void AGeneratedCorpusNeedsASize()
    {
        var finished = BuiltProgram.Run("train", "pretrain", "--corpus", "embedded", "--output", Path.Combine(_folder.Path, "run"));
        Assert.Contains("give corpus_size or max_steps", finished.OneErrorLine, StringComparison.Ordinal);
    }

    private static byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
}
