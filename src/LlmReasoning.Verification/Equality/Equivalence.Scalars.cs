using System.Numerics;
using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Equality;

/// <summary>The ladder for scalars, cheapest and most certain rule first.</summary>
internal sealed partial class Equivalence
{
    /// <summary>Constants whose balls still meet at this many bits count as equal.</summary>
    public const int LastPrecision = 512;

    private const int FirstPrecision = 128;
    private const int PointPrecision = 256;        // the last one at each of several points
    private const int Points = 6;
    private const int MinPoints = 3;

    private Match CompareScalars(Expression a, Expression b) =>
        SameTree(a, b) ?? Special(a, b) ?? ExactNumbers(a, b) ?? Surds(a, b) ?? ModularValues(a, b) ?? NumericValues(a, b);

    private Match? SameTree(Expression a, Expression b)
    {
        _work.Spend(1);
        return a.Equals(b) ? Match.Yes("same-expression") : null;
    }

    /// <summary>Infinity equals only itself, an undefined value nothing; an integral or a long sum has to be worked out.</summary>
    private static Match? Special(Expression a, Expression b)
    {
        if (a.Equals(Algebra.Undefined) || b.Equals(Algebra.Undefined)) { return Match.No("undefined"); }
        if (a.Any(IsInfinite) || b.Any(IsInfinite)) { return Match.No("differs"); }
        return a.Any(IsUnevaluated) != b.Any(IsUnevaluated) ? Match.No("not-evaluated") : null;
    }

    private static bool IsInfinite(Expression e) => e.Kind == Constant && e.Name is "infinity";

    private static bool IsUnevaluated(Expression e) => e.Kind == Call && e.Name is "sum" or "prod" or "int" or "iint" or "oint" or "lim" or "mod";

    private Match? ExactNumbers(Expression a, Expression b)
    {
        if (!a.IsNumber || !b.IsNumber) { return null; }
        if (a.Value == b.Value) { return Match.Yes("rational"); }
        if (!a.HasDecimal && !b.HasDecimal) { return Match.No("differs"); }
        if (a.IsInteger != b.IsInteger && (a.HasDecimal != b.HasDecimal)) { return Match.No("differs"); }
        return Rational.Abs(a.Value - b.Value) <= Tolerance(a.Value, b.Value) ? Match.Yes("rounded") : Match.No("differs");
    }

    /// <summary>Half a unit of the last rounding digit; below one, of that many significant digits.</summary>
    private Rational Tolerance(Rational a, Rational b)
    {
        var size = Rational.Abs(a) > Rational.Abs(b) ? Rational.Abs(a) : Rational.Abs(b);
        var digits = _options.RoundingDigits;
        for (; size < Rational.One && !size.IsZero && digits < 400; digits++) { size *= 10; }
        return Rational.Half / Rational.Pow(10, Math.Max(_options.RoundingDigits, digits - 1))!.Value;
    }

    private Match? Surds(Expression a, Expression b)
    {
        if (Surd.From(a, _work) is not { } left || Surd.From(b, _work) is not { } right || Surd.Minus(left, right) is not { } difference) { return null; }
        if (difference.IsZero) { return Match.Yes("surd"); }
        return a.HasDecimal || b.HasDecimal ? null : Match.No("differs");
    }

    private Match? ModularValues(Expression a, Expression b)
    {
        var isOpaque = false;
        foreach (var prime in Modular.Primes)
        {
            for (var point = 0; point < 2; point++)
            {
                var field = new Modular(prime, point, _work);
                var (left, right) = (field.Value(a), field.Value(b));
                if (left is null || right is null) { return null; }
                isOpaque |= field.IsOpaque;
                if (left != right) { return isOpaque || a.HasDecimal || b.HasDecimal ? null : Match.No("differs"); }
            }
        }

        return Match.Yes("modular");
    }

