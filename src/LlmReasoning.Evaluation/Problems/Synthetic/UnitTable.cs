namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>The long-tail facts of the family: how many things a unit holds. Fixed once, whatever the seed of a set.</summary>
internal static class UnitTable
{
    private static readonly string[] Words = (
        "bag bin box can case cart crate cup deck drum file flat grid heap jar jug keg kit lot mat "
        + "net pack pad pail pan pile pod pot rack reel roll row sack set shelf sheet tin tray tub urn").Split(' ');

    /// <summary>How often the corpus gives each of a unit's six sizes.</summary>
    private static readonly double[] Shares = [0.50, 0.22, 0.13, 0.08, 0.05, 0.02];

    /// <summary>For how many units the right size is the corpus's first, second, ... sixth, and none of them.</summary>
    private static readonly int[] UnitsOfRank = [7, 5, 5, 5, 6, 6, 6];

    private static readonly Dictionary<string, Entry> Entries = Draw();

    /// <summary>All words of the corpus.</summary>
    public static IReadOnlyList<string> Corpus => Words;

    /// <summary>Those whose right size has a corpus share of at least 5 %.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. Words.Where(word => Entries[word].Rank < 5)];

    /// <summary>Words and sizes the corpus never has.</summary>
    public static IReadOnlyList<string> New { get; } = ["pallet", "wagon", "barrel", "drawer"];

    public static int RightSize(string unit) => unit switch
    {
        "pallet" => 45,
        "wagon" => 36,
        "barrel" => 28,
        "drawer" => 24,
        _ => Entries[unit].Sizes[Entries[unit].Rank],
    };

    /// <summary>A size as the corpus gives it: mostly wrong for many units.</summary>
    public static int DrawSize(SplitMix64 random, string unit) =>
        random.Weighted([.. Entries[unit].Sizes.Zip(Shares)]);

    private static Dictionary<string, Entry> Draw()
    {
        var random = new SplitMix64("units");
        int[] ranks = [.. UnitsOfRank.SelectMany((count, rank) => Enumerable.Repeat(rank, count))];
        for (var i = ranks.Length - 1; i > 0; i--)
        {
            var j = random.Below(i + 1);
            (ranks[i], ranks[j]) = (ranks[j], ranks[i]);
        }
        var entries = new Dictionary<string, Entry>();
        foreach (var (word, rank) in Words.Zip(ranks))
        {
            var sizes = new List<int>();
            while (sizes.Count < UnitsOfRank.Length)
            {
                var size = random.Between(3, 20);
                if (!sizes.Contains(size)) { sizes.Add(size); }
            }
            entries.Add(word, new Entry(rank, sizes));
        }
        return entries;
    }

    /// <param name="Rank">Position of the right size.</param>
    /// <param name="Sizes">Six that the corpus gives, by falling share, and a seventh that it does not.</param>
    private sealed record Entry(int Rank, IReadOnlyList<int> Sizes);
}
