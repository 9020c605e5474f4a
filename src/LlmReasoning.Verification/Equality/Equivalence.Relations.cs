using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Equality;

/// <summary>Equations, inequalities, assignments and chains.</summary>
internal sealed partial class Equivalence
{
    private Match CompareRelations(Expression gold, Expression answer)
    {
        if (IsAssignment(gold, out var goldName, out var goldValue) && IsAssignment(answer, out var answerName, out var answerValue))
        {
            if (SameName(goldName, answerName)) { return CompareKinds(goldValue, WithArgumentsOf(goldName, answerName, answerValue)); }
        }

        if (ChainValue(gold) is { } value) { return AnswerIsRelation(value, answer); }
        if (IsConstantChain(answer) && IsAssignment(gold, out _, out var assigned)) { return AnswerIsRelation(assigned, answer); }
        (gold, answer) = (Ascending(gold), Ascending(answer));
        if (gold.Name != answer.Name) { return CompareDifferentRelations(gold, answer); }
        if (gold.Name.Contains('∈', StringComparison.Ordinal) || gold.Items.Length != answer.Items.Length || !Array.TrueForAll(gold.Items, Algebra.IsScalar) || !Array.TrueForAll(answer.Items, Algebra.IsScalar))
        {
            return CompareItems(gold.Items, answer.Items, "relation");
        }

        if (gold.Items.Length > 2 && CompareItems(gold.Items, answer.Items, "chain") is { IsEqual: true } same) { return same; }
        for (var i = 0; i < gold.Name.Length; i++)
        {
            var left = Algebra.Subtract(gold.Items[i], gold.Items[i + 1]);
            var right = Algebra.Subtract(answer.Items[i], answer.Items[i + 1]);
            if (CompareProportional(left, right, keepsSign: gold.Name[i] is '<' or '≤') is { IsEqual: not true } match) { return match; }
        }

        return Match.Yes(gold.Name[0] == '=' ? "equation" : "inequality");
    }

    private Match CompareDifferentRelations(Expression gold, Expression answer)
    {
        if (IntervalSet.FromRelation(gold, solves: true) is { } wanted && IntervalSet.FromRelation(answer, solves: false) is { } given)
        {
            return wanted.Equals(given, this) ? Match.Yes("solution-set") : Match.No("differs");
        }

        return Match.No("different-relation");
    }

    /// <summary>The answer is a relation and the reference is none: its value counts if its left side is a name, or if a chain of numbers holds.</summary>
    private Match AnswerIsRelation(Expression gold, Expression answer)
    {
        if (IsAssignment(answer, out _, out var value)) { return CompareKinds(gold, value); }
        if (!IsConstantChain(answer)) { return Match.No("equation-for-value"); }
        for (var i = 0; i < answer.Name.Length; i++)
        {
            if (!LinkHolds(answer.Items[i], answer.Name[i], answer.Items[i + 1])) { return Match.No("broken-chain"); }
        }

        var first = CompareKinds(gold, answer.Items[0]);
        return first.IsEqual == true ? first : CompareKinds(gold, answer.Items[^1]);
    }

    private Match GoldIsRelation(Expression gold, Expression answer)
    {
        if (IsAssignment(gold, out _, out var value)) { return CompareKinds(value, answer); }
        if (ChainValue(gold) is { } chainValue) { return CompareKinds(chainValue, answer); }
        if (IsCollection(answer)) { return CompareSolutionSets(gold, answer, isGoldRelation: true); }
        return Match.No("value-for-equation");
    }

    private static bool IsConstantChain(Expression e) =>
        Array.TrueForAll(e.Name.ToCharArray(), c => c is '=' or '≈') && Array.TrueForAll(e.Items, item => Algebra.IsScalar(item) && !HasSymbols(item));

    /// <summary>The value of a chain of numbers such as "1+1 = 2"; null for other relations.</summary>
    private static Expression? ChainValue(Expression e) => IsConstantChain(e) ? e.Items[^1] : null;

    /// <summary>"=" has to hold; "≈" up to one part in a hundred.</summary>
    private bool LinkHolds(Expression left, char relation, Expression right)
    {
        if (CompareQuantities(left, right).IsEqual == true) { return true; }
        if (relation == '=') { return false; }
        var difference = Algebra.Call("abs", Algebra.Subtract(left, right));
        var allowed = Algebra.Multiply(Algebra.Number(Rational.Create(1, 100)), Algebra.Call("abs", left));
        return IntervalSet.Order(difference, allowed, this) <= 0;
    }

    /// <summary>"x = 5", "f(x) = 2x", "AB = 4", "(x,y) = (1,2)", "x = 3+3 = 6": a name and the last side of the chain.</summary>
    private static bool IsAssignment(Expression e, out Expression name, out Expression value)
    {
        (name, value) = (e, e);
        if (e.Kind != Relation || e.Name.AsSpan().IndexOfAnyExcept('=', '≈') >= 0) { return false; }
        (name, value) = (e.Items[0], e.Items[^1]);
        if (IsName(name)) { return true; }
        if (e.Items.Length > 2 && IsName(e.Items[^2]))
        {
            name = e.Items[^2];                  // "... = x = 0"
            return true;
        }

        if (e.Items.Length != 2 || !IsName(value) || HasSymbols(name)) { return false; }
        (name, value) = (value, name);
        return true;
    }

