using System.Globalization;
using CsvHelper;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The numbers of "Reinforcement Learning vs. Distillation" (arXiv 2505.14216v2) that stand beside a study's: kim2505.csv, with the place of each in the paper.</summary>
/// <remarks>Percentages, as the paper prints them. Its table 3 gives the 1.5B base 60.6 on test, its tables 1 and 4 give 62.6; both are kept.</remarks>
internal static class PaperNumbers
{
    public const string Source = "Kim et al., arXiv 2505.14216v2: Qwen2.5-Math-1.5B and Qwen2.5-3B on MATH, n = 256";

    private static readonly Dictionary<(string Table, string Model, string Split, string Row, string Column), (string Value, string Source)> Values = Read();

    public static double? Of(string table, string model, string split, string row, string column) =>
        Values.TryGetValue((table, model, split, row, column), out var found) ? double.Parse(found.Value, CultureInfo.InvariantCulture) : null;

    /// <summary>What the paper says to a claim, with the place; null where it says nothing.</summary>
    public static string? OfClaim(string id) => Values.TryGetValue(("claims", "", "", id, "text"), out var found) ? $"{found.Value} ({found.Source})" : null;

    private static Dictionary<(string, string, string, string, string), (string, string)> Read()
    {
        using var stream = typeof(PaperNumbers).Assembly.GetManifestResourceStream("kim2505.csv")!;
        using var csv = CsvReader.Create(stream, CsvReaderOptions.Default, false);
        var values = new Dictionary<(string, string, string, string, string), (string, string)>();
        while (csv.Read())
        {
            values.Add((csv.GetString(0), csv.GetString(1), csv.GetString(2), csv.GetString(3), csv.GetString(4)), (csv.GetString(5), csv.GetString(6)));
        }
        return values;
    }
}
