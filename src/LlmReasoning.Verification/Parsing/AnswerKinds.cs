using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>Names the form of an answer.</summary>
internal static class AnswerKinds
{
    public static AnswerKind Of(Expression e) => e.Kind switch
    {
        Number => e.Value.IsInteger ? AnswerKind.Integer : e.HasDecimal ? AnswerKind.Decimal : AnswerKind.Rational,
        Constant => e.Name == "i" ? AnswerKind.Complex : e.Name == "e" || e.Name == "pi" ? AnswerKind.ClosedForm : AnswerKind.Special,
        Symbol => e.Name is [>= 'A' and <= 'E'] ? AnswerKind.Choice : AnswerKind.Expression,
        Unit => AnswerKind.Text,
        Numeral => AnswerKind.BaseN,
        Ratio => AnswerKind.Ratio,
        ExpressionKind.Tuple => AnswerKind.Tuple,
        ExpressionKind.Interval or Union => AnswerKind.Interval,
        Set => AnswerKind.Set,
        List => AnswerKind.List,
        Matrix => AnswerKind.Matrix,
        Text => AnswerKind.Text,
        Relation => OfRelation(e),
        Call when e.Name == "set-of" => AnswerKind.Set,
        Call when e.Name is "setminus" or "cap" => AnswerKind.Interval,
        _ => OfScalar(e),
    };

    private static AnswerKind OfRelation(Expression e)
    {
        if (e.Name.AsSpan().IndexOfAny("<>≤≥≠") >= 0) { return AnswerKind.Inequality; }
        if (e.Name == "∈") { return AnswerKind.Interval; }
        return e.Items[0].Kind is Symbol or Call or ExpressionKind.Tuple && e.Name.AsSpan().IndexOfAnyExcept('=', '≈') < 0 ? AnswerKind.Assignment : AnswerKind.Equation;
    }

    private static AnswerKind OfScalar(Expression e)
    {
        if (e.Kind == ExpressionKind.Multiply && Array.Exists(e.Items, IsUnit))
        {
            return Array.Exists(e.Items, i => i.Is(Unit, "percent")) ? AnswerKind.Percent : AnswerKind.Quantity;
        }

        if (e.Any(static n => n.Kind == Symbol || (n.Kind == Call && (n.Items.Length != 1 || !IsFunction(n.Name))))) { return IsChoices(e) ? AnswerKind.Choice : AnswerKind.Expression; }
        if (e.Any(static n => n.Kind == Constant && n.Name == "i")) { return AnswerKind.Complex; }
        return e.Any(static n => n.Kind == Call || n.Kind == Constant) ? AnswerKind.ClosedForm : AnswerKind.Surd;
    }

    // "ACD": several letters of a choice
    private static bool IsChoices(Expression e) => e.Kind == ExpressionKind.Multiply && Array.TrueForAll(e.Items, i => i.Kind == Symbol && i.Name is [>= 'A' and <= 'E']);

    private static bool IsFunction(string name) => name == "factorial" || Vocabulary.Functions.Contains(name);

    private static bool IsUnit(Expression e) => (e.Kind == ExpressionKind.Power ? e.Items[0] : e).Kind == Unit;
}
