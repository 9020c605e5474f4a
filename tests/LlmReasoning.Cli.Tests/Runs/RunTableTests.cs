using System.Globalization;
using LlmReasoning.Cli.Runs;

namespace LlmReasoning.Cli.Tests.Runs;

public sealed class RunTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Train(string name, int seed, string rate, params string[] rows)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "config.yaml"), $"# a comment\nmodel_name_or_path: embedded\nlearning_rate: {rate}\nseed: {seed}\nlevels: [1, 2]\noutput_dir: {folder}\n");
        File.WriteAllText(Path.Combine(folder, "metrics.csv"), "step,reward,learning_rate,eval/pass@1,note\r\n" + string.Concat(rows.Select(row => row + "\r\n")));
    }

    private void Evaluate(string name, int seed, double accuracy)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;
        var model = Path.Combine(_folder.Path, Path.GetDirectoryName(name)!, "run/checkpoints/step-000002");
        var pass = accuracy.ToString(CultureInfo.InvariantCulture);
        File.WriteAllText(Path.Combine(folder, "passk.csv"), "");
        File.WriteAllText(Path.Combine(folder, "summary.json"), $$"""
            {"dataset": "toy", "sampling": {"model_id": "{{model}}", "template_id": "plain", "seed": {{seed}}, "temperature": 1, "model_name": "step-000002"}, "scorer": "lenient", "problems": 4, "n": 2,
             "curve": [{"k": 1, "estimate": {{pass}}}, {"k": 2, "estimate": 1}], "majority": [{"k": 1, "estimate": 0}, {"k": 2, "estimate": 0.25}],
             "truncated_share": 0, "boxed_share": 1, "answered_share": 1, "mean_completion_tokens": 30, "mean_answer_entropy": 0.5}
            """);
    }

    private string[] Rows(params string[] folders)
    {
        using var csv = new MemoryStream();
        RunTable.Of([.. folders.Select(folder => Path.Combine(_folder.Path, folder)).SelectMany(GatheredRun.Find)]).Write(csv);
        return System.Text.Encoding.UTF8.GetString(csv.ToArray()).Replace(_folder.Path + "/", "", StringComparison.Ordinal).TrimEnd().Split("\r\n");
    }

    [Fact]
    public void RunsThatDifferInTheSeedAloneHaveAMeanAndASpread()
    {
        Train("lr1/seed-0/run", 0, "1.0e-4", "1,0.1,1e-5,0.2,a", "2,0.3,1e-4,,b");
        Train("lr1/seed-1/run", 1, "1.0e-4", "1,0.2,1e-5,0.4,a", "2,0.5,1e-4,,b");
        Train("lr2/seed-0/run", 0, "2.0e-4", "1,0.9,2e-4,,a");
        var rows = Rows("lr1", "lr2");
        Assert.Equal(
            [
                "row,kind,runs,folder,seed,learning_rate,step,reward,last_learning_rate,eval/pass@1,note",
                "run,train,1,lr1/seed-0/run,0,1.0e-4,2,0.3,0.0001,0.2,",
                "run,train,1,lr1/seed-1/run,1,1.0e-4,2,0.5,0.0001,0.4,",
                "mean,train,2,,,1.0e-4,2,0.4,0.0001,0.30000000000000004,",
                "run,train,1,lr2/seed-0/run,0,2.0e-4,1,0.9,0.0002,,",
            ],
            rows.Where((_, i) => i != 4));
        var spread = rows[4].Split(',');
        Assert.Equal(["sd", "train", "2", "", "", "1.0e-4", "0"], spread[..7]);
        Assert.Equal(Math.Sqrt(0.02), double.Parse(spread[7], CultureInfo.InvariantCulture), 1e-12);
    }

    [Fact]
    public void ModelsThatWereTrainedWithOtherSeedsAreOneGroup()
    {
        Evaluate("a/seed-0/test", 0, 0.25);
        Evaluate("a/seed-1/test", 1, 0.75);
        Evaluate("b/seed-0/test", 0, 0.5);
        var rows = Rows("");
        Assert.Equal("row,kind,runs,folder,seed,model_id,pass@1,pass@2,maj@2,truncated_share,boxed_share,answered_share,mean_completion_tokens,mean_answer_entropy", rows[0]);
        Assert.Equal("mean,eval,2,,,a/seed-*/run/checkpoints/step-000002,0.5,1,0.25,0,1,1,30,0.5", rows[3]);
        Assert.StartsWith("sd,eval,2,,,a/seed-*/run/checkpoints/step-000002,0.35355339059327", rows[4], StringComparison.Ordinal);
        Assert.StartsWith("run,eval,1,b/seed-0/test,0,b/seed-0/run/checkpoints/step-000002,0.5", rows[5], StringComparison.Ordinal);
    }

    /// <summary>A setting that stands in two kinds of runs does not differ for that.</summary>
    [Fact]
    public void TrainingAndEvaluationStandInOneTable()
    {
        Train("seed-0/run", 0, "1.0e-4", "1,0.1,1e-5,,a");
        Evaluate("seed-0/test", 0, 0.25);
        var rows = Rows("");
        Assert.Equal("row,kind,runs,folder,seed,step,reward,learning_rate,eval/pass@1,note,pass@1,pass@2,maj@2,truncated_share,boxed_share,answered_share,mean_completion_tokens,mean_answer_entropy", rows[0]);
        Assert.Equal(["run,train,1,seed-0/run,0,1,0.1,1E-05,,,,,,,,,,", "run,eval,1,seed-0/test,0,,,,,,0.25,1,0.25,0,1,1,30,0.5"], rows[1..]);
    }

    [Fact]
    public void WhatIsNoRunIsPassedOverAndATornRowDoesNotCount()
    {
        Train("run", 0, "1.0e-4", "1,0.1,1e-5,,a");
        File.AppendAllText(Path.Combine(_folder.Path, "run/metrics.csv"), "2,0.9");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "compare"));
        File.WriteAllText(Path.Combine(_folder.Path, "compare/summary.json"), """{"base": {}}""");
        File.WriteAllText(Path.Combine(_folder.Path, "compare/passk.csv"), "");
        Train("run/checkpoints/copy", 0, "1.0e-4", "1,0.7,1e-5,,a");
        Assert.Equal("run,train,1,run,0,1,0.1,1E-05,,", Assert.Single(Rows("")[1..]));
    }

    [Theory]
    [InlineData("not json", "not the summary of an evaluation")]
    [InlineData("""{"sampling": {"seed": 1}}""", "not the summary of an evaluation")]
    [InlineData("""{"sampling": 3}""", "not the summary of an evaluation")]
    public void AFaultySummaryIsNamed(string text, string message)
    {
        Evaluate("test", 0, 0.5);
        File.WriteAllText(Path.Combine(_folder.Path, "test/summary.json"), text);
        Assert.Contains($"test/summary.json: {message}", Assert.Throws<UserException>(() => Rows("test")).Message);
        Assert.Contains("no such folder", Assert.Throws<UserException>(() => Rows("nowhere")).Message);
    }

    [Fact]
    public void TheCommandWritesAFileOrTheConsole()
    {
        Train("a/seed-0/run", 0, "1.0e-4", "1,0.1,1e-5,,a");
        var run = BuiltProgram.Run("runs", "summary", _folder.Path);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var file = Path.Combine(_folder.Path, "runs.csv");
        Assert.Equal($"1 runs: {file}\n", BuiltProgram.Run("runs", "summary", _folder.Path, "--output", file).Output);
        Assert.Equal(run.Output, File.ReadAllText(file));
        Assert.Contains("no run in it", BuiltProgram.Run("runs", "summary", Directory.CreateDirectory(Path.Combine(_folder.Path, "empty")).FullName).OneErrorLine, StringComparison.Ordinal);
    }
}
