using LlmReasoning.Evaluation.Report.Figures;

namespace LlmReasoning.Torch.Training;

/// <summary>figures/curves.svg and .png of a run, from its tables.</summary>
internal static class TrainingCurves
{
    /// <summary>What <see cref="Write"/> writes.</summary>
    public static readonly string[] Files = ["curves.svg", "curves.png"];

    /// <summary>Name of the table of training by bucket.</summary>
    public const string BucketTable = "buckets.csv";

    // A panel is drawn where one of its columns holds numbers.
    private static readonly (string Label, bool IsShare, (string Column, string Name)[] Lines)[] s_panels =
    [
        ("right completions", true, [("accuracy", "training"), ("eval/pass@1", "held-out pass@1")]),
        ("reward", false, [("reward", "reward")]),
        ("groups of a step", true, [("groups/all_wrong", "all wrong"), ("groups/mixed", "mixed"), ("groups/all_right", "all right")]),
        ("loss", false, [("loss", "loss")]),
        ("gradient norm, before clipping", false, [("grad_norm", "grad_norm")]),
        ("entropy a token, nats", false, [("entropy", "entropy")]),
        ("KL to the reference", false, [("kl", "kl")]),
        ("completion length, tokens", false, [("completions/mean_length", "mean")]),
        ("cut completions, clipped ratios", true, [("completions/clipped_ratio", "cut at the limit"), ("clip_ratio/region_mean", "clipped ratios")]),
    ];

    // As many as there are colours.
    private const int MostLines = 7;

    private const int MostPoints = 500;

    public static void Write(TrainingRun run)
    {
        var panels = new List<(string Label, bool IsShare, IReadOnlyList<TrainingSeries> Series)>();
        void Add(string label, bool isShare, IEnumerable<TrainingSeries> lines)
        {
            List<TrainingSeries> drawn = [.. lines.Where(line => line.Points.Count > 0).Select(line => line with { Points = Thin(line.Points) })];
            if (drawn.Count > 0) { panels.Add((label, isShare, drawn)); }
        }

        foreach (var (label, isShare, lines) in s_panels) { Add(label, isShare, lines.Select(line => new TrainingSeries(line.Name, run.Metrics.Column(line.Column)))); }
        List<string> passes = [.. run.Metrics.Header.Where(name => name.StartsWith("eval/pass@", StringComparison.Ordinal))];
        if (passes.Count > 1) { Add("held-out pass@k", true, Spread(passes).Select(name => new TrainingSeries(name["eval/".Length..], run.Metrics.Column(name)))); }
        var buckets = run.Table(BucketTable);
        if (buckets.Rows.Count > 0)
        {
            var labels = buckets.Rows.Select(row => row[1]).Distinct().Take(MostLines).ToList();
            Add("accuracy by bucket (mean of 10 steps)", true, labels.Select(label => new TrainingSeries(label, Smooth(buckets.Column("accuracy", label)))));
            Add("share of the gradient by bucket (mean of 10 steps)", true, labels.Select(label => new TrainingSeries(label, Smooth(buckets.Column("gradient_share", label)))));
        }
        if (panels.Count > 0) { TrainingPlot.Of(panels).Write(Path.Combine(run.Folder, "figures")); }
    }

    // Of more than there are colours the first, the last and some between.
    private static IEnumerable<string> Spread(List<string> names) =>
        Enumerable.Range(0, Math.Min(names.Count, MostLines)).Select(i => names[names.Count <= MostLines ? i : (int)Math.Round(i * (names.Count - 1.0) / (MostLines - 1))]);

    // A long run's neighbours are drawn as their mean.
    private static IReadOnlyList<(double Step, double Value)> Thin(IReadOnlyList<(double Step, double Value)> points) =>
        points.Count <= MostPoints ? points : [.. points.Chunk((points.Count + MostPoints - 1) / MostPoints).Select(some => (some[^1].Step, some.Average(point => point.Value)))];

    // A step holds a few groups of a bucket.
    private static IReadOnlyList<(double Step, double Value)> Smooth(IReadOnlyList<(double Step, double Value)> points) =>
        [.. points.Select((point, i) => (point.Step, points.Skip(Math.Max(0, i - 9)).Take(Math.Min(10, i + 1)).Average(other => other.Value)))];
}
