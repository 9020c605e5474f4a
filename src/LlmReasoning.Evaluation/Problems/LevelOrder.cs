using System.Globalization;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>Numbers by value, then other names by their characters: 2 before 10, 10 before "hard".</summary>
public sealed class LevelOrder : IComparer<string>
{
    public static readonly LevelOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (Number(x), Number(y));
        if (a is not null && b is not null && a != b) { return a < b ? -1 : 1; }
        if (a is null != b is null) { return a is null ? 1 : -1; }
        return string.CompareOrdinal(x, y);
    }

    private static double? Number(string? level) =>
        double.TryParse(level, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
