using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Equality;

/// <summary>
/// Decides whether an answer equals the reference answer: first by the kinds of the two (relations, sets, tuples, matrices, ...),
/// then entry by entry with the ladder of rules for scalars. Equal kinds are compared symmetrically; an unsolved relation is
/// taken for its solution only in the reference answer, because restating the task is no answer.
/// </summary>
internal sealed partial class Equivalence
{
    private readonly Work _work;
    private readonly VerifierOptions _options;

    public Equivalence(Work work, VerifierOptions options)
    {
        _work = work;
        _options = options;
    }

    /// <summary>Compares, then once more with letters in one case and with the constants of integration renamed where that is harmless.</summary>
    public Match Compare(Expression gold, Expression answer)
    {
        var match = CompareKinds(gold, answer);
        if (match.IsEqual == true) { return match; }
        if (Renaming.InOneCase(gold, answer) is var (lowerGold, lowerAnswer) && CompareKinds(lowerGold, lowerAnswer) is { IsEqual: true } folded) { return folded; }
        foreach (var renamed in _options.IgnoresVariableNames ? Renaming.OfVariables(gold, answer) : Renaming.OfFreeConstants(gold, answer))
        {
            if (CompareKinds(gold, renamed).IsEqual == true) { return Match.Yes(_options.IgnoresVariableNames ? "renamed" : "free-constants"); }
        }

        return match;
    }

    private Match CompareKinds(Expression gold, Expression answer)
    {
        _work.Spend(1);
        if (gold.Equals(answer)) { return gold.Equals(Algebra.Undefined) ? Match.No("undefined") : Match.Yes("same-expression"); }
        return (gold.Kind, answer.Kind) switch
        {
            (Text, Set) when gold.Name.StartsWith("nosolution", StringComparison.Ordinal) && answer.Items.Length == 0 => Match.Yes("no-solution"),
            (Set, Text) when answer.Name.StartsWith("nosolution", StringComparison.Ordinal) && gold.Items.Length == 0 => Match.Yes("no-solution"),
            (Text, _) or (_, Text) => Match.No(gold.Kind == answer.Kind ? "differs" : "type-mismatch"),
            (Relation, Relation) => CompareRelations(gold, answer),
            (_, Relation) when IsCollection(gold) && gold.Items.Length != 1 => CompareSolutionSets(gold, answer, isGoldRelation: false),
            (_, Relation) => AnswerIsRelation(gold, answer),
            (Relation, _) => GoldIsRelation(gold, answer),
            (Matrix, Matrix) => CompareMatrices(gold, answer),
            (Matrix, ExpressionKind.Tuple) => CompareVector(gold, answer),
            (ExpressionKind.Tuple, Matrix) => CompareVector(answer, gold),
            (Ratio, Ratio) => CompareRatios(gold, answer),
            (Ratio, _) when Algebra.IsScalar(answer) => CompareRatioWithQuotient(gold, answer),
            (_, Ratio) when Algebra.IsScalar(gold) => CompareRatioWithQuotient(answer, gold),
            (Numeral, Number) => CompareNumeral(gold, answer),
            (Number, Numeral) => CompareNumeral(answer, gold),
            _ when IsCollection(gold) || IsCollection(answer) => CompareCollections(gold, answer),
            _ when Algebra.IsScalar(gold) && Algebra.IsScalar(answer) => CompareQuantities(gold, answer),
            _ => Match.No("type-mismatch"),
        };
    }

    private static bool IsCollection(Expression e) =>
        e.Kind is Set or List or Union or ExpressionKind.Interval or ExpressionKind.Tuple || (e.Kind == Call && e.Name is "setminus" or "cap");

    private static bool HasSymbols(Expression e) => e.Any(static n => n.Kind == Symbol);

    private Match CompareItems(Expression[] gold, Expression[] answer, string reason)
    {
        if (gold.Length != answer.Length) { return Match.No("different-count"); }
        var isUnknown = false;
        for (var i = 0; i < gold.Length; i++)
        {
            var match = CompareKinds(gold[i], answer[i]);
            if (match.IsEqual == false) { return match; }
            isUnknown |= match.IsEqual is null;
        }

        return isUnknown ? Match.Unknown("undecided-entry") : Match.Yes(reason);
    }

    // ---- matrices, ratios, numerals ------------------------------------------------------------------------------------------

    private Match CompareMatrices(Expression gold, Expression answer) =>
        gold.Name == answer.Name ? CompareItems(gold.Items, answer.Items, "matrix") : Match.No("different-shape");

    /// <summary>A row or a column equals the tuple of its entries.</summary>
    private Match CompareVector(Expression matrix, Expression tuple)
    {
        var (rows, columns) = Algebra.Shape(matrix);
        return rows == 1 || columns == 1 ? CompareItems(matrix.Items, tuple.Items, "vector") : Match.No("type-mismatch");
    }

    /// <summary>Two times of the day are equal only if written alike; ratios are equal if proportional.</summary>
    private Match CompareRatios(Expression gold, Expression answer)
    {
        if (gold.Name == "time" && answer.Name == "time") { return Match.No("different-time"); }
        if (gold.Items.Length != answer.Items.Length) { return Match.No("different-count"); }
        for (var i = 1; i < gold.Items.Length; i++)
        {
            var left = Algebra.Multiply(gold.Items[0], answer.Items[i]);
            var right = Algebra.Multiply(answer.Items[0], gold.Items[i]);
            if (CompareScalars(left, right) is { IsEqual: not true } match) { return match; }
        }

        return Match.Yes("ratio");
    }

    private Match CompareRatioWithQuotient(Expression ratio, Expression number) => ratio.Items.Length == 2 && ratio.Name.Length == 0
        ? CompareScalars(Algebra.Divide(ratio.Items[0], ratio.Items[1]), number)
        : Match.No("type-mismatch");

    /// <summary>A numeral with its base equals the same digits without one, as a quantity equals its number without the unit.</summary>
    private static Match CompareNumeral(Expression numeral, Expression number) =>
        number.IsInteger && number.Value.Numerator.ToString(System.Globalization.CultureInfo.InvariantCulture) == numeral.Name
            ? Match.Yes("base-missing")
            : Match.No("differs");
}
