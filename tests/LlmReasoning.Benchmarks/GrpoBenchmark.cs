using System.Diagnostics;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Benchmarks;

/// <summary>grpo [STEPS]: whole steps of 32 x 8 completions on the embedded model (sampling, grading, loss, AdamW) beside a 1024^3 product of the same process.</summary>
internal static class GrpoBenchmark
{
    public static void Run(string[] args)
    {
        var steps = args.Length > 0 ? int.Parse(args[0]) : 10;
        var folder = ModelFolder.Resolve(ModelFolder.Embedded);
        using var model = CausalLM.Load(folder);
        var tokenizer = Tokenizer.Load(folder);
        var config = new RlvrConfig { ModelNameOrPath = ModelFolder.Embedded, Problems = "embedded-train", MaxCompletionLength = 72, LearningRate = 3e-4, MaxSteps = steps };
        var problems = SyntheticProblems.Set(0, Split.Train, 32 * steps).Select(problem => problem.ToProblem()).ToList();
        using var optimizer = new AdamW(model.Weights(), new());
        var collector = new RolloutCollector(model, tokenizer, problems, PromptTemplate.Load("plain"), [.. model.Config.EosTokenIds], config);
        var update = new PolicyUpdate(model, null, optimizer, config);
        var best = double.MaxValue;
        for (var step = 1; step <= steps; step++)
        {
            using var scope = NewDisposeScope();
            var product = TrainingBenchmark.ProductRate();
            var watch = Stopwatch.StartNew();
            var processor = Process.GetCurrentProcess().TotalProcessorTime;
            var groups = collector.Collect([.. Enumerable.Range(32 * (step - 1), 32)], config.NumGenerations, "rollout", step, CancellationToken.None);
            var rollout = watch.Elapsed.TotalSeconds;
            var metrics = update.Run(groups, step, config.LearningRate);
            var seconds = watch.Elapsed.TotalSeconds;
            var busy = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds;
            best = Math.Min(best, seconds * product);
            Console.WriteLine(
                $"step {step}: {seconds * 1e3:F0} ms ({rollout * 1e3:F0} sampling and grading {groups.Sum(group => group.Rollouts.Sum(rollout => rollout.Completion.Ids.Count))} tokens, {(seconds - rollout) * 1e3:F0} training {metrics.TrainedTokens}), {busy * 1e3:F0} ms of processors; x {product:F0} GFLOP/s = {seconds * product:F0}");
        }
        Console.WriteLine($"best: {best:F0}");
    }
}
