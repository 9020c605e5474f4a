using System.Globalization;

namespace LlmReasoning.Torch.Training;

/// <summary>A CSV file that grows by steps: its first column is the step, later ones numbers and plain texts.</summary>
/// <remarks>Opened by a run that goes on, the rows after its last checkpoint are gone: they are written again. A row that a kill has torn never counts.</remarks>
public sealed class StepTable
{
    private readonly string _path;
    private readonly List<string[]> _rows = [];

    /// <param name="path">Made with the first row.</param>
    /// <param name="lastStep">Rows of later steps are removed; 0 = all of them.</param>
    public StepTable(string path, int lastStep)
    {
        _path = path;
        if (!File.Exists(path)) { return; }
        if (lastStep == 0)
        {
            File.Delete(path);
            return;
        }
        var text = RegularFile.ReadText(path);
        string[][] lines = [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r').Split(','))];
        if (lines.Length == 0) { return; }
        Header = lines[0];
        _rows.AddRange(lines.Skip(1).Where(row => row.Length == Header.Count && StepOf(row) is { } step && step <= lastStep));
        if (text != Text()) { Rewrite(); }
    }

    /// <summary>Names of the columns; empty before the first row.</summary>
    public IReadOnlyList<string> Header { get; private set; } = [];

    /// <summary>Fields as they stand in the file.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    /// <summary>Appends rows; the columns are those of the first one.</summary>
    /// <param name="header">The first is the step.</param>
    /// <param name="rows">Whole numbers, doubles, texts and null, which becomes an empty field.</param>
    /// <exception cref="UserException">The file has other columns.</exception>
    public void Append(IReadOnlyList<string> header, params IReadOnlyList<IReadOnlyList<object?>> rows)
    {
        if (Header.Count > 0 && !Header.SequenceEqual(header))
        {
            throw new UserException($"{_path}: its columns are {string.Join(',', Header)}, those of this version are {string.Join(',', header)}; start the run anew in another folder");
        }
        string[][] added = [.. rows.Select(row => row.Select(Field).ToArray())];
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);
        File.AppendAllText(_path, (Header.Count == 0 ? Line(header) : "") + string.Concat(added.Select(Line)));
        Header = header;
        _rows.AddRange(added);
    }

    /// <summary>Puts another row in the place of the last one.</summary>
    public void ReplaceLast(IReadOnlyList<object?> row)
    {
        _rows[^1] = [.. row.Select(Field)];
        Rewrite();
    }

    /// <summary>The numbers of a column by step; empty fields are left out.</summary>
    /// <param name="bucket">Of a table with a column "bucket": only its rows.</param>
    public IReadOnlyList<(double Step, double Value)> Column(string name, string? bucket = null)
    {
        var (column, place) = (IndexOf(name), IndexOf("bucket"));
        if (column < 0) { return []; }
        return [.. _rows
            .Where(row => bucket is null || row[place] == bucket)
            .Select(row => (Step: (double)StepOf(row)!.Value, Value: Number(row[column])))
            .Where(point => point.Value is not null)
            .Select(point => (point.Step, point.Value!.Value))];
    }

    /// <summary>The number in the last row; null where the field is empty or there is none.</summary>
    public double? Last(string name) => _rows.Count > 0 && IndexOf(name) is >= 0 and var column ? Number(_rows[^1][column]) : null;

    /// <summary>A text as it can stand between two commas.</summary>
    internal static string Plain(string text) => string.Concat(text.Select(c => c switch { ',' => ';', '"' => '\'', _ => char.IsControl(c) ? ' ' : c }));

    private int IndexOf(string name) => Header.ToList().IndexOf(name);

    private void Rewrite() => AtomicFile.WriteText(_path, Text());

    private string Text() => Line(Header) + string.Concat(_rows.Select(Line));

    private static int? StepOf(string[] row) => int.TryParse(row[0], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    private static double? Number(string field) => double.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Line(IReadOnlyList<string> fields) => string.Join(',', fields) + "\r\n";

    private static string Field(object? value) => value switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        string text => Plain(text),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
