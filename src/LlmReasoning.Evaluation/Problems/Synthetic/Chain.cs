namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>Chains of operations, and running them.</summary>
internal static class Chain
{
    /// <summary>No value of a chain is larger.</summary>
    public const int Top = 199;

    /// <summary>Operations from a start value: all values in 1..199, multiplication only of 6..48 by 2..5 and never twice in a row.</summary>
    public static (List<Operation> Operations, int End) Draw(SplitMix64 random, int start, int count)
    {
        var operations = new List<Operation>(count);
        var x = start;
        while (operations.Count < count)
        {
            var symbol = random.Weighted(('+', 4), ('-', 4), ('*', 3));
            var operation = new Operation(symbol, symbol == '*' ? random.Between(2, 5) : random.Between(3, 39));
            var next = operation.Apply(x);
            var follows = operations.Count > 0 && operations[^1].Symbol == '*';
            if (next is < 1 or > Top || symbol == '*' && (x is < 6 or > 48 || follows)) { continue; }
            operations.Add(operation);
            x = next;
        }
        return (operations, x);
    }

    public static int Run(int start, IEnumerable<Operation> operations) => operations.Aggregate(start, (x, operation) => operation.Apply(x));

    /// <summary>A forward reading of operations that do not fit the start value: a loss below zero is read as a gain.</summary>
    public static List<Operation> ReadForward(int start, IEnumerable<Operation> operations)
    {
        var read = new List<Operation>();
        var x = start;
        foreach (var operation in operations)
        {
            var fits = operation.Symbol != '-' || x >= operation.Operand;
            read.Add(fits ? operation : operation with { Symbol = '+' });
            x = read[^1].Apply(x);
        }
        return read;
    }
}
