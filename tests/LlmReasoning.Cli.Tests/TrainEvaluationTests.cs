using System.Globalization;

namespace LlmReasoning.Cli.Tests;

/// <summary>Evaluation while training, against eval passk of the checkpoint.</summary>
public sealed class TrainEvaluationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Folder(string name) => Path.Combine(_folder.Path, name);

    [Theory]
    [InlineData("rlvr", "reward", "--problems", "embedded-train", "--set", "prompts_per_step=4", "--set", "num_generations=4", "--set", "temperature=1.1")]
    [InlineData("distill", "lenient", "--teacher-data", "SFT", "--set", "per_device_train_batch_size=2", "--set", "temperature=1.1")]
    public void ItsNumbersAreThoseOfEvalPassKOnTheCheckpointWithTheSameSettings(string command, string policy, params string[] arguments)
    {
        BuiltProgram.NeedsLibtorch();
        var responses = _folder.File("sft.jsonl", """
            {"problem": "Compute 12+30.", "response": "12+30=42 \\boxed{42}"}
            {"problem": "Compute 7*6.", "response": "7*6=42 \\boxed{42}"}
            """);
        string[] settings = ["max_steps=1", "max_completion_length=20", "learning_rate=1e-4", "seed=5", "eval_problems=embedded-test", "eval_n=6",
            "eval_k=[3, 6]", "eval_temperature=0.8", "eval_top_p=0.9", "eval_max_completion_length=56"];
        var trained = BuiltProgram.Run(["train", command, "--model", "embedded", .. arguments.Select(argument => argument == "SFT" ? responses : argument), "--output", Folder("run"),
            .. settings.SelectMany(setting => (string[])["--set", setting])]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        var evaluated = BuiltProgram.Run("eval", "passk", "--model", Path.Combine(Folder("run"), "checkpoints", "step-000001"), "--problems", "embedded-test", "--n", "6", "--k", "3", "--seed", "5",
            "--temperature", "0.8", "--top-p", "0.9", "--max-new-tokens", "56", "--policy", policy, "--output", Folder("eval"));
        Assert.True(evaluated.ExitCode == 0, evaluated.Error);

        var metrics = Rows(Path.Combine(Folder("run"), "metrics.csv")).Single();
        Assert.Equal(["eval/pass@1", "eval/pass@3", "eval/pass@6"], metrics.Keys.Where(name => name.StartsWith("eval/", StringComparison.Ordinal)));
        foreach (var row in Rows(Path.Combine(Folder("eval"), "passk.csv")).Where(row => row["k"] is "1" or "3"))
        {
            var expected = Number(row["estimate"]);
            Assert.InRange(expected, 0.05, 0.95);
            Assert.Equal(expected, Number(metrics[$"eval/pass@{row["k"]}"]), 1e-9);
        }
        Assert.True(Number(metrics["eval/pass@6"]) > Number(metrics["eval/pass@3"]));
        var buckets = Rows(Path.Combine(Folder("run"), "eval_buckets.csv"));
        Assert.Equal(Number(metrics["eval/pass@3"]), buckets.Sum(row => Number(row["problems"]) * Number(row["pass@3"])) / buckets.Sum(row => Number(row["problems"])), 1e-9);
    }

    private static List<Dictionary<string, string>> Rows(string path)
    {
        var lines = File.ReadAllLines(path).Select(line => line.Split(',')).ToList();
        return [.. lines.Skip(1).Select(line => lines[0].Zip(line).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
