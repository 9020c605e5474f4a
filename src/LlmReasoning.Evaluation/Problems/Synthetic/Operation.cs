namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>One step of a chain: + - * or / by an operand.</summary>
internal readonly record struct Operation(char Symbol, int Operand)
{
    public Operation Inverse => this with
    {
        Symbol = Symbol switch
        {
            '+' => '-',
            '-' => '+',
            _ => '/',
        },
    };

    public int Apply(int x) => Symbol switch
    {
        '+' => x + Operand,
        '-' => x - Operand,
        '*' => x * Operand,
        _ => x / Operand,
    };

    /// <summary>Column by column, forgetting every carry and borrow; the leading column keeps its full value. Not for division.</summary>
    public int ApplyWithoutCarry(int x)
    {
        var columns = $"{x}";
        var operand = $"{Operand}";
        if (Symbol != '*')
        {
            var width = Math.Max(columns.Length, operand.Length);
            columns = columns.PadLeft(width, '0');
            operand = operand.PadLeft(width, '0');
        }
        var result = 0;
        for (var i = 0; i < columns.Length; i++)
        {
            var digit = columns[i] - '0';
            var column = Symbol switch
            {
                '+' => digit + (operand[i] - '0'),
                '-' => Math.Abs(digit - (operand[i] - '0')),
                _ => digit * Operand,
            };
            result = result * 10 + (i == 0 ? column : column % 10);
        }
        return result;
    }
}
