using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Equality;

/// <summary>A union of intervals and points of the real line.</summary>
internal sealed class IntervalSet
{
    private const int MaxPieces = 64;

    private readonly record struct Piece(Expression Low, bool IsLowClosed, Expression High, bool IsHighClosed);

    private readonly List<Piece> _pieces;

    private IntervalSet(List<Piece> pieces) { _pieces = pieces; }

    /// <summary>The set that an interval, a union, a pair or a finite set denotes; null for anything else.</summary>
    public static IntervalSet? From(Expression e)
    {
        var pieces = new List<Piece>();
        return AddPieces(e, pieces) ? new(pieces) : null;
    }

    private static bool AddPieces(Expression e, List<Piece> pieces)
    {
        if (pieces.Count > MaxPieces) { throw new BoundExceededException("too-many-items"); }
        switch (e.Kind)
        {
            case ExpressionKind.Interval:
                pieces.Add(new(e.Items[0], e.Name[0] == '[', e.Items[1], e.Name[1] == ']'));
                return Algebra.IsScalar(e.Items[0]) && Algebra.IsScalar(e.Items[1]);
            case ExpressionKind.Tuple when e.Items.Length == 2:
                pieces.Add(new(e.Items[0], false, e.Items[1], false));
                return Algebra.IsScalar(e.Items[0]) && Algebra.IsScalar(e.Items[1]);
            case Union:
                return Array.TrueForAll(e.Items, item => AddPieces(item, pieces));
            case List when e.Items.Length <= MaxPieces && Array.Exists(e.Items, item => item.Kind == Relation):
                return Array.TrueForAll(e.Items, item => item.Kind == Relation && FromRelation(item, false) is { } set && Append(set, pieces));
            case Set when e.Items.Length <= MaxPieces:
                pieces.AddRange(e.Items.Select(item => new Piece(item, true, item, true)));
                return Array.TrueForAll(e.Items, Algebra.IsScalar);
            case Call when e.Name == "setminus" && e.Items[0].Equals(Algebra.Reals) && e.Items[1].Kind == Set:
                return AddComplement(e.Items[1].Items, pieces);
            case Relation:
                return FromRelation(e, solves: false) is { } solutions && Append(solutions, pieces);
            default:
                return false;
        }
    }

    private static bool Append(IntervalSet set, List<Piece> pieces)
    {
        pieces.AddRange(set._pieces);
        return true;
    }

    private static bool AddComplement(Expression[] points, List<Piece> pieces)
    {
        if (points.Length != 1) { return false; }
        pieces.Add(new(Algebra.Negate(Algebra.Infinity), false, points[0], false));
        pieces.Add(new(points[0], false, Algebra.Infinity, false));
        return true;
    }

    /// <summary>
    /// The solutions of "a &lt; x &lt;= b", "x >= a", "x != a", "x in S" in one unknown x or f(x). With <paramref name="solves"/> the unknown
    /// side may also be linear in x, |x|, or a quadratic with rational coefficients.
    /// </summary>
    public static IntervalSet? FromRelation(Expression relation, bool solves)
    {
        var (operators, sides) = (relation.Name, relation.Items);
        if (operators == "∈") { return IsUnknown(sides[0]) ? From(sides[1]) : null; }
        if (sides.Length > 3 || operators.AsSpan().IndexOfAnyExcept("<>≤≥≠") >= 0) { return null; }
        var unknownAt = Array.FindIndex(sides, HasUnknown);
        if (unknownAt < 0 || sides.Where((s, i) => i != unknownAt).Any(HasUnknown) || (sides.Length == 3 && unknownAt != 1)) { return null; }
        if (!Array.TrueForAll(sides, Algebra.IsScalar)) { return null; }
        if (operators == "≠") { return Without(sides[unknownAt], sides[1 - unknownAt]); }
        if (operators.Contains('≠', StringComparison.Ordinal)) { return null; }
        Bound low = new(Algebra.Negate(Algebra.Infinity), false);
        Bound high = new(Algebra.Infinity, false);
        for (var i = 0; i < operators.Length; i++)
        {
            var isUnknownLeft = i == unknownAt;
            var other = new Bound(isUnknownLeft ? sides[i + 1] : sides[i], operators[i] is '≤' or '≥');
            if (operators[i] is '<' or '≤' == isUnknownLeft) { high = other; }
            else { low = other; }
        }

        return Solve(sides[unknownAt], low, high, solves);
    }

