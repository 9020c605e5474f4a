using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Expressions;

/// <summary>Other names for the symbols of an answer under which it may still equal the reference answer.</summary>
internal static class Renaming
{
    private const int MaxRenamed = 4;

    /// <summary>Both sides in lower case; null where that changes nothing or where one letter occurs in both cases.</summary>
    public static (Expression Gold, Expression Answer)? InOneCase(Expression gold, Expression answer)
    {
        var names = new HashSet<string>();
        CollectSymbols(gold, names);
        CollectSymbols(answer, names);
        if (!names.Any(name => char.IsAsciiLetterUpper(name[0]))) { return null; }
        foreach (var name in names)
        {
            var other = (char.IsAsciiLetterUpper(name[0]) ? char.ToLowerInvariant(name[0]) : char.ToUpperInvariant(name[0])) + name[1..];
            if (other != name && names.Contains(other) && !IsSplit(gold, answer, name, other)) { return null; }
        }

        return (Lower(gold), Lower(answer));
    }

    /// <summary>The answer with its constants of integration (C, c, C_1, c_2, K) named as those of the reference answer, in every order.</summary>
    public static IEnumerable<Expression> OfFreeConstants(Expression gold, Expression answer) =>
        gold.Kind == Symbol ? [] : Renamed(answer, SymbolsOf(answer, IsFreeConstant), SymbolsOf(gold, IsFreeConstant));

    /// <summary>The answer with its variables named as those of the reference answer, in every order.</summary>
    public static IEnumerable<Expression> OfVariables(Expression gold, Expression answer) =>
        Renamed(answer, SymbolsOf(answer, static _ => true), SymbolsOf(gold, static _ => true));

    private static IEnumerable<Expression> Renamed(Expression answer, List<Expression> given, List<Expression> wanted)
    {
        if (wanted.Count == 0 || wanted.Count != given.Count || wanted.Count > MaxRenamed) { yield break; }
        foreach (var order in Permutations(wanted.Count))
        {
            var renamed = answer;
            for (var i = 0; i < given.Count; i++) { renamed = Algebra.Substitute(renamed, given[i], new(Symbol, $"free {i}")); }
            for (var i = 0; i < given.Count; i++) { renamed = Algebra.Substitute(renamed, new(Symbol, $"free {i}"), wanted[order[i]]); }
            if (!renamed.Equals(answer)) { yield return renamed; }
        }
    }

    // "x+1" and "X+1": the two cases stand on different sides only
    private static bool IsSplit(Expression gold, Expression answer, string name, string other)
    {
        bool Holds(Expression e, string symbol) => e.Any(n => n.Kind == Symbol && n.Name == symbol);
        return (Holds(gold, name), Holds(gold, other), Holds(answer, name), Holds(answer, other)) is (true, false, false, true) or (false, true, true, false);
    }

    private static Expression Lower(Expression e)
    {
        if (e.Kind == Symbol && char.IsAsciiLetterUpper(e.Name[0])) { return new(Symbol, char.ToLowerInvariant(e.Name[0]) + e.Name[1..]); }
        return e.Items.Length == 0 ? e : Algebra.Rebuild(e, Array.ConvertAll(e.Items, Lower));
    }

    private static void CollectSymbols(Expression e, HashSet<string> names)
    {
        if (e.Kind == Symbol) { names.Add(e.Name); }
        foreach (var item in e.Items) { CollectSymbols(item, names); }
    }

    private static List<Expression> SymbolsOf(Expression e, Func<string, bool> test)
    {
        var found = new List<Expression>();
        void Visit(Expression node)
        {
            if (node.Kind == Symbol && test(node.Name) && !found.Contains(node)) { found.Add(node); }
            foreach (var item in node.Items) { Visit(item); }
        }

        Visit(e);
        return found;
    }

    private static bool IsFreeConstant(string name) => name is "C" or "c" or "K"
        || (name.Length > 2 && name[0] is 'C' or 'c' or 'k' or 'K' or 'A' && name[1] == '_' && name.AsSpan(2).IndexOfAnyExceptInRange('0', '9') < 0);

    private static IEnumerable<int[]> Permutations(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        return Permute(order, 0);
    }

    private static IEnumerable<int[]> Permute(int[] order, int from)
    {
        if (from >= order.Length - 1)
        {
            yield return [.. order];
            yield break;
        }

        for (var i = from; i < order.Length; i++)
        {
            (order[from], order[i]) = (order[i], order[from]);
            foreach (var rest in Permute(order, from + 1)) { yield return rest; }
            (order[from], order[i]) = (order[i], order[from]);
        }
    }
}
