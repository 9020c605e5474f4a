using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Benchmarks;

/// <summary>plan MODEL ROWS TOKENS [checkpointing]: the peak of resident memory of two training steps beside what <see cref="MemoryPlan"/> predicts, with this program's own part in place of the product's.</summary>
internal static class PlanBenchmark
{
    public static void Run(string[] args)
    {
        var (rows, tokens) = (int.Parse(args[1]), int.Parse(args[2]));
        using var model = CausalLM.Load(ModelFolder.Resolve(args[0]));
        model.GradientCheckpointing = args.Contains("checkpointing");
        using var optimizer = new AdamW(model.Weights(), new());
        Step(1, 16);
        var plan = MemoryPlan.Of(model.Config, new() { MicroBatchTokens = rows * tokens, GradientCheckpointing = model.GradientCheckpointing });
        var own = Peak() - (4 * sizeof(float) * MemoryPlan.Parameters(model.Config));
        Step(rows, tokens);
        Step(rows, tokens);
        foreach (var line in plan.Explain()) { Console.WriteLine(line); }
        var predicted = plan.PeakBytes - MemoryPlan.Program + own;
        Console.WriteLine($"this program {own >> 20} MiB; measured {Peak() >> 20} MiB, predicted with it {predicted >> 20} MiB: {(predicted / (double)Peak()) - 1:+0.0 %;-0.0 %}");

        void Step(int rows, int tokens)
        {
            using var scope = NewDisposeScope();
            var ids = randint(model.Config.VocabSize, [rows, tokens]);
            var targets = ones_like(ids);
            targets.narrow(1, 0, 1).zero_();
            MicroBatch.BackwardPerToken(model, ids, null, targets, logProbs => SftLoss.Compute(logProbs, rows * tokens));
            optimizer.Step(1e-5);
            optimizer.ZeroGradients();
        }
    }

    private static long Peak() =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) << 10;
}
