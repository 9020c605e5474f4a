namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>The topics of the family, and how one problem of each is drawn.</summary>
internal static class Topics
{
    /// <summary>Topic and level of the test and train sets by index modulo 40: shares are exact.</summary>
    public static readonly IReadOnlyList<(string Topic, int Level)> Schedule =
    [
        .. Slots("expressions", 1, 2, 3, 4, 5),
        .. Slots("chains", 1, 2, 3, 4, 5),
        .. Slots("stories", 1, 2, 3, 4),
        .. Slots("geometry", 1, 2),
        .. Slots("sequences", 3, 3),
        .. Slots("equations", 4, 4, 5),
        .. Slots("riddles", 4, 4, 5),
        .. Slots("units", 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5),
        .. Slots("new units", 5, 5, 5, 5),
    ];

    /// <summary>Of the pretraining corpus: four slots more of units in place of new units.</summary>
    public static readonly IReadOnlyList<(string Topic, int Level)> CorpusSchedule =
    [
        .. Schedule.Where(slot => slot.Topic is not ("units" or "new units")),
        .. Slots("units", 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5),
    ];

    /// <summary>A problem without an id. The order of the draws is part of the family.</summary>
    public static SyntheticProblem Draw(SplitMix64 random, string topic, int level, bool isCorpus) => topic switch
    {
        "expressions" or "chains" or "stories" => Plain(random, topic, level),
        "geometry" => Geometry(random, level),
        "sequences" => Sequence(random),
        "equations" or "riddles" => Inverse(random, topic, level),
        "units" => Units(random, topic, level, isCorpus ? UnitTable.Corpus : UnitTable.Known, mostUnits: 9),
        _ => Units(random, topic, level, UnitTable.New, mostUnits: 4),
    };

    private static IEnumerable<(string, int)> Slots(string topic, params int[] levels) => levels.Select(level => (topic, level));

    private static SyntheticProblem Plain(SplitMix64 random, string topic, int level)
    {
        var start = random.Between(11, 59);
        var (operations, _) = Chain.Draw(random, start, level);
        var text = topic switch
        {
            "expressions" => $"Compute {Rendering.Expression($"{start}", operations)}.",
            "chains" => $"Start with {start}. {Rendering.Commands(operations)}",
            _ => $"{Rendering.Name(random)} has {start} {Rendering.Thing(random)}. {Rendering.Story(random, operations)}",
        };
        return Forward(topic, level, text, start, operations);
    }

    private static SyntheticProblem Geometry(SplitMix64 random, int level)
    {
        if (level == 1)
        {
            var (length, width) = (random.Between(11, 48), random.Between(2, 4));
            var text = $"{Rendering.Name(random)} has a field of {length} by {width}. Find its area.";
            return Forward("geometry", level, text, length, [new('*', width)]);
        }
        var (a, b) = (random.Between(11, 59), random.Between(5, 39));
        return Forward("geometry", level, $"A rectangle is {a} by {b}. Find its perimeter.", a, [new('+', b), new('*', 2)]);
    }

    private static SyntheticProblem Sequence(SplitMix64 random)
    {
        var growth = random.Between(2, 5);
        var term = random.Between(12, 34);
        var start = random.Between(5, 34);
        var text = $"A sequence starts at {start} and grows by {growth}. Find term {term}.";
        return Forward("sequences", 3, text, term, [new('-', 1), new('*', growth), new('+', start)]) with { Kind = ProblemKind.Sequence };
    }

    private static SyntheticProblem Inverse(SplitMix64 random, string topic, int level)
    {
        while (true)
        {
            var unknown = random.Between(6, 59);
            var (operations, result) = Chain.Draw(random, unknown, level - 2);
            if (!operations.Exists(operation => operation.Symbol == '*') || LargestMisreading(result, operations) >= 300) { continue; }
            var text = topic == "equations"
                ? $"Solve {Rendering.Expression("x", operations)}={result}."
                : $"{Rendering.Name(random)} has some {Rendering.Thing(random)}. {Rendering.Story(random, operations)} Now has {result}. Find the first number.";
            return Forward(topic, level, text, result, operations) with { Kind = ProblemKind.Inverse, Answer = unknown };
        }
    }

    private static int LargestMisreading(int result, IReadOnlyList<Operation> operations)
    {
        var x = result;
        return Chain.ReadForward(result, operations).Max(operation => x = operation.Apply(x));
    }

    private static SyntheticProblem Units(SplitMix64 random, string topic, int level, IReadOnlyList<string> words, int mostUnits)
    {
        var unit = random.Pick(words);
        var size = UnitTable.RightSize(unit);
        var count = random.Between(2, mostUnits);
        var (operations, _) = Chain.Draw(random, count * size, level - 3);
        var text = $"{Rendering.Name(random)} has {count} {unit}s of {Rendering.Thing(random)}. {Rendering.Story(random, operations)}";
        return Forward(topic, level, text, size, [new('*', count), .. operations]) with { Kind = ProblemKind.Units, Unit = unit };
    }

    private static SyntheticProblem Forward(string topic, int level, string text, int start, IReadOnlyList<Operation> operations) => new()
    {
        Text = text,
        Topic = topic,
        Level = level,
        Kind = ProblemKind.Forward,
        Start = start,
        Operations = operations,
        Answer = Chain.Run(start, operations),
    };
}
