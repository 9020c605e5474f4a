using System.Diagnostics;
using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using F = TorchSharp.torch.nn.functional;

namespace LlmReasoning.Benchmarks;

/// <summary>
/// Tokens a second of the sampler beside two yardsticks of the same run: the rate of a 1024^3 product (2 x parameters x tokens/s over it), and a plain eager
/// loop over the same weights: one batch, separate projections, a concatenated cache, softmax and multinomial, ended rows go on to the last.
/// </summary>
internal static class SamplerBenchmark
{
    /// <summary>Arguments: model folder or "embedded", batch size, new tokens, prompts, repeats.</summary>
    public static void Run(string[] args)
    {
        var folder = ModelFolder.Resolve(args.ElementAtOrDefault(0) ?? "embedded");
        var batch = int.Parse(args.ElementAtOrDefault(1) ?? "256");
        var newTokens = int.Parse(args.ElementAtOrDefault(2) ?? "72");
        var prompts = int.Parse(args.ElementAtOrDefault(3) ?? "8");
        var repeats = int.Parse(args.ElementAtOrDefault(4) ?? "3");
        using var noGrad = no_grad();
        using var model = CausalLM.Load(folder);
        var tokenizer = Tokenizer.Load(folder);
        var parameters = model.Weights().Values.Sum(weight => weight.numel());
        var samples = Math.Max(1, 4 * batch / prompts);     // so that the last, thinning batch weighs little
        List<GenerationRequest> requests = [.. SyntheticProblems.Set(0, "test", prompts)
            .Select(problem => new GenerationRequest(problem.Id, tokenizer.Encode(problem.Text + "\n"), [.. Enumerable.Range(0, samples)]))];
        var settings = new SamplingSettings { MaxNewTokens = newTokens };
        var generator = new Generator(model, tokenizer, settings, model.Config.EosTokenIds, batch);
        Console.WriteLine($"{folder}: {parameters / 1e6:F2}M parameters, batch {batch}, {prompts} prompts x {samples} samples, at most {newTokens} new tokens");
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var product = ProductRate();
            long tokens = 0;
            var watch = Stopwatch.StartNew();
            generator.Run(requests, completion => tokens += completion.Ids.Count);
            var rate = tokens / watch.Elapsed.TotalSeconds;
            var line = $"product {product / 1e9:F0} GFLOP/s; sampler {rate:F0} tokens/s = {2.0 * parameters * rate / product:P0} of it";
            if (parameters < 10_000_000)
            {
                var eager = new EagerLoop(model).Run(requests[0].PromptIds, batch, newTokens, [.. model.Config.EosTokenIds]);
                line += $"; eager loop {eager:F0} tokens/s, the sampler {rate / eager:F1} x";
            }
            Console.WriteLine(line);
        }
    }

    private static double ProductRate()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (randn(1024, 1024), randn(1024, 1024));
        var best = double.MaxValue;
        for (var i = 0; i < 12; i++)
        {
            var watch = Stopwatch.StartNew();
            using var product = mm(a, b);
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }
        return 2.0 * 1024 * 1024 * 1024 / best;
    }

    /// <summary>What one writes first: every operator by its name.</summary>
    private sealed class EagerLoop(CausalLM model)
    {
        private readonly IReadOnlyDictionary<string, Tensor> _weights = model.Weights();
        private readonly ModelConfig _config = model.Config;

        /// <summary>Tokens a second, those after a row's end not counted.</summary>
        public double Run(IReadOnlyList<int> prompt, int batch, int newTokens, HashSet<int> stopIds)
        {
            using var scope = NewDisposeScope();
            var (cos, sin) = Rope.Tables(_config, prompt.Count + newTokens);
            var (keys, values) = (new Tensor[_config.NumHiddenLayers], new Tensor[_config.NumHiddenLayers]);
            var ids = tensor(prompt.Select(id => (long)id).ToArray()).unsqueeze(0).expand(batch, -1);
            var hasEnded = new bool[batch];
            long tokens = 0;
            var watch = Stopwatch.StartNew();
            for (var step = 0; step < newTokens && hasEnded.Contains(false); step++)
            {
                using var inner = NewDisposeScope();
                var logits = Step(ids, step == 0 ? 0 : prompt.Count + step - 1, cat([cos, cos], 1), cat([sin, sin], 1), keys, values);
                ids = multinomial(logits.softmax(-1), 1).DetachFromDisposeScope();
                var drawn = ids.data<long>().ToArray();
                for (var row = 0; row < batch; row++)
                {
                    if (hasEnded[row]) { continue; }
                    tokens++;
                    hasEnded[row] = stopIds.Contains((int)drawn[row]);
                }
            }
            return tokens / watch.Elapsed.TotalSeconds;
        }

        private Tensor Step(Tensor ids, long position, Tensor cos, Tensor sin, Tensor[] keys, Tensor[] values)
        {
            var (rows, count, size) = (ids.shape[0], ids.shape[1], _config.HeadDim);
            var (c, s) = (cos.narrow(0, position, count), sin.narrow(0, position, count));
            Tensor Linear(Tensor x, string name) => F.linear(x, _weights[name + ".weight"], _weights.GetValueOrDefault(name + ".bias"));
            Tensor Heads(Tensor x, long heads) => x.view(rows, count, heads, size).transpose(1, 2);
            Tensor Rotate(Tensor x) => x * c + cat([-x.narrow(-1, size / 2, size / 2), x.narrow(-1, 0, size / 2)], -1) * s;
            Tensor Norm(Tensor x, string name) => x * rsqrt(x.pow(2).mean([-1], true) + _config.RmsNormEps) * _weights[name + ".weight"];
            var x = _weights["model.embed_tokens.weight"].index_select(0, ids.reshape(-1)).view(rows, count, -1);
            for (var layer = 0; layer < keys.Length; layer++)
            {
                var name = $"model.layers.{layer}.";
                var h = Norm(x, name + "input_layernorm");
                var q = Rotate(Heads(Linear(h, name + "self_attn.q_proj"), _config.NumAttentionHeads));
                var k = Rotate(Heads(Linear(h, name + "self_attn.k_proj"), _config.NumKeyValueHeads));
                var v = Heads(Linear(h, name + "self_attn.v_proj"), _config.NumKeyValueHeads);
                keys[layer] = (keys[layer] is null ? k.contiguous() : cat([keys[layer], k], 2)).DetachFromDisposeScope();
                values[layer] = (values[layer] is null ? v.contiguous() : cat([values[layer], v], 2)).DetachFromDisposeScope();
                var group = _config.NumAttentionHeads / _config.NumKeyValueHeads;
                var attended = F.scaled_dot_product_attention(q, keys[layer].repeat_interleave(group, 1), values[layer].repeat_interleave(group, 1), is_casual: count > 1);
                x = x + Linear(attended.transpose(1, 2).reshape(rows, count, -1), name + "self_attn.o_proj");
                h = Norm(x, name + "post_attention_layernorm");
                x = x + Linear(F.silu(Linear(h, name + "mlp.gate_proj")) * Linear(h, name + "mlp.up_proj"), name + "mlp.down_proj");
            }
            return F.linear(Norm(x.narrow(1, count - 1, 1).squeeze(1), "model.norm"), _weights.GetValueOrDefault("lm_head.weight") ?? _weights["model.embed_tokens.weight"]);
        }
    }
}
