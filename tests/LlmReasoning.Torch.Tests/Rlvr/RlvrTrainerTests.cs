using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Rlvr;

/// <summary>With the embedded model.</summary>
public sealed class RlvrTrainerTests : IDisposable
{
    private static readonly string s_base = ModelFolder.Resolve(ModelFolder.Embedded);
    private static readonly IReadOnlyList<Problem> s_problems = [.. SyntheticProblems.Set(0, "train", 24).Select(problem => problem.ToProblem())];

    private static readonly RlvrConfig s_config = new()
    {
        ModelNameOrPath = "embedded",
        PromptsPerStep = 10,
        NumGenerations = 6,
        MaxSteps = 4,
        LearningRate = 1e-3,
        MaxCompletionLength = 60,
        SaveSteps = 2,
        LogCompletionsSteps = 1,
        Threads = 2,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Folder(string name) => Path.Combine(_folder.Path, name);

    [Fact]
    public void ARunThatStopsAndGoesOnEndsWithTheSameBytes()
    {
        Train(Folder("whole"), s_config);
        Train(Folder("parts"), s_config with { MaxSteps = 2 });
        // A run that was killed after step 3 had written its metrics, but no checkpoint.
        File.AppendAllText(Path.Combine(Folder("parts"), "metrics.csv"), "3,0.5\r\n");
        Train(Folder("parts"), s_config, resume: true);
        foreach (var file in (string[])["model.safetensors", "trainer/optimizer.safetensors", "trainer/state.json", "config.json", "tokenizer.json"])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("whole"), 4), file)),
                File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("parts"), 4), file)));
        }
        Assert.Equal(MetricsOf(Folder("whole")), MetricsOf(Folder("parts")));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(Folder("whole"), "samples", "step-000004.jsonl")),
            File.ReadAllBytes(Path.Combine(Folder("parts"), "samples", "step-000004.jsonl")));
    }

    [Fact]
    public void ReplacedGroupsAndSeveralUpdatesGoOnWithTheSameBytesToo()
    {
        var config = s_config with
        {
            PromptsPerStep = 6,
            MaxSteps = 2,
            SaveSteps = 1,
            ZeroVarianceGroups = ZeroVarianceGroups.Refill,
            NumMiniBatches = 2,
            TopEntropyQuantile = 0.5,
            RewardFuncs = [RewardFunction.Accuracy, RewardFunction.Cosine],
            RewardWeights = [1, 0.2],
        };
        var steps = Train(Folder("whole"), config);
        Assert.Contains(steps, step => step.GenerationBatches > 1);
        Train(Folder("parts"), config with { MaxSteps = 1 });
        Train(Folder("parts"), config, resume: true);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("whole"), 2), "model.safetensors")),
            File.ReadAllBytes(Path.Combine(TrainingRun.CheckpointOf(Folder("parts"), 2), "model.safetensors")));
        Assert.Contains(",rewards/accuracy/mean,rewards/accuracy/std,rewards/cosine/mean,rewards/cosine/std,", File.ReadLines(Path.Combine(Folder("whole"), "metrics.csv")).First(), StringComparison.Ordinal);
    }

    [Fact]
    public void MicroBatchesChangeMemoryAndNothingElse()
    {
        Train(Folder("one"), s_config with { MaxSteps = 1 });
        Train(Folder("many"), s_config with { MaxSteps = 1, MicroBatchTokens = 150 });
        // The first update has the learning rate 0 of no warmup step: weights move by about 1e-3 an element.
        using var one = CausalLM.Load(TrainingRun.CheckpointOf(Folder("one"), 1));
        using var many = CausalLM.Load(TrainingRun.CheckpointOf(Folder("many"), 1));
        using var before = CausalLM.Load(s_base);
        using var scope = NewDisposeScope();
        var (difference, change) = (0.0, 0.0);
        foreach (var (name, weight) in one.Weights())
        {
            difference += (weight - many.Weights()[name]).square().sum().item<float>();
            change += (weight - before.Weights()[name]).square().sum().item<float>();
        }
        Assert.True(change > 0);
        Assert.True(Math.Sqrt(difference / change) < 1e-3, $"relative L2 of the change {Math.Sqrt(difference / change):E2}");
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dr_grpo")]
    [InlineData("gspo")]
    [InlineData("cispo")]
    [InlineData("rloo")]
    [InlineData("trl-0.16")]
    public void EveryNamedObjectiveTrains(string lossType)
    {
        var steps = Train(Folder(lossType), s_config with { LossType = lossType, MaxSteps = 1, NumIterations = 2, EpsilonHigh = lossType == "cispo" ? 5 : null });
        Assert.True(steps[0].Update.GradNorm > 0);
        Assert.InRange(steps[0].Update.LogProbDifferenceMax, 0, 1e-4);
    }

    [Fact]
    public void AFolderWithARunIsNotOverwritten()
    {
        Train(Folder("a"), s_config with { MaxSteps = 1 });
        Assert.Contains("--resume", Assert.Throws<UserException>(() => TrainingRun.Open(Folder("a"), resume: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OnlySoManyCheckpointsStayAsAreAskedFor()
    {
        Train(Folder("a"), s_config with { MaxSteps = 3, SaveSteps = 1, SaveTotalLimit = 2 });
        Assert.Equal(["step-000002", "step-000003"], Directory.GetDirectories(Path.Combine(Folder("a"), "checkpoints")).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void ACancelledRunSavesItsLastWholeStep()
    {
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Train(Folder("a"), s_config with { SaveSteps = 50 }, cancelAfter: (2, cancellation)));
        Assert.Equal(2, TrainingRun.Open(Folder("a"), resume: true).LastStep);
    }

    [Fact]
    public void TheBestCheckpointIsNeverRemoved()
    {
        var steps = Train(Folder("a"), s_config with { SaveSteps = 1, SaveTotalLimit = 1, MetricForBestModel = "completions/mean_length", GreaterIsBetter = false });
        var best = steps.MinBy(step => step.CompletionLength)!.Step;
        Assert.Equal(new[] { best, 4 }.Distinct(), Directory.GetDirectories(Path.Combine(Folder("a"), "checkpoints")).Select(path => int.Parse(Path.GetFileName(path)["step-".Length..], System.Globalization.CultureInfo.InvariantCulture)).Order());
        Assert.Contains($"\"step\":{best},\"checkpoint\":\"step-00000{best}\",\"metric\":\"completions/mean_length\"", File.ReadAllText(Path.Combine(Folder("a"), "checkpoints", "best.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void AnEvaluationThatWasInterruptedIsMadeUpForWhenTheRunGoesOn()
    {
        var config = s_config with { EvalProblems = "three", EvalSteps = 2, EvalN = 4, MaxSteps = 3 };
        Train(Folder("whole"), config);
        Train(Folder("parts"), config with { MaxSteps = 2 });
        var (metrics, table) = (Path.Combine(Folder("parts"), "metrics.csv"), Path.Combine(Folder("parts"), "eval_buckets.csv"));
        var rows = File.ReadAllLines(metrics).Select(line => line.Split(',')).ToList();
        var place = Array.IndexOf(rows[0], "eval/pass@1");
        Array.Fill(rows[^1], "", place, rows[0].Length - place);
        File.WriteAllText(metrics, string.Concat(rows.Select(row => string.Join(',', row) + "\r\n")));
        File.Delete(table);
        Assert.True(TrainingRun.Open(Folder("parts"), resume: true).LacksEval);
        Train(Folder("parts"), config, resume: true);
        Assert.Equal(MetricsOf(Folder("whole")), MetricsOf(Folder("parts")));
        Assert.Equal(File.ReadAllText(Path.Combine(Folder("whole"), "eval_buckets.csv")), File.ReadAllText(table));
    }

    [Fact]
    public void TheSharesOfBucketsAddUpToThoseOfTheStep()
    {
        foreach (var step in Train(Folder("a"), s_config with { MaxSteps = 2 }))
        {
            Assert.Equal(s_config.PromptsPerStep, step.Buckets.Sum(bucket => bucket.Groups));
            Assert.Equal(step.Groups.Mixed, step.Buckets.Sum(bucket => bucket.Mixed) / (double)s_config.PromptsPerStep, 1e-12);
            Assert.Equal(step.Accuracy, step.Buckets.Sum(bucket => bucket.Correct) / (double)step.Buckets.Sum(bucket => bucket.Completions), 1e-12);
            Assert.Equal(1, step.Buckets.Sum(bucket => bucket.GradientShare(step.Buckets)!.Value), 1e-12);
            Assert.All(step.Buckets, bucket => Assert.Equal(bucket.Mixed > 0, bucket.Signal > 0));
        }
    }

    [Fact]
    public void TheFirstValueThatIsNotFiniteStopsTheRunAndItsBatchIsKept()
    {
        var failure = Assert.Throws<UserException>(() => Train(Folder("a"), s_config with { PositiveWeight = double.PositiveInfinity }));
        Assert.StartsWith("step 1: the loss is ", failure.Message, StringComparison.Ordinal);
        var batch = Path.Combine(Folder("a"), "nonfinite-step-000001.jsonl");
        Assert.Contains(batch, failure.Message, StringComparison.Ordinal);
        var rows = File.ReadAllLines(batch);
        Assert.Equal(s_config.PromptsPerStep * s_config.NumGenerations, rows.Length);
        Assert.All(rows, row => Assert.All((string[])["\"ids\"", "\"advantage\"", "\"sampler_log_probs\"", "\"log_probs\""], key => Assert.Contains(key, row, StringComparison.Ordinal)));
    }

    [Fact]
    public void AnUpdateThatSpoilsTheWeightsStopsTheRunBeforeTheyAreSaved()
    {
        var failure = Assert.Throws<UserException>(() => Train(Folder("a"), s_config with { LearningRate = 1e30, SaveSteps = 1 }));
        Assert.StartsWith("step 1: after the update the norm of the weight ", failure.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Folder("a"), "nonfinite-step-000001.jsonl")));
        Assert.Equal(0, TrainingRun.LastStepOf(Folder("a")));
    }

    [Fact]
    public void WhatAKillAfterTheLastCheckpointLeftUndoneIsDoneByTheNextStart()
    {
        var config = s_config with { MaxSteps = 2, SaveSteps = 1, MetricForBestModel = "reward" };
        Train(Folder("a"), config);
        string[] files = ["checkpoints/best.json", "figures/curves.png", "figures/curves.svg"];
        var whole = files.Select(file => File.ReadAllBytes(Path.Combine(Folder("a"), file))).ToList();
        File.Delete(Path.Combine(Folder("a"), files[0]));
        File.Delete(Path.Combine(Folder("a"), files[1]));
        File.WriteAllText(Path.Combine(Folder("a"), files[2]), "of the step before");
        File.SetLastWriteTimeUtc(Path.Combine(Folder("a"), files[2]), File.GetLastWriteTimeUtc(Path.Combine(Folder("a"), "metrics.csv")).AddSeconds(-1));
        Train(Folder("a"), config with { SaveTotalLimit = 1 }, resume: true);
        Assert.Equal(whole, files.Select(file => File.ReadAllBytes(Path.Combine(Folder("a"), file))));
    }

    [Theory]
    [InlineData("num_generations is 1")]
    [InlineData("loss_type is ppo; it is one of paper-rlvr")]
    [InlineData("temperature is 0")]
    public void ASettingOutsideItsRangeIsNamed(string message)
    {
        var config = message[0] switch
        {
            'n' => s_config with { NumGenerations = 1 },
            'l' => s_config with { LossType = "ppo" },
            _ => s_config with { Temperature = 0 },
        };
        Assert.StartsWith(message, Assert.Throws<UserException>(config.Validate).Message, StringComparison.Ordinal);
    }

    private static List<RlvrStep> Train(string folder, RlvrConfig config, bool resume = false, (int Step, CancellationTokenSource Source)? cancelAfter = null)
    {
        var run = TrainingRun.Open(folder, resume, config.Best());
        using var policy = CausalLM.Load(run.LastStep > 0 ? TrainingRun.CheckpointOf(folder, run.LastStep) : s_base);
        using var reference = config.Objective().Loss.Beta == 0 ? null : CausalLM.Load(s_base);
        var steps = new List<RlvrStep>();
        new RlvrTrainer(policy, reference, Tokenizer.Load(s_base), config.Validate(), PromptTemplate.Load("plain"), policy.Config.EosTokenIds.ToHashSet(), s_base).Train(
            run,
            ProblemBuckets.Of(s_problems, null, "kim6"),
            config.EvalProblems is null ? null : ProblemBuckets.Of([.. s_problems.Take(3)], null, "kim6"),
            step =>
            {
                steps.Add(step);
                if (step.Step == cancelAfter?.Step) { cancelAfter.Value.Source.Cancel(); }
            },
            _ => { },
            cancelAfter?.Source.Token ?? CancellationToken.None);
        return steps;
    }

    private static string MetricsOf(string folder) => File.ReadAllText(Path.Combine(folder, "metrics.csv"));
}
