using System.Text;

namespace LlmReasoning.Evaluation.Report;

/// <summary>Tables as text: the first row is the header, the first column is set to the left and the others to the right.</summary>
internal static class TextTable
{
    /// <summary>Aligned columns for the console, and a blank line.</summary>
    public static void AppendAligned(StringBuilder text, IReadOnlyList<string[]> table)
    {
        int[] widths = [.. table[0].Select((_, column) => table.Max(row => row[column].Length))];
        foreach (var row in table)
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }
        text.Append('\n');
    }

    /// <summary>A Markdown table, and a blank line.</summary>
    public static void AppendMarkdown(StringBuilder text, IReadOnlyList<string[]> table)
    {
        AppendRow(text, [.. table[0].Select(Escaped)]);
        AppendRow(text, [.. table[0].Select((_, column) => column == 0 ? "---" : "---:")]);
        foreach (var row in table.Skip(1)) { AppendRow(text, [.. row.Select(Escaped)]); }
        text.Append('\n');
    }

    /// <summary>A cell of a Markdown table: nothing in it ends the cell or the row, or is read as HTML.</summary>
    public static string Escaped(string cell) =>
        cell.ReplaceLineEndings(" ").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static void AppendRow(StringBuilder text, string[] cells) => text.Append($"| {string.Join(" | ", cells)} |\n");
}