    private readonly record struct Bound(Expression Value, bool IsClosed);

    private static bool HasUnknown(Expression e) => e.Any(static n => n.Kind == Symbol);

    private static bool IsUnknown(Expression e) => e.Kind == Symbol || (e.Kind == Call && e.Items.Length == 1 && e.Items[0].Kind == Symbol && !Vocabulary.Functions.Contains(e.Name));

    private static IntervalSet? Without(Expression unknown, Expression point) => IsUnknown(unknown)
        ? new([new(Algebra.Negate(Algebra.Infinity), false, point, false), new(point, false, Algebra.Infinity, false)])
        : null;

    private static IntervalSet? Solve(Expression side, Bound low, Bound high, bool solves)
    {
        if (IsUnknown(side)) { return new([new(low.Value, low.IsClosed, high.Value, high.IsClosed)]); }
        if (!solves) { return null; }
        if (side.Kind == Call && side.Name == "abs" && IsUnknown(side.Items[0])) { return SolveAbsolute(low, high); }
        var symbols = new List<Expression>();
        side.Any(n =>
        {
            if (n.Kind == Symbol && !symbols.Contains(n)) { symbols.Add(n); }
            return false;
        });
        return symbols.Count == 1 ? SolvePolynomial(side, symbols[0], low, high) : null;
    }

    private static IntervalSet SolveAbsolute(Bound low, Bound high)
    {
        if (low.Value.Equals(Algebra.Negate(Algebra.Infinity)) || (low.Value.IsNumber && low.Value.Value.Sign < 0))
        {
            return new([new(Algebra.Negate(high.Value), high.IsClosed, high.Value, high.IsClosed)]);
        }

        return new([
            new(Algebra.Negate(high.Value), high.IsClosed, Algebra.Negate(low.Value), low.IsClosed),
            new(low.Value, low.IsClosed, high.Value, high.IsClosed)]);
    }

    /// <summary>A linear or quadratic side, from its values at -1, 0 and 1.</summary>
    private static IntervalSet? SolvePolynomial(Expression side, Expression x, Bound low, Bound high)
    {
        Expression At(int value) => Algebra.Substitute(side, x, Algebra.Number(value));
        var (minus, zero, plus) = (At(-1), At(0), At(1));
        if (!minus.IsNumber || !zero.IsNumber || !plus.IsNumber) { return null; }
        var c = zero.Value;
        var a = ((plus.Value + minus.Value) / 2) - c;
        var b = (plus.Value - minus.Value) / 2;
        var (at2, at3) = (At(2), At(3));
        if (!at2.IsNumber || at2.Value != (a * 4) + (b * 2) + c || !at3.IsNumber || at3.Value != (a * 9) + (b * 3) + c) { return null; }
        if (a.IsZero && b.IsZero) { return null; }
        if (a.IsZero)
        {
            Expression Shifted(Bound bound) => bound.Value.Any(n => n.Equals(Algebra.Infinity))
                ? (b.Sign > 0 ? bound.Value : Algebra.Negate(bound.Value))
                : Algebra.Multiply(Algebra.Number(Rational.One / b), Algebra.Subtract(bound.Value, zero));
            var (left, right) = (new Bound(Shifted(low), low.IsClosed), new Bound(Shifted(high), high.IsClosed));
            if (b.Sign < 0) { (left, right) = (right, left); }
            return new([new(left.Value, left.IsClosed, right.Value, right.IsClosed)]);
        }

        return SolveQuadratic(a, b, c, low, high);
    }

