using LlmReasoning.Evaluation;

namespace LlmReasoning.Torch.Models;

/// <summary>Random weights to train from.</summary>
public static class Initialisation
{
    private const int PairsOfNumbers = 2;

    /// <summary>
    /// Normal numbers of mean 0: embeddings with the config's initializer_range as standard deviation, other matrices [out, in] with 1 / sqrt(in),
    /// o_proj and down_proj further divided by sqrt(2 * layers), since their outputs are added up along the layers (GPT-2's rule). Norms are 1, biases 0.
    /// </summary>
    /// <param name="model">All its weights are set.</param>
    /// <param name="seed">Each weight's numbers are a function of seed and name: the same seed gives the same bytes.</param>
    public static void Randomise(CausalLM model, long seed)
    {
        using var noGrad = no_grad();
        foreach (var (name, weight) in model.Weights())
        {
            if (weight.dim() > 1) { Fill(weight, StandardDeviation(name, weight, model.Config), new SplitMix64(seed, "weights", name)); }
            else if (name.EndsWith(".bias", StringComparison.Ordinal)) { weight.zero_(); }
            else { nn.init.ones_(weight); }
        }
    }

    private static double StandardDeviation(string name, Tensor weight, ModelConfig config)
    {
        if (name == "model.embed_tokens.weight") { return config.InitializerRange; }
        var byWidth = 1 / Math.Sqrt(weight.shape[1]);
        var isSummed = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
        return isSummed ? byWidth / Math.Sqrt(2 * config.NumHiddenLayers) : byWidth;
    }

    // Box and Muller: two uniform numbers make two normal ones. Row by row, since a matrix may be large.
    private static void Fill(Tensor weight, double deviation, SplitMix64 random)
    {
        using var scope = NewDisposeScope();
        var numbers = new float[weight.shape[1] + (weight.shape[1] % PairsOfNumbers)];
        for (long row = 0; row < weight.shape[0]; row++)
        {
            using var inner = NewDisposeScope();
            for (var i = 0; i < numbers.Length; i += PairsOfNumbers)
            {
                var radius = deviation * Math.Sqrt(-2 * Math.Log(1 - random.Uniform()));
                var (sin, cos) = Math.SinCos(2 * Math.PI * random.Uniform());
                (numbers[i], numbers[i + 1]) = ((float)(radius * cos), (float)(radius * sin));
            }
            weight[row].copy_(tensor(numbers).narrow(0, 0, weight.shape[1]));
        }
    }
}
