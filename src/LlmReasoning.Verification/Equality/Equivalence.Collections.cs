using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Equality;

/// <summary>Lists, sets, tuples, intervals and unions.</summary>
internal sealed partial class Equivalence
{
    private Match CompareCollections(Expression gold, Expression answer)
    {
        if (IsIntervalForm(gold, answer)) { return CompareIntervals(gold, answer); }
        return (gold.Kind, answer.Kind) switch
        {
            (ExpressionKind.Tuple, ExpressionKind.Tuple) => CompareTuples(gold, answer),
            (ExpressionKind.Tuple, List) when IsListOfEntries(gold, answer) => CompareTuples(gold, answer),
            (List, ExpressionKind.Tuple) when IsListOfEntries(answer, gold) => CompareTuples(gold, answer),
            (Set or List, Set or List) => CompareSets(gold, answer),
            (ExpressionKind.Interval, ExpressionKind.Interval) => CompareIntervals(gold, answer),
            (Set or List, _) => CompareWithSingle(gold, answer, isGoldSet: true),
            (_, Set or List) => CompareWithSingle(answer, gold, isGoldSet: false),
            _ => Match.No("type-mismatch"),
        };
    }

    /// <summary>
    /// A list without brackets may be the entries of a tuple whose brackets were left out, in order. A rising pair is excluded:
    /// "(-2,1)" may be an interval, and "-2,1" two solutions.
    /// </summary>
    private bool IsListOfEntries(Expression tuple, Expression list)
    {
        if (tuple.Items.Length != list.Items.Length || Array.Exists(list.Items, i => i.Kind == ExpressionKind.Tuple)) { return false; }
        return tuple.Items.Length > 2 || Array.TrueForAll(list.Items, IsNamed) || Array.Exists(tuple.Items, i => !Algebra.IsScalar(i))
            || IntervalSet.Order(tuple.Items[0], tuple.Items[1], this) > 0;
    }

    /// <summary>A pair in round brackets is an open interval where the other side is an interval.</summary>
    private static bool IsIntervalForm(Expression a, Expression b) => IsIntervalOnly(a) || IsIntervalOnly(b);

    private static bool IsIntervalOnly(Expression e) => e.Kind is ExpressionKind.Interval or Union || (e.Kind == Call && e.Name is "setminus" or "cap");

    private Match CompareIntervals(Expression gold, Expression answer)
    {
        if (gold.Kind == ExpressionKind.Interval && answer.Kind == ExpressionKind.Interval && gold.Name == answer.Name && CompareItems(gold.Items, answer.Items, "interval") is { IsEqual: true } same) { return same; }
        if (IntervalSet.From(gold) is not { } wanted || IntervalSet.From(answer) is not { } given) { return Match.No("type-mismatch"); }
        return wanted.Equals(given, this) ? Match.Yes("interval") : Match.No("differs");
    }

    private Match CompareSolutionSets(Expression gold, Expression answer, bool isGoldRelation)
    {
        var (wanted, given) = isGoldRelation
            ? (IntervalSet.FromRelation(gold, solves: true), IntervalSet.From(answer))
            : (IntervalSet.From(gold), IntervalSet.FromRelation(answer, solves: false));
        if (wanted is not null && given is not null) { return wanted.Equals(given, this) ? Match.Yes("solution-set") : Match.No("differs"); }
        if (!isGoldRelation && IsAssignment(answer, out _, out var value)) { return CompareKinds(gold, value); }
        return Match.No("type-mismatch");
    }

    private Match CompareTuples(Expression gold, Expression answer)
    {
        if (gold.Items.Length != answer.Items.Length) { return Match.No("different-count"); }
        var (x, y) = WithoutNames(gold.Items, answer.Items);
        return CompareItems(x, y, "tuple");
    }

    private Match CompareWithSingle(Expression set, Expression single, bool isGoldSet)
    {
        var items = Distinct(set.Items);
        if (items.Count != 1) { return Match.No("different-count"); }
        var match = isGoldSet ? CompareKinds(items[0], single) : CompareKinds(single, items[0]);
        return match.IsEqual == true && set.Items.Length > 1 ? Match.Yes("duplicates") : match;
    }

    /// <summary>Equal without regard to order and repetition: equal trees first, the rest pair by pair.</summary>
    private Match CompareSets(Expression gold, Expression answer)
    {
        var (goldItems, answerItems) = WithoutNames(gold.Items, answer.Items);
        var (wanted, given) = (Distinct(goldItems), Distinct(answerItems));
        if (wanted.Count == given.Count && CompareInOrder(wanted, given) is { } inOrder) { return inOrder; }
        var isUnknown = false;
        var unmatchedGold = wanted.FindAll(item => !given.Contains(item));
        var unmatchedAnswer = given.FindAll(item => !wanted.Contains(item));
        foreach (var item in unmatchedAnswer)
        {
            var found = -1;
            for (var i = 0; i < unmatchedGold.Count && found < 0; i++)
            {
                var match = CompareKinds(unmatchedGold[i], item);
                if (match.IsEqual == true) { found = i; }
                isUnknown |= match.IsEqual is null;
            }

            if (found < 0 && !wanted.Exists(w => CompareKinds(w, item).IsEqual == true)) { return isUnknown ? Match.Unknown("undecided-entry") : Match.No("differs"); }
            if (found >= 0) { unmatchedGold.RemoveAt(found); }
        }

        foreach (var item in unmatchedGold)
        {
            if (!given.Exists(g => CompareKinds(item, g).IsEqual == true)) { return Match.No(wanted.Count == given.Count ? "differs" : "different-count"); }
        }

        return Match.Yes(wanted.Count == goldItems.Length && given.Count == answerItems.Length ? "set" : "duplicates");
    }

    private static Match? CompareInOrder(List<Expression> gold, List<Expression> answer)
    {
        for (var i = 0; i < gold.Count; i++)
        {
            if (!gold[i].Equals(answer[i])) { return null; }
        }

        return Match.Yes("list");
    }

    private static List<Expression> Distinct(Expression[] items)
    {
        var seen = new HashSet<Expression>();
        var distinct = new List<Expression>();
        foreach (var item in items)
        {
            if (seen.Add(item)) { distinct.Add(item); }
        }

        return distinct;
    }

    /// <summary>"x=1, y=2" against "1, 2": names count only if both sides name every entry.</summary>
    private static (Expression[] Gold, Expression[] Answer) WithoutNames(Expression[] gold, Expression[] answer)
    {
        if (Array.TrueForAll(gold, IsNamed) && Array.TrueForAll(answer, IsNamed)) { return (gold, answer); }
        return (Array.ConvertAll(gold, Unnamed), Array.ConvertAll(answer, Unnamed));
    }

    private static bool IsNamed(Expression e) => IsAssignment(e, out _, out _);

    private static Expression Unnamed(Expression e)
    {
        if (e.Kind == ExpressionKind.Tuple) { return new(ExpressionKind.Tuple, "", Array.ConvertAll(e.Items, Unnamed)); }
        return IsAssignment(e, out _, out var value) ? value : e;
    }
}
