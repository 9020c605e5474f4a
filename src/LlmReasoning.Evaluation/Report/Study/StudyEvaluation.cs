using System.Globalization;
using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>One evaluation of one arm and seed: the counts, and what else problems.csv tells of each problem.</summary>
internal sealed record StudyEvaluation
{
    public required EvaluatedModel Counts { get; init; }

    /// <summary>Mean tokens of a response, by problem in the order of <see cref="Counts"/>; NaN where the file does not say.</summary>
    public required IReadOnlyList<double> Tokens { get; init; }

    /// <summary>Whether the most frequent answer is right: 0, 1 or the share of a tie.</summary>
    public required IReadOnlyList<double> Majority { get; init; }

    /// <summary>Of the answers, in nats.</summary>
    public required IReadOnlyList<double> Entropy { get; init; }

    public string Folder => Counts.Folder;

    /// <exception cref="UserException">As <see cref="EvaluatedModel.Read"/>.</exception>
    public static StudyEvaluation Read(string folder)
    {
        var counts = EvaluatedModel.Read(folder);
        var rows = CsvRows.Read(Path.Combine(folder, "problems.csv")).Where(row => row.Fault is null).ToDictionary(row => row.Text("problem_id") ?? "", StringComparer.Ordinal);
        double[] Column(string name) => [.. counts.Problems.Select(problem => rows.TryGetValue(problem.ProblemId, out var row) ? Number(row.Text(name)) : double.NaN)];
        return new StudyEvaluation { Counts = counts, Tokens = Column("mean_tokens"), Majority = Column("maj_correct"), Entropy = Column("entropy") };
    }

    private static double Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : double.NaN;
}
