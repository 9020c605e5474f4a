using System.Diagnostics;

namespace LlmReasoning.Cli.Tests;

/// <summary>scripts/sweep.sh, which prints commands and runs none.</summary>
public sealed class SweepScriptTests
{
    private static BuiltProgram.Finished Sweep(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", ["scripts/sweep.sh", .. arguments]) { WorkingDirectory = Repository.Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        return BuiltProgram.Finish(process);
    }

    private static string[] Lines(params string[] arguments) => Sweep(arguments).Output.TrimEnd('\n').Split('\n');

    [Fact]
    public void EverySeedRateAndLossIsALineThatTrainsAndEvaluates()
    {
        var lines = Lines("--seeds", "0 1", "--rates", "1e-4 3e-4", "--losses", "grpo cispo", "--set", "max_steps=7", "--output", "runs/x");
        Assert.Equal(8, lines.Distinct().Count());
        Assert.Equal(
            "scripts/llm-reasoning train rlvr --config configs/quickstart/sweep.yaml --set loss_type=grpo --set learning_rate=1e-4 --set max_steps=7 --seed 0 --output runs/x/grpo-lr1e-4/seed-0/run --resume"
            + " && scripts/llm-reasoning eval passk --config configs/quickstart/base.yaml --model runs/x/grpo-lr1e-4/seed-0/run/checkpoints/step-000007 --seed 0 --output runs/x/grpo-lr1e-4/seed-0/test",
            lines[0]);
        Assert.All(lines, line => Assert.Equal(line.Contains("cispo", StringComparison.Ordinal), line.Contains("--set epsilon_high=5.0", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheProgramKnowsEveryOptionOfALine()
    {
        foreach (var stage in (string[])["train", "eval", "summary"])
        {
            var line = Lines("--stage", stage)[0].Split(' ');
            Assert.Equal("scripts/llm-reasoning", line[0]);
            Assert.Empty(Program.CreateRoot().Parse(line[1..]).Errors);
        }
    }

    [Theory]
    [InlineData("--seeds", "0 $(reboot)")]
    [InlineData("--output", "runs/my sweep")]
    [InlineData("--set", "template=\"x\"")]
    [InlineData("--stage", "all")]
    [InlineData("--config", "none.yaml")]
    [InlineData("--seed", "1")]
    public void WhatALineCannotHoldIsRefused(string option, string value)
    {
        var run = Sweep(option, value);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("sweep.sh: ", run.OneErrorLine, StringComparison.Ordinal);
    }
}
