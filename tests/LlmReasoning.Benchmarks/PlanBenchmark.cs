using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Benchmarks;

/// <summary>plan MODEL ROWS TOKENS [checkpointing]: the peak of resident memory of two training steps beside what <see cref="MemoryPlan"/> predicts.</summary>
internal static class PlanBenchmark
{
    public static void Run(string[] args)
    {
        var (rows, tokens) = (int.Parse(args[1]), int.Parse(args[2]));
        using (var scope = NewDisposeScope()) { randn(64, 64).mm(randn(64, 64)); }
        Console.WriteLine($"before the model {Peak() >> 20} MiB");
        using var model = CausalLM.Load(ModelFolder.Resolve(args[0]));
        model.GradientCheckpointing = args.Contains("checkpointing");
        using var optimizer = new AdamW(model.Weights(), new());
        for (var step = 0; step < 2; step++)
        {
            using var scope = NewDisposeScope();
            var ids = randint(model.Config.VocabSize, [rows, tokens]);
            var targets = ones_like(ids);
            targets.narrow(1, 0, 1).zero_();
            MicroBatch.BackwardPerToken(model, ids, null, targets, logProbs => SftLoss.Compute(logProbs, rows * tokens));
            optimizer.Step(1e-5);
            optimizer.ZeroGradients();
        }
        var plan = MemoryPlan.Of(model.Config, new() { MicroBatchTokens = rows * tokens, GradientCheckpointing = model.GradientCheckpointing });
        foreach (var line in plan.Explain()) { Console.WriteLine(line); }
        Console.WriteLine($"measured {Peak() >> 20} MiB, predicted {plan.PeakBytes >> 20} MiB: {(plan.PeakBytes / (double)Peak()) - 1:+0.0 %;-0.0 %}");
    }

    private static long Peak() =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) << 10;
}
