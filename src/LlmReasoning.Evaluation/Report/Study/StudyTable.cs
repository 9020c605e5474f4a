namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>One table of the report: as it is read, and as data.</summary>
/// <param name="Name">Of its file, tables/NAME.csv.</param>
/// <param name="Title">Above it; empty where a heading stands there already.</param>
/// <param name="Note">Below it, or empty.</param>
/// <param name="Rows">Texts; the first row holds the headings.</param>
/// <param name="Columns">Of the file.</param>
/// <param name="Values">Of the file: fractions, means, intervals in full precision.</param>
internal sealed record StudyTable(string Name, string Title, string Note, IReadOnlyList<string[]> Rows, string[] Columns, IReadOnlyList<object?[]> Values)
{
    /// <summary>Whether the page shows it only after a click.</summary>
    public bool IsFolded { get; init; }

    public void Write(string folder) => CsvTable.Write(Path.Combine(folder, $"{Name}.csv"), Columns, Values.Select(row => row.Select(Known).ToArray()));

    private static object? Known(object? value) => value is double number && double.IsNaN(number) ? null : value;
}
