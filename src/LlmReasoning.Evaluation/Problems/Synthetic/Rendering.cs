namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>Operations as text.</summary>
internal static class Rendering
{
    private static readonly string[] Names = ["Ann", "Bob", "Eva", "Leo", "Mia", "Tom"];
    private static readonly string[] Things = ["pens", "coins", "cards", "nuts", "stamps", "beads"];

    public static string Name(SplitMix64 random) => random.Pick(Names);

    public static string Thing(SplitMix64 random) => random.Pick(Things);

    /// <summary>"(23+14)*2-9": brackets only where a multiplication follows a sum.</summary>
    public static string Expression(string start, IEnumerable<Operation> operations)
    {
        var text = start;
        var isSum = false;
        foreach (var (symbol, operand) in operations)
        {
            if (symbol == '*' && isSum) { text = $"({text})"; }
            text += $"{symbol}{operand}";
            isSum = symbol != '*';
        }
        return text;
    }

    /// <summary>"Add 14. Double it. Subtract 9."</summary>
    public static string Commands(IEnumerable<Operation> operations) => string.Join(' ', operations.Select(operation => operation switch
    {
        ('+', var a) => $"Add {a}.",
        ('-', var a) => $"Subtract {a}.",
        (_, 2) => "Double it.",
        (_, 3) => "Triple it.",
        (_, var a) => $"Multiply by {a}.",
    }));

    /// <summary>"Buys 14. Doubles them. Sells 9."</summary>
    public static string Story(SplitMix64 random, IEnumerable<Operation> operations) => string.Join(' ', operations.Select(operation => operation switch
    {
        ('+', var a) => $"{random.Pick(["Buys", "Gets"])} {a}.",
        ('-', var a) => $"{random.Pick(["Sells", "Loses"])} {a}.",
        (_, 2) => "Doubles them.",
        (_, 3) => "Triples them.",
        (_, var a) => $"Makes it {a} times as many.",
    }));
}