    private static bool IsName(Expression e) => e.Kind switch
    {
        Symbol => true,
        Text => true,
        Call when e.Name == "abs" => IsName(e.Items[0]),
        Call => !Vocabulary.Functions.Contains(e.Name) && e.Name is not ("factorial" or "sum" or "prod" or "int" or "lim" or "binom" or "mod" or "set-of") && Array.TrueForAll(e.Items, i => i.Kind is Symbol or Number or Constant),
        ExpressionKind.Multiply => Array.TrueForAll(e.Items, IsCapital),
        ExpressionKind.Tuple or Ratio => Array.TrueForAll(e.Items, IsName),
        _ => false,
    };

    // "AB", "MR": names of segments and quantities
    private static bool IsCapital(Expression e) => e.Kind == Symbol && char.IsAsciiLetterUpper(e.Name[0]);

    private static bool SameName(Expression a, Expression b)
    {
        if (a.Equals(b)) { return true; }
        if (a.Kind == Call && b.Kind == Call) { return a.Name == b.Name && a.Items.Length == b.Items.Length && HasSymbols(a) && HasSymbols(b); }
        return (a.Kind == Call && b.Is(Symbol, "y")) || (b.Kind == Call && a.Is(Symbol, "y"));
    }

    /// <summary>f(t) = 2t says the same as f(x) = 2x.</summary>
    private static Expression WithArgumentsOf(Expression name, Expression other, Expression value)
    {
        if (name.Kind != Call || other.Kind != Call) { return value; }
        for (var i = 0; i < name.Items.Length; i++)
        {
            if (!name.Items[i].Equals(other.Items[i]) && other.Items[i].Kind == Symbol) { value = Algebra.Substitute(value, other.Items[i], name.Items[i]); }
        }

        return value;
    }

    /// <summary>A chain with ">" read from its other end.</summary>
    private static Expression Ascending(Expression e)
    {
        if (e.Name.AsSpan().IndexOfAny('>', '≥') < 0 || e.Name.AsSpan().IndexOfAnyExcept('>', '≥', '=') >= 0) { return e; }
        var operators = e.Name.Replace('>', '<').Replace('≥', '≤').ToCharArray();
        Array.Reverse(operators);
        var items = (Expression[])e.Items.Clone();
        Array.Reverse(items);
        return new(Relation, new string(operators), items);
    }

    /// <summary>Whether a = k b for one constant k that is not zero (and positive, for inequalities): equations may be rescaled.</summary>
    private Match CompareProportional(Expression a, Expression b, bool keepsSign)
    {
        if (a.Equals(b)) { return Match.Yes("same-expression"); }
        if (a.IsNumber || b.IsNumber) { return Match.No("differs"); }
        if (LeadingRatio(a, b) is not { } ratio || (keepsSign && ratio.Sign < 0))
        {
            return keepsSign ? CompareSignedRatio(a, b) : CompareRatioOfValues(a, b);
        }

        var scaled = CompareScalars(a, Algebra.Multiply(Algebra.Number(ratio), b));
        return scaled.IsEqual == true ? scaled : keepsSign ? CompareSignedRatio(a, b) : CompareRatioOfValues(a, b);
    }

    /// <summary>The ratio of the coefficients of the first term that both sums hold.</summary>
    private static Rational? LeadingRatio(Expression a, Expression b)
    {
        var left = a.Kind == ExpressionKind.Add ? a.Items : [a];
        var right = b.Kind == ExpressionKind.Add ? b.Items : [b];
        foreach (var term in left)
        {
            var (rest, coefficient) = Algebra.SplitCoefficient(term);
            foreach (var other in right)
            {
                var (otherRest, otherCoefficient) = Algebra.SplitCoefficient(other);
                if (rest.Equals(otherRest) && !otherCoefficient.IsZero) { return coefficient / otherCoefficient; }
            }
        }

        return null;
    }

    /// <summary>a(p) b(q) = a(q) b(p) for points p and q: modulo a prime where both are rational functions, else in balls.</summary>
    private Match CompareRatioOfValues(Expression a, Expression b)
    {
        var isOpaque = false;
        foreach (var prime in Modular.Primes)
        {
            var values = new (ulong A, ulong B)[3];
            for (var point = 0; point < values.Length; point++)
            {
                var field = new Modular(prime, point, _work);
                if (field.Value(a) is not { } x || field.Value(b) is not { } y) { return Match.Unknown("undecided-domain"); }
                values[point] = (x, y);
                isOpaque |= field.IsOpaque;
            }

            for (var point = 1; point < values.Length; point++)
            {
                var isEqual = (UInt128)values[0].A * values[point].B % prime == (UInt128)values[point].A * values[0].B % prime;
                if (!isEqual) { return isOpaque ? CompareSignedRatio(a, b, anySign: true) : Match.No("differs"); }
            }
        }

        return Match.Yes("proportional");
    }

    private Match CompareSignedRatio(Expression a, Expression b, bool anySign = false)
    {
        const int Bits = 256;
        ComplexBall? first = null;
        var agreeing = 0;
        for (var point = 0; point < Points; point++)
        {
            var evaluator = new NumericEvaluator(Bits, point, false, _work);
            if (evaluator.Value(a) is not { } x || evaluator.Value(b) is not { } y || ComplexBall.Inverse(y, Bits) is not { } inverse) { continue; }
            var ratio = ComplexBall.Multiply(x, inverse, Bits);
            if (ratio.ContainsZero || (!anySign && !ratio.Real.IsPositive)) { return Match.No("differs"); }
            if (first is { } other && !ComplexBall.Meet(ratio, other, Bits)) { return Match.No("differs"); }
            first ??= ratio;
            agreeing++;
        }

        return agreeing >= MinPoints ? Match.Yes("proportional") : Match.Unknown("undecided-domain");
    }
}
