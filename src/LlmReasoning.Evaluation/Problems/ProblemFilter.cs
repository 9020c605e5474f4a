namespace LlmReasoning.Evaluation.Problems;

/// <summary>Which problems of a set are used: those of some levels, of these a random part, of that part the first. What is left stays in the order of the set.</summary>
public sealed record ProblemFilter
{
    /// <summary>Level names as in <see cref="Problem.Level"/>; null or empty = all.</summary>
    public IReadOnlyCollection<string>? Levels { get; init; }

    /// <summary>How many problems are drawn at random; null = all.</summary>
    public int? Subset { get; init; }

    /// <summary>Other seeds draw other problems.</summary>
    public long SubsetSeed { get; init; }

    /// <summary>The first so many, 1 or more; null = all.</summary>
    public int? Limit { get; init; }

    /// <summary>The problems that pass.</summary>
    /// <exception cref="UserException">A level that no problem has, a limit or a subset below 1, a subset of more problems than there are.</exception>
    public IReadOnlyList<Problem> Of(IReadOnlyList<Problem> problems)
    {
        if (Limit < 1) { throw new UserException($"limit is {Limit}; it must be 1 or more"); }
        return [.. Drawn(OfLevels(problems)).Take(Limit ?? int.MaxValue)];
    }

    private IReadOnlyList<Problem> OfLevels(IReadOnlyList<Problem> problems)
    {
        if (Levels is null or { Count: 0 }) { return problems; }
        var known = problems.Select(problem => problem.Level).OfType<string>().Distinct().Order(LevelOrder.Instance).ToArray();
        if (Levels.FirstOrDefault(level => !known.Contains(level)) is { } unknown)
        {
            var remedy = known.Length > 0 ? $"the problems have {string.Join(", ", known)}" : "these problems have no levels";
            throw new UserException($"level is \"{unknown}\"; {remedy}");
        }
        return [.. problems.Where(problem => Levels.Contains(problem.Level))];
    }

    // Every problem has a random number by its id, and those with the lowest are taken: neither the order of the file nor problems that come or go
    // elsewhere in it change whether a problem precedes another, and a smaller subset is a part of a larger one.
    private IReadOnlyList<Problem> Drawn(IReadOnlyList<Problem> problems)
    {
        if (Subset is not { } count) { return problems; }
        if (count < 1 || count > problems.Count) { throw new UserException($"subset is {count}; it must be from 1 to the {problems.Count} problems there are"); }
        var taken = problems
            .Select(problem => problem.Id)
            .OrderBy(id => new SplitMix64(SubsetSeed, "subset", id).Next())
            .ThenBy(id => id, StringComparer.Ordinal)
            .Take(count)
            .ToHashSet(StringComparer.Ordinal);
        return [.. problems.Where(problem => taken.Contains(problem.Id))];
    }
}