    /// <summary>
    /// Balls at fixed points: three positive real points, then three of either sign, then complex ones where too few are defined.
    /// One point that tells the two apart rejects.
    /// </summary>
    private Match NumericValues(Expression a, Expression b)
    {
        var isConstant = !HasAtoms(a) && !HasAtoms(b);
        var isComplex = a.Any(IsImaginary) || b.Any(IsImaginary);
        foreach (var complex in isComplex ? [true] : new[] { false, true })
        {
            var agreeing = 0;
            var oneSided = 0;
            for (var point = 0; point < (isConstant ? 1 : Points); point++)
            {
                switch (AtPoint(a, b, point, complex, isConstant ? LastPrecision : PointPrecision))
                {
                    case { IsEqual: false } different: return different;
                    case { IsEqual: null, Reason: "one-sided" }: oneSided++; break;
                    case { IsEqual: null, Reason: "imprecise" } unknown: return unknown;
                    case { IsEqual: true } equal:
                        if (isConstant) { return equal; }
                        agreeing++;
                        break;
                }
            }

            if (agreeing >= MinPoints) { return Match.Yes(oneSided > 0 ? "numeric-domain" : "numeric"); }
            if (isConstant && oneSided > 0 && complex) { return Match.No("undefined"); }
        }

        return Match.Unknown("undecided-domain");
    }

    private static bool IsImaginary(Expression e) => e.Kind == Constant && e.Name == "i";

    private static bool HasAtoms(Expression e) => e.Any(static n => n.Kind is Symbol or Unit or Numeral || (n.Kind == Call && n.Items.Length != 1));

    private Match AtPoint(Expression a, Expression b, int point, bool isComplex, int lastPrecision)
    {
        for (var bits = FirstPrecision; ; bits = lastPrecision)
        {
            var evaluator = new NumericEvaluator(bits, point, isComplex, _work);
            var left = evaluator.Value(a);
            var right = left is null && evaluator.IsImprecise ? null : evaluator.Value(b);
            if (left is { } x && right is { } y)
            {
                if (!ComplexBall.Meet(x, y, bits))
                {
                    return (a.HasDecimal || b.HasDecimal) && IsRounded(x, y) ? Match.Yes("rounded") : Match.No("differs");
                }

                if (bits == lastPrecision) { return IsSharp(x, bits) && IsSharp(y, bits) ? Match.Yes("numeric") : Match.Unknown("imprecise"); }
            }
            else if (!evaluator.IsImprecise)
            {
                return Match.Unknown(left is null && right is null ? "undefined" : left is null && evaluator.Value(b) is null ? "undefined" : "one-sided");
            }
            else if (bits == lastPrecision) { return Match.Unknown("undefined"); }
        }
    }

    /// <summary>
    /// The error is far below one. A number of hundreds of digits is not sharp, however many of them are right: e^1000 and e^1000 + 1
    /// may not pass for equal.
    /// </summary>
    private static bool IsSharp(ComplexBall x, int bits) => IsSharp(x.Real, bits) && IsSharp(x.Imaginary, bits);

    private static bool IsSharp(Ball x, int bits) => x.Radius.IsZero || x.Exponent + x.Radius.GetBitLength() < -bits / 4;

    private bool IsRounded(ComplexBall x, ComplexBall y) => IsRounded(x.Real, y.Real) && IsRounded(x.Imaginary, y.Imaginary);

    private bool IsRounded(Ball x, Ball y)
    {
        if (ToRational(x) is not { } a || ToRational(y) is not { } b) { return Ball.Meet(x, y, FirstPrecision); }
        var difference = Rational.Abs(a - b);
        if (difference <= Tolerance(a, b)) { return true; }
        // a number with the precision of a double
        return difference <= Rational.Abs(a) * Rational.Create(1, BigInteger.Pow(10, 12));
    }

    private static Rational? ToRational(Ball x)
    {
        if (Math.Abs(x.Exponent) > 1500) { return null; }
        return x.Exponent >= 0 ? (Rational)(x.Middle << (int)x.Exponent) : Rational.Create(x.Middle, BigInteger.One << (int)-x.Exponent);
    }

    /// <summary>Whether two ends of intervals are the same number.</summary>
    public bool AreEqual(Expression a, Expression b) => CompareQuantities(a, b).IsEqual == true;

