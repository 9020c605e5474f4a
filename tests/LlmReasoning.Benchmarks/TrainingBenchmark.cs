using System.Diagnostics;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Benchmarks;

/// <summary>training CONFIG_FOLDER [ROWS] [TOKENS] [STEPS]: the time of one update of a model with random weights.</summary>
internal static class TrainingBenchmark
{
    public static void Run(string[] args)
    {
        int At(int index, int otherwise) => args.Length > index ? int.Parse(args[index]) : otherwise;
        var (rows, tokens, steps) = (At(1, 4), At(2, 256), At(3, 3));
        var config = ModelConfig.ReadFile(Path.Combine(args[0], "config.json"));
        using var model = new CausalLM(config, ScalarType.Float32, CPU);
        using (no_grad())
        {
            foreach (var (name, weight) in model.Weights().Where(pair => pair.Value.dim() > 1)) { nn.init.normal_(weight, 0, 0.02); }
        }
        using var adamW = new AdamW(model.Weights(), new());
        var ids = randint(config.VocabSize, [rows, tokens]);
        var targets = ones_like(ids);
        targets.narrow(1, 0, 1).zero_();
        var count = targets.sum().item<long>();
        var parameters = model.Weights().Values.Sum(weight => weight.numel());
        foreach (var (name, backward) in new (string, Action)[]
        {
            ("sft", () => MicroBatch.BackwardPerToken(model, ids, null, targets, logProbs => SftLoss.Compute(logProbs, count))),
            ("grpo", () => MicroBatch.Backward(model, ids, null, targets, 0.9, false, (logProbs, _) => PolicyLoss.Compute(
                new()
                {
                    LogProbs = logProbs,
                    Advantages = ones(rows),
                    Mask = targets,
                    RowWeights = full(rows, 1.0 / count),
                    StepTokens = count,
                },
                new()).Loss)),
        })
        {
            var (seconds, update, share, product) = (double.MaxValue, double.MaxValue, 0.0, 0.0);
            for (var step = 0; step < steps; step++)
            {
                using var scope = NewDisposeScope();
                var before = ProductRate();
                var watch = Stopwatch.StartNew();
                backward();
                var trained = watch.Elapsed.TotalSeconds;
                Gradients.Clip(model.Weights().Values, Gradients.Norm(model.Weights().Values), 1);
                adamW.Step(1e-4);
                adamW.ZeroGradients();
                var whole = watch.Elapsed.TotalSeconds;
                // On a machine with other work both rates fall: only those of the same moment can be compared.
                var beside = (before + ProductRate()) / 2;
                var reached = 6.0 * parameters * rows * tokens / whole / 1e9 / beside;
                if (reached > share) { (share, product) = (reached, beside); }
                (seconds, update) = (Math.Min(seconds, whole), Math.Min(update, whole - trained));
            }
            Console.WriteLine($"{name} {rows} x {tokens}: {seconds * 1e3:F0} ms ({update * 1e3:F0} the update), {rows * tokens / seconds:F0} tokens/s; best share {share:P0} of a 1024 product's {product:F0} GFLOP/s beside it");
        }
    }

    internal static double ProductRate()
    {
        using var scope = NewDisposeScope();
        var square = randn(1024, 1024);
        var best = double.MaxValue;
        for (var i = 0; i < 20; i++)
        {
            var watch = Stopwatch.StartNew();
            using var product = square.mm(square);
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }
        return 2.0 * 1024 * 1024 * 1024 / best / 1e9;
    }
}
