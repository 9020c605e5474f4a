using System.Globalization;

namespace LlmReasoning.Evaluation.Metrics;

/// <summary>Difficulty buckets by success count: bucket i holds the problems with c in its range; together they cover 0..n.</summary>
public sealed class SuccessBuckets
{
    // Upper ends out of 256 samples. Kim et al., arXiv 2505.14216: figures 1, 2, 9 and the entropy figure.
    private static readonly (string Name, int[] Edges)[] Presets =
    [
        ("kim4", [64, 128, 192, 256]),
        ("kim6", [0, 4, 16, 64, 128, 256]),
        ("kim8", [0, 4, 16, 32, 64, 128, 192, 256]),
        ("kim_entropy", [0, 8, 64, 128, 192, 256]),
    ];

    private const int PresetN = 256;

    private SuccessBuckets(string name, int n, IEnumerable<int> edges)
    {
        Name = name;
        N = n;
        var ranges = new List<(int Lowest, int Highest)>();
        var lowest = 0;
        foreach (var highest in edges)
        {
            if (highest >= lowest)
            {
                ranges.Add((lowest, highest));
                lowest = highest + 1;
            }
            else
            {
                Dropped++;
            }
        }
        Ranges = ranges;
    }

    /// <summary>The preset's name, or "edges".</summary>
    public string Name { get; }

    /// <summary>Samples a problem.</summary>
    public int N { get; }

    /// <summary>Success counts of each bucket, both ends included, hardest first.</summary>
    public IReadOnlyList<(int Lowest, int Highest)> Ranges { get; }

    /// <summary>Buckets of the preset that no success count can reach because n is small.</summary>
    public int Dropped { get; }

    /// <summary>"0", "1-4", ...</summary>
    public IReadOnlyList<string> Labels => [.. Ranges.Select(range => range.Lowest == range.Highest ? $"{range.Lowest}" : $"{range.Lowest}-{range.Highest}")];

    /// <summary>The bucket of a problem with c correct samples.</summary>
    public int IndexOf(int c)
    {
        for (var i = 0; i < Ranges.Count; i++)
        {
            if (c <= Ranges[i].Highest) { return i; }
        }
        throw new ArgumentOutOfRangeException(nameof(c), c, $"more than n = {N}");
    }

    /// <summary>The bucket of a problem; where its n is another, of the same share of correct samples.</summary>
    public int IndexOf(ProblemResult result) => IndexOf((int)(((long)result.C * N + result.N - 1) / result.N));     // rounded up: some are correct, or not all

    /// <summary>A preset (kim4, kim6, kim8, kim_entropy), scaled by fraction where n is not 256, or upper ends such as "0,4,16".</summary>
    /// <param name="text">The last upper end may be left out where it is n.</param>
    /// <param name="n">Samples a problem.</param>
    /// <exception cref="UserException">Neither a preset nor rising whole numbers in 0..n.</exception>
    public static SuccessBuckets Parse(string text, int n)
    {
        foreach (var (name, edges) in Presets)
        {
            // c / n <= edge / 256; the last edge is n itself.
            if (name == text) { return new SuccessBuckets(name, n, edges.Select(edge => (int)((long)edge * n / PresetN))); }
        }
        var given = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var edge) || edge > n || given.Count > 0 && edge <= given[^1])
            {
                throw new UserException($"buckets is \"{text}\"; use {string.Join(", ", Presets.Select(preset => preset.Name))} or rising success counts up to n = {n}, such as 0,4,16");
            }
            given.Add(edge);
        }
        if (given[^1] < n) { given.Add(n); }
        return new SuccessBuckets("edges", n, given);
    }
}
