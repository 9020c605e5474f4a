using System.Globalization;

namespace LlmReasoning.Evaluation.Problems;

/// <summary>One part of a problem set, for job arrays: part i of n holds the problems at positions i, i + n, i + 2n, ... Parts never overlap, and all of them are the set.</summary>
/// <param name="Index">1..<paramref name="Count"/>.</param>
/// <param name="Count">1 or more.</param>
public sealed record Shard(int Index, int Count)
{
    /// <summary>Reads "3/16".</summary>
    /// <exception cref="UserException">Not i/n with 1 &lt;= i &lt;= n.</exception>
    public static Shard Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && 1 <= index && index <= count
            ? new Shard(index, count)
            : throw new UserException($"shard is \"{text}\"; use i/n with i from 1 to n, such as 3/16");
    }

    /// <summary>This part of the problems, in their order.</summary>
    /// <exception cref="UserException">The part is empty: there are more parts than problems.</exception>
    public IReadOnlyList<T> Of<T>(IReadOnlyList<T> problems)
    {
        T[] part = [.. problems.Where((_, i) => i % Count == Index - 1)];
        return part.Length > 0 ? part : throw new UserException($"shard is {this}, but there are {problems.Count} problems; use at most {problems.Count} parts");
    }

    public override string ToString() => $"{Index}/{Count}";
}
