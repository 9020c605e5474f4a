namespace LlmReasoning.Torch.Models;

/// <summary>What all layers of one forward pass share: rotations, masks and the cache.</summary>
/// <remarks>Axes: B rows, T tokens of this pass, S keys in all, d head size.</remarks>
internal sealed class ForwardPass
{
    /// <summary>[B or 1, T, 1, d], the two halves of a head alike.</summary>
    public Tensor Cos { get; set; } = null!;

    /// <summary>[B or 1, T, 1, d], the first half negated: rotate_half(x) * sin = roll(x, d/2) * Sin.</summary>
    public Tensor Sin { get; set; } = null!;

    /// <summary>Bool masks [B, 1, T, S] by window (0 = no window), true where a query may see a key; without an entry attention is causal.</summary>
    public IReadOnlyDictionary<int, Tensor> Masks { get; init; } = new Dictionary<int, Tensor>();

    /// <summary>[B * T]: the first token that each one sees, instead of <see cref="Masks"/>, for <see cref="CausalAttention"/>; null = 0 throughout.</summary>
    public int[]? Starts { get; init; }

    /// <summary>For a pass of one new token a row over a cache: how many columns each row has, the new one included; null for whole rows.</summary>
    public int[]? Lengths { get; init; }

    /// <summary>Takes the keys and values of this pass and gives back all there are; null = only those of this pass.</summary>
    public KvCache? Cache { get; init; }

    public Tensor? MaskFor(int? window) => Masks.GetValueOrDefault(window ?? 0);
}