    /// <summary>The order of two real constants; zero also where it cannot be told.</summary>
    public int Order(Expression a, Expression b)
    {
        var evaluator = new NumericEvaluator(FirstPrecision, 0, false, _work);
        if (evaluator.Value(a) is not { } x || evaluator.Value(b) is not { } y) { return 0; }
        var difference = Ball.Add(x.Real, -y.Real, FirstPrecision);
        return difference.IsPositive ? 1 : difference.IsNegative ? -1 : 0;
    }

    // ---- units ---------------------------------------------------------------------------------------------------------------

    /// <summary>
    /// A unit may be missing on one side; two known units must be the same. A percentage equals its value as a fraction of one,
    /// and equals the bare number with the sign left out.
    /// </summary>
    private Match CompareQuantities(Expression gold, Expression answer)
    {
        var (x, unit) = SplitUnit(gold, letters: !HasSymbols(answer));
        var (y, other) = SplitUnit(answer, letters: !HasSymbols(gold));
        if (unit is null && other is null) { return CompareScalars(Algebra.WithoutPercent(gold), Algebra.WithoutPercent(answer)); }
        if (unit is not null && unit.Equals(other)) { return CompareScalars(x, y); }
        if (IsPercent(unit) || IsPercent(other))
        {
            var value = CompareScalars(Algebra.WithoutPercent(gold), Algebra.WithoutPercent(answer));
            if (value.IsEqual == true) { return Match.Yes("percent-value"); }
            return _options.PercentSignMayBeMissing && (unit is null || other is null) && CompareScalars(x, y).IsEqual == true ? Match.Yes("percent-sign-missing") : value;
        }

        if (unit is not null && other is not null && !IsLabel(unit) && !IsLabel(other)) { return Match.No("unit-mismatch"); }
        var match = CompareScalars(x, y);
        return match.IsEqual == true && (unit is null || other is null) ? Match.Yes("unit-missing") : match;
    }

    private static bool IsPercent(Expression? unit) => unit is { Kind: Unit, Name: "percent" };

    private static bool IsLabel(Expression unit) => unit.Any(u => u.Kind == Unit && u.Name == "label");

    /// <summary>The number and the unit of a quantity; a single letter behind a number counts as a unit only if asked for.</summary>
    private static (Expression Number, Expression? Unit) SplitUnit(Expression e, bool letters)
    {
        if (e.Kind != ExpressionKind.Multiply) { return (e, null); }
        var isLetterUnit = letters && IsLetterUnit(e.Items);
        var units = Array.FindAll(e.Items, item => IsUnitFactor(item, isLetterUnit));
        if (units.Length == 0) { return (e, null); }
        var number = Algebra.Multiply(Array.FindAll(e.Items, item => !IsUnitFactor(item, isLetterUnit)));
        return (number, Algebra.Multiply(Array.ConvertAll(units, AsUnit)));
    }

    /// <summary>"5 m", "9.8 m/s^2": one letter, or a quotient of letters, all of which name units.</summary>
    private static bool IsLetterUnit(Expression[] factors)
    {
        var symbols = Array.FindAll(factors, HasSymbols);
        return Array.TrueForAll(symbols, s => IsUnitFactor(s, letters: true))
            && (symbols.Length == 1 || Array.Exists(symbols, s => s.Kind == ExpressionKind.Power && s.Items[1].Value.Sign < 0));
    }

    private static bool IsUnitFactor(Expression e, bool letters)
    {
        var unit = e.Kind == ExpressionKind.Power && e.Items[1].IsInteger ? e.Items[0] : e;
        return unit.Kind == Unit || (letters && unit.Kind == Symbol && Vocabulary.LetterUnits.Contains(unit.Name));
    }

    private static Expression AsUnit(Expression e) => e.Kind switch
    {
        Symbol => new(Unit, e.Name),
        ExpressionKind.Power => Algebra.Power(AsUnit(e.Items[0]), e.Items[1]),
        _ => e,
    };
}
