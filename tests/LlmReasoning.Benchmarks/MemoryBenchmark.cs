using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Benchmarks;

/// <summary>Resident memory and living tensors over many decoding steps and many forward and backward passes of the embedded model: both must stay flat.</summary>
internal static class MemoryBenchmark
{
    private const int RowsAtATime = 8, Context = 256;

    /// <summary>Arguments: decoding steps, training passes.</summary>
    public static void Run(string[] args)
    {
        var steps = int.Parse(args.ElementAtOrDefault(0) ?? "10000");
        var passes = int.Parse(args.ElementAtOrDefault(1) ?? "500");
        var folder = ModelFolder.Resolve(ModelFolder.Embedded);
        using var model = CausalLM.Load(folder);
        var tokenizer = Tokenizer.Load(folder);
        int[] prompt = tokenizer.Encode("Compute 12+30.\n");
        var settings = new SamplingSettings { MaxNewTokens = Context };
        var generator = new Generator(model, tokenizer, settings, stopIds: [], RowsAtATime, threads: 1);      // no stop: every row runs to the end of the context
        var stepsOfARun = Context - prompt.Length;
        for (var done = 0; done < steps; done += stepsOfARun)
        {
            generator.Run([new($"p{done}", prompt, [.. Enumerable.Range(0, RowsAtATime)])], _ => { });
            if (done / stepsOfARun % 5 == 0) { Report($"{done + stepsOfARun} decoding steps"); }
        }
        for (var pass = 1; pass <= passes; pass++)
        {
            using var scope = NewDisposeScope();
            model.forward(randint(0, model.Config.VocabSize, [16, 64])).log_softmax(-1).mean().backward();
            foreach (var weight in model.Weights().Values) { weight.grad!.zero_(); }
            if (pass % 50 == 0) { Report($"{pass} forward and backward passes"); }
        }
    }

    private static void Report(string what)
    {
        var resident = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Console.WriteLine($"{what,-36} resident {int.Parse(resident) / 1024} MB, {Tensor.TotalCount} tensors");
    }
}
