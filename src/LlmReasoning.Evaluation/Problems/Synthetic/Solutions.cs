namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>A way of solving, right or wrong, as the corpus shows it.</summary>
internal enum Method
{
    /// <summary>The operations in order.</summary>
    Steps,

    /// <summary>The same, but the last line forgets carries and borrows.</summary>
    Fast,

    /// <summary>Brackets and order forgotten.</summary>
    Think,

    /// <summary>The inverse operations in reverse order, from the result.</summary>
    Undo,
}

/// <summary>Worked solutions: a head line, one line an operation, the boxed answer.</summary>
internal static class Solutions
{
    /// <param name="problem">What is solved.</param>
    /// <param name="method">How.</param>
    /// <param name="size">The unit size the author believes in; null = the right one.</param>
    public static string Write(SyntheticProblem problem, Method method, int? size = null)
    {
        var start = size ?? problem.Start;
        var forward = Chain.ReadForward(start, problem.Operations);
        var (head, (lines, answer)) = method switch
        {
            Method.Steps => ("Steps:", InOrder(start, forward)),
            Method.Fast => ("Fast:", InOrder(start, forward, forgetsCarry: true)),
            Method.Undo => ("Undo:", InOrder(problem.Start, [.. problem.Operations.Reverse().Select(operation => operation.Inverse)])),
            _ when problem.Kind == ProblemKind.Sequence => ("Let me think:", InOrder(start, [.. problem.Operations.Skip(1)])),
            _ => ("Let me think:", WithoutBrackets(start, forward)),
        };
        if (method == Method.Think && lines.Count > 1) { lines[0] += " wait,"; }
        return string.Join('\n', [head, .. lines, $"\\boxed{{{answer}}}"]);
    }

    private static (List<string> Lines, int Answer) InOrder(int start, List<Operation> operations, bool forgetsCarry = false)
    {
        var lines = new List<string>();
        var x = start;
        for (var i = 0; i < operations.Count; i++)
        {
            var operation = operations[i];
            var y = forgetsCarry && i == operations.Count - 1 ? operation.ApplyWithoutCarry(x) : operation.Apply(x);
            lines.Add($"{x}{operation.Symbol}{operation.Operand}={y}");
            x = y;
        }
        return (lines, x);
    }

    /// <summary>A multiplication takes only the operand before it, and what is added after a subtraction is subtracted with it: a-b+c is read as a-(b+c).</summary>
    private static (List<string> Lines, int Answer) WithoutBrackets(int start, List<Operation> operations)
    {
        var lines = new List<string>();
        var products = new List<Operation> { new('+', start) };
        foreach (var (symbol, operand) in operations)
        {
            if (symbol != '*')
            {
                products.Add(new(symbol, operand));
                continue;
            }
            var last = products[^1];
            lines.Add($"{last.Operand}*{operand}={last.Operand * operand}");
            products[^1] = last with { Operand = last.Operand * operand };
        }

        var terms = new List<Operation> { products[0] };
        foreach (var term in products.Skip(1))
        {
            var last = terms[^1];
            if (term.Symbol != '+' || last.Symbol != '-')
            {
                terms.Add(term);
                continue;
            }
            lines.Add($"{last.Operand}+{term.Operand}={last.Operand + term.Operand}");
            terms[^1] = last with { Operand = last.Operand + term.Operand };
        }

        var x = terms[0].Operand;
        foreach (var (symbol, operand) in terms.Skip(1))
        {
            var y = symbol == '+' ? x + operand : Math.Abs(x - operand);
            lines.Add(symbol == '-' && operand > x && y != x + operand ? $"{operand}-{x}={y}" : $"{x}{symbol}{operand}={y}");
            x = y;
        }
        return (lines, x);
    }
}