    private static IntervalSet? SolveQuadratic(Rational a, Rational b, Rational c, Bound low, Bound high)
    {
        var isUpper = low.Value.Any(n => n.Equals(Algebra.Infinity));
        var bound = isUpper ? high : low;
        if (!bound.Value.IsNumber || (!isUpper && !high.Value.Equals(Algebra.Infinity))) { return null; }
        c -= bound.Value.Value;
        var discriminant = (b * b) - (a * c * 4);
        if (discriminant.Sign <= 0) { return null; }
        var root = Algebra.Sqrt(Algebra.Number(discriminant));
        var size = Rational.Abs(a);
        var middle = Algebra.Number(-b / (a * 2));
        var half = Algebra.Multiply(Algebra.Number(Rational.Half / size), root);
        var (first, second) = (Algebra.Subtract(middle, half), Algebra.Add(middle, half));
        if (isUpper == a.Sign > 0) { return new([new(first, bound.IsClosed, second, bound.IsClosed)]); }
        return new([
            new(Algebra.Negate(Algebra.Infinity), false, first, bound.IsClosed),
            new(second, bound.IsClosed, Algebra.Infinity, false)]);
    }

    /// <summary>Whether two sets hold the same points.</summary>
    public bool Equals(IntervalSet other, Equivalence equivalence)
    {
        var (left, right) = (Merged(equivalence), other.Merged(equivalence));
        if (left.Count != right.Count) { return false; }
        for (var i = 0; i < left.Count; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a.IsLowClosed != b.IsLowClosed || a.IsHighClosed != b.IsHighClosed) { return false; }
            if (!equivalence.AreEqual(a.Low, b.Low) || !equivalence.AreEqual(a.High, b.High)) { return false; }
        }

        return true;
    }

    /// <summary>Sorted, without empty pieces, pieces that touch joined; as it stands where an end holds a symbol.</summary>
    private List<Piece> Merged(Equivalence equivalence)
    {
        if (_pieces.Exists(p => HasUnknown(p.Low) || HasUnknown(p.High))) { return _pieces; }
        var sorted = _pieces.FindAll(p => Order(p.Low, p.High, equivalence) is var order && (order < 0 || (order == 0 && p.IsLowClosed && p.IsHighClosed)));
        sorted.Sort((a, b) => Order(a.Low, b.Low, equivalence) is var order && order != 0 ? order : b.IsLowClosed.CompareTo(a.IsLowClosed));
        var merged = new List<Piece>();
        foreach (var piece in sorted)
        {
            if (merged.Count == 0)
            {
                merged.Add(piece);
                continue;
            }

            var last = merged[^1];
            var gap = Order(piece.Low, last.High, equivalence);
            if (gap > 0 || (gap == 0 && !piece.IsLowClosed && !last.IsHighClosed))
            {
                merged.Add(piece);
                continue;
            }

            var end = Order(piece.High, last.High, equivalence);
            if (end > 0) { merged[^1] = last with { High = piece.High, IsHighClosed = piece.IsHighClosed }; }
            else if (end == 0) { merged[^1] = last with { IsHighClosed = last.IsHighClosed || piece.IsHighClosed }; }
        }

        return merged;
    }

    /// <summary>The order of two real constants: negative, zero or positive.</summary>
    public static int Order(Expression a, Expression b, Equivalence equivalence)
    {
        if (a.Equals(b)) { return 0; }
        if (a.IsNumber && b.IsNumber) { return a.Value.CompareTo(b.Value); }
        var (left, right) = (InfiniteSign(a), InfiniteSign(b));
        if (left != 0 || right != 0) { return left.CompareTo(right); }
        return equivalence.Order(a, b);
    }

    private static int InfiniteSign(Expression e)
    {
        if (e.Equals(Algebra.Infinity)) { return 1; }
        return e.Kind == ExpressionKind.Multiply && e.Items[^1].Equals(Algebra.Infinity) && e.Items[0].IsNumber ? e.Items[0].Value.Sign : 0;
    }
}
