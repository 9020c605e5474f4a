using System.Numerics;
using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Expressions;

/// <summary>
/// Builds expressions in canonical form. Every rule here holds for all real values of the symbols, up to isolated points
/// (x/x becomes 1); identities with conditions, such as sqrt(x^2) = |x|, are left to <see cref="Equivalence"/>.
/// </summary>
internal static class Algebra
{
    private const int MaxFactorial = 450;              // 450! has 3,300 bits
    private const int MaxSummands = 10;                // a longer sum is a task restated, not an answer
    private const int MaxSummandSize = 50;
    private const int MaxProductTerms = 216;           // 6 x 6 times 6 x 6
    private const int MaxRadicand = 100_000_000;       // square factors are looked for up to its root

    public static Expression Zero { get; } = Number(Rational.Zero);

    public static Expression One { get; } = Number(Rational.One);

    public static Expression MinusOne { get; } = Number(Rational.MinusOne);

    public static Expression Pi { get; } = new(Constant, "pi");

    public static Expression E { get; } = new(Constant, "e");

    public static Expression I { get; } = new(Constant, "i");

    public static Expression Infinity { get; } = new(Constant, "infinity");

    public static Expression Undefined { get; } = new(Constant, "undefined");

    public static Expression Reals { get; } = new(Interval, "()", [Negate(Infinity), Infinity]);

    private static Expression Percent { get; } = new(Unit, "percent");

    private static Expression Degree { get; } = new(Unit, "degree");

    public static Expression Number(Rational value, bool isDecimal = false) => new(ExpressionKind.Number, "", null, value, isDecimal);

    public static Expression Negate(Expression a) => Multiply(MinusOne, a);

    public static Expression Subtract(Expression a, Expression b) => Add(a, Negate(b));

    public static Expression Divide(Expression a, Expression b) => Multiply(a, Power(b, MinusOne));

    public static Expression Sqrt(Expression a) => Power(a, Number(Rational.Half));

    public static Expression Ln(Expression a) => Call("ln", a);

    public static Expression Log(Expression logBase, Expression a) => Divide(Ln(a), Ln(logBase));

    /// <summary>A sum: flattened, numbers folded, like terms collected, sorted.</summary>
    public static Expression Add(params Expression[] terms)
    {
        if (Array.Exists(terms, t => t.Kind == Matrix)) { return AddMatrices(terms); }
        var constant = Rational.Zero;
        var isDecimal = false;
        var parts = new List<(Expression Term, Rational Coefficient)>(terms.Length);
        foreach (var term in terms)
        {
            RequireScalar(term);
            foreach (var part in term.Kind == ExpressionKind.Add ? term.Items : [term])
            {
                if (part.Equals(Undefined)) { return Undefined; }
                isDecimal |= part.HasDecimal;
                if (part.IsNumber) { constant += part.Value; }
                else { parts.Add(SplitCoefficient(part)); }
            }
        }

        if (parts.Count > 1) { parts.Sort((a, b) => a.Term.CompareTo(b.Term)); }
        var result = new List<Expression>(parts.Count + 1);
        if (!constant.IsZero) { result.Add(Number(constant, isDecimal)); }
        for (var i = 0; i < parts.Count;)
        {
            var rest = parts[i].Term;
            var coefficient = Rational.Zero;
            for (; i < parts.Count && parts[i].Term.Equals(rest); i++) { coefficient += parts[i].Coefficient; }
            if (coefficient.IsOne) { result.Add(rest); }
            else if (!coefficient.IsZero) { result.Add(Scale(coefficient, rest, isDecimal)); }
        }

        return result.Count switch
        {
            0 => isDecimal ? Number(Rational.Zero, true) : Zero,
            1 => result[0],
            _ => new(ExpressionKind.Add, "", [.. result]),
        };
    }

    /// <summary>A product: flattened, numbers folded, powers of one base collected, square roots of integers joined, sorted.</summary>
    public static Expression Multiply(params Expression[] factors)
    {
        if (Array.Exists(factors, f => f.Kind == Matrix)) { return MultiplyMatrices(factors); }
        var coefficient = Rational.One;
        var isDecimal = false;
        var radicand = BigInteger.One;
        var parts = new List<(Expression Base, Expression Exponent)>(factors.Length);
        foreach (var factor in factors)
        {
            RequireScalar(factor);
            foreach (var part in factor.Kind == ExpressionKind.Multiply ? factor.Items : [factor])
            {
                if (part.Equals(Undefined)) { return Undefined; }
                isDecimal |= part.HasDecimal;
                if (part.IsNumber) { coefficient *= part.Value; }
                else if (IsSquareRootOfInteger(part, out var n) && Rational.Bits(radicand) < 62)
                {
                    radicand *= n;
                }
                else { parts.Add(part.Kind == ExpressionKind.Power ? (part.Items[0], part.Items[1]) : (part, One)); }
            }
        }

        if (!radicand.IsOne)
        {
            var (outside, inside) = SquareFactors(radicand);
            coefficient *= outside;
            if (!inside.IsOne) { parts.Add((Number(inside), Number(Rational.Half))); }
        }

        if (parts.Count > 1) { parts.Sort((a, b) => a.Base.CompareTo(b.Base)); }
        var result = new List<Expression>(parts.Count + 1);
        for (var i = 0; i < parts.Count;)
        {
            var (unit, exponent) = parts[i++];
            var isMerged = false;
            for (; i < parts.Count && parts[i].Base.Equals(unit); i++)
            {
                exponent = Add(exponent, parts[i].Exponent);
                isMerged = true;
            }

            var power = isMerged ? Power(unit, exponent) : RawPower(unit, exponent);
            if (power.IsNumber) { coefficient *= power.Value; }
            else if (isMerged && power.Kind == ExpressionKind.Multiply)
            {
                coefficient *= power.Items[0].IsNumber ? power.Items[0].Value : Rational.One;
                result.AddRange(power.Items[0].IsNumber ? power.Items[1..] : power.Items);
            }
            else { result.Add(power); }
        }

        if (coefficient.IsZero)
        {
            return result.Exists(r => r.Equals(Infinity) || IsDivisionByZero(r)) ? Undefined : Number(Rational.Zero, isDecimal);
        }

        if (result.Exists(IsDivisionByZero)) { return Undefined; }
        if (result.Count == 0) { return Number(coefficient, isDecimal); }
        if (result.Count == 1 && coefficient.IsOne) { return result[0]; }
        if (result.Count > 1) { result.Sort(); }
        if (!coefficient.IsOne) { result.Insert(0, Number(coefficient, isDecimal)); }
        return new(ExpressionKind.Multiply, "", [.. result]);
    }

    /// <summary>A power: exact where base and exponent are numbers and the result is small; (b^p)^q joined for whole q.</summary>
    public static Expression Power(Expression b, Expression exponent)
    {
        if (b.Kind == Matrix) { return PowerOfMatrix(b, exponent); }
        RequireScalar(b);
        RequireScalar(exponent);
        if (b.Equals(Undefined) || exponent.Equals(Undefined)) { return Undefined; }
        if (exponent.IsNumber)
        {
            if (exponent.Value.IsZero) { return b.IsNumber && b.Value.IsZero ? Undefined : One; }
            if (exponent.Value.IsOne) { return b; }
            if (b.IsNumber) { return PowerOfNumber(b, exponent); }
            if (b.Equals(I) && exponent.Value.IsInteger) { return PowerOfI((int)(((exponent.Value.Numerator % 4) + 4) % 4)); }
            if (exponent.Value.IsInteger)
            {
                if (b.Kind == ExpressionKind.Power) { return Power(b.Items[0], Multiply(b.Items[1], exponent)); }
                if (b.Kind == ExpressionKind.Multiply) { return Multiply(Array.ConvertAll(b.Items, item => Power(item, exponent))); }
            }
        }
        else if (b.IsNumber && b.Value.IsOne) { return One; }

        return RawPower(b, exponent);
    }

    /// <summary>A function of its arguments, evaluated where the result is exact and small.</summary>
    public static Expression Call(string name, params Expression[] arguments)
    {
        foreach (var argument in arguments)
        {
            if (argument.Equals(Undefined)) { return Undefined; }
        }

        if (arguments.Length == 1 && Vocabulary.TakesAngle(name)) { arguments = [WithRadians(arguments[0])]; }
        return (name, arguments) switch
        {
            ("exp", [var a]) => Power(E, a),
            ("tan", [var a]) => Divide(Call("sin", a), Call("cos", a)),
            ("cot", [var a]) => Divide(Call("cos", a), Call("sin", a)),
            ("sec", [var a]) => Power(Call("cos", a), MinusOne),
            ("csc", [var a]) => Power(Call("sin", a), MinusOne),
            ("ln", [var a]) when a.Equals(E) => One,
            ("ln", [var a]) when a.Equals(One) => Zero,
            ("abs", [{ IsNumber: true } a]) => Number(Rational.Abs(a.Value), a.HasDecimal),
            ("floor", [{ IsNumber: true } a]) => Number(a.Value.Floor()),
            ("ceil", [{ IsNumber: true } a]) => Number(-(-a.Value).Floor()),
            ("factorial", [{ IsInteger: true } a]) when a.Value.Sign >= 0 && a.Value.Numerator <= MaxFactorial => Number(Product(1, (int)a.Value.Numerator)),
            ("binom", [{ IsInteger: true } n, { IsInteger: true } k]) => Binomial(n, k),
            ("binom", [var n, { IsInteger: true } k]) when k.Value.Sign >= 0 && k.Value <= MaxSummands => SymbolicBinomial(n, (int)k.Value.Numerator),
            ("mod", [{ IsInteger: true } a, { IsInteger: true } m]) when m.Value.Sign > 0 => Number(a.Value - (Rational.Create(a.Value.Numerator, m.Value.Numerator).Floor() * m.Value)),
            ("gcd", [{ IsInteger: true } a, { IsInteger: true } b]) => Number(BigInteger.GreatestCommonDivisor(a.Value.Numerator, b.Value.Numerator)),
            ("max", [_, ..]) when Array.TrueForAll(arguments, a => a.IsNumber) => Number(arguments.Max(a => a.Value)),
            ("min", [_, ..]) when Array.TrueForAll(arguments, a => a.IsNumber) => Number(arguments.Min(a => a.Value)),
            ("det", [{ Kind: Matrix } m]) => Determinant(m),
            ("sum" or "prod", [var body, var index, { IsInteger: true } from, { IsInteger: true } to]) => Series(name, body, index, from, to),
            _ => new(ExpressionKind.Call, name, arguments),
        };
    }

    /// <summary>The expression with every occurrence of one expression replaced by another, in canonical form again.</summary>
    public static Expression Substitute(Expression e, Expression target, Expression replacement)
    {
        if (e.Equals(target)) { return replacement; }
        if (e.Items.Length == 0) { return e; }
        return Rebuild(e, Array.ConvertAll(e.Items, item => Substitute(item, target, replacement)));
    }

    /// <summary>The same kind of node over other items.</summary>
    public static Expression Rebuild(Expression e, Expression[] items) => e.Kind switch
    {
        ExpressionKind.Add => Add(items),
        ExpressionKind.Multiply => Multiply(items),
        ExpressionKind.Power => Power(items[0], items[1]),
        ExpressionKind.Call => Call(e.Name, items),
        _ => new(e.Kind, e.Name, items),
    };

    /// <summary>The rational coefficient of a product and the rest of it.</summary>
    public static (Expression Term, Rational Coefficient) SplitCoefficient(Expression e) => e switch
    {
        { IsNumber: true } => (One, e.Value),
        { Kind: ExpressionKind.Multiply, Items: [{ IsNumber: true } c, var rest] } => (rest, c.Value),
        { Kind: ExpressionKind.Multiply, Items: [{ IsNumber: true } c, ..] } => (new(ExpressionKind.Multiply, "", e.Items[1..]), c.Value),
        _ => (e, Rational.One),
    };

    /// <summary>Percent signs become factors of 1/100.</summary>
    public static Expression WithoutPercent(Expression e) => Substitute(e, Percent, Number(Rational.Create(1, 100)));

    public static bool IsScalar(Expression e) => e.Kind is ExpressionKind.Number or Constant or Symbol or Unit or ExpressionKind.Add
        or ExpressionKind.Multiply or ExpressionKind.Power or ExpressionKind.Call or Numeral;

    private static void RequireScalar(Expression e)
    {
        if (!IsScalar(e)) { throw new NotMathsException($"arithmetic on {e.Kind}"); }
    }

    private static Expression RawPower(Expression b, Expression exponent) => exponent.IsNumber && exponent.Value.IsOne
        ? b
        : new(ExpressionKind.Power, "", [b, exponent]);

    private static Expression Scale(Rational coefficient, Expression rest, bool isDecimal) => rest.Kind == ExpressionKind.Multiply
        ? new(ExpressionKind.Multiply, "", [Number(coefficient, isDecimal), .. rest.Items])
        : new(ExpressionKind.Multiply, "", [Number(coefficient, isDecimal), rest]);

    private static bool IsDivisionByZero(Expression e) =>
        e.Kind == ExpressionKind.Power && e.Items[0].IsNumber && e.Items[0].Value.IsZero && e.Items[1].IsNumber && e.Items[1].Value.Sign < 0;

    private static Expression PowerOfNumber(Expression b, Expression exponent)
    {
        var (value, power) = (b.Value, exponent.Value);
        var isDecimal = b.HasDecimal || exponent.HasDecimal;
        if (value.IsZero) { return power.Sign > 0 ? b : Undefined; }
        if (power.IsInteger)
        {
            return Rational.Pow(value, power.Numerator) is { } exact ? Number(exact, isDecimal) : RawPower(b, exponent);
        }

        if (value.IsOne) { return b; }
        if (power.Denominator > 64) { return RawPower(b, exponent); }
        var root = (int)power.Denominator;
        if (value.Sign < 0)
        {
            var positive = Power(Number(-value, isDecimal), exponent);
            if (root % 2 != 0) { return power.Numerator.IsEven ? positive : Negate(positive); }
            return root == 2 ? Multiply(PowerOfI((int)(((power.Numerator % 4) + 4) % 4)), positive) : RawPower(b, exponent);
        }

        if (Rational.Root(value, root) is { } whole) { return Power(Number(whole, isDecimal), Number(power.Numerator)); }
        var floor = power.Floor();
        if (!floor.IsZero)
        {
            return Rational.Pow(value, floor) is { } outside
                ? Multiply(Number(outside, isDecimal), Power(b, Number(power - floor)))
                : RawPower(b, exponent);
        }

        if (root == 2)
        {
            // sqrt(p/q) = sqrt(pq)/q, and square factors go outside
            var product = value.Numerator * value.Denominator;
            if (product > long.MaxValue) { return RawPower(b, exponent); }
            var (outside, inside) = SquareFactors(product);
            var factor = Rational.Create(outside, value.Denominator);
            var radical = RawPower(Number(inside, isDecimal), exponent);
            return factor.IsOne ? radical : new(ExpressionKind.Multiply, "", [Number(factor, isDecimal), radical]);
        }

        return RawPower(b, exponent);
    }

    private static Expression PowerOfI(int exponent) => exponent switch { 0 => One, 1 => I, 2 => MinusOne, _ => Negate(I) };

    private static bool IsSquareRootOfInteger(Expression e, out BigInteger radicand)
    {
        radicand = default;
        if (e.Kind != ExpressionKind.Power || !e.Items[0].IsInteger || e.Items[0].Value.Sign <= 0) { return false; }
        if (!e.Items[1].IsNumber || e.Items[1].Value != Rational.Half) { return false; }
        radicand = e.Items[0].Value.Numerator;
        return Rational.Bits(radicand) < 62;
    }

    /// <summary>n = outside^2 * inside, with no square left inside for n up to <see cref="MaxRadicand"/>.</summary>
    public static (BigInteger Outside, BigInteger Inside) SquareFactors(BigInteger n)
    {
        if (n > MaxRadicand)
        {
            var root = Rational.FloorRoot(n, 2);
            if (root * root == n) { return (root, 1); }
            if (n > ulong.MaxValue) { return (1, n); }
        }

        ulong inside = (ulong)n;
        ulong outside = 1;
        for (ulong d = 2; d * d <= inside && d <= 1000; d++)
        {
            while (inside % (d * d) == 0)
            {
                inside /= d * d;
                outside *= d;
            }
        }

        return (outside, inside);
    }

    private static BigInteger Product(int from, int to)
    {
        var product = BigInteger.One;
        for (var i = from; i <= to; i++) { product *= i; }
        return product;
    }

    private static Expression Binomial(Expression n, Expression k)
    {
        if (k.Value.Sign < 0 || n.Value.Sign < 0 || k.Value > n.Value) { return Zero; }
        var smaller = BigInteger.Min(k.Value.Numerator, n.Value.Numerator - k.Value.Numerator);
        if (n.Value.Numerator > 4000 || smaller > 400) { return new(ExpressionKind.Call, "binom", [n, k]); }
        var size = (int)n.Value.Numerator;
        return Number(Product(size - (int)smaller + 1, size) / Product(1, (int)smaller));
    }

    /// <summary>n(n-1)...(n-k+1)/k!.</summary>
    private static Expression SymbolicBinomial(Expression n, int k)
    {
        var factors = new Expression[k + 1];
        for (var i = 0; i < k; i++) { factors[i] = Add(n, Number(-i)); }
        factors[k] = Number(Rational.Create(1, Product(1, k)));
        return Multiply(factors);
    }

    private static Expression Series(string name, Expression body, Expression index, Expression from, Expression to)
    {
        var length = to.Value.Numerator - from.Value.Numerator + 1;
        if (length < 1 || length > MaxSummands || body.Size > MaxSummandSize) { return new(ExpressionKind.Call, name, [body, index, from, to]); }
        var terms = new Expression[(int)length];
        for (var i = 0; i < terms.Length; i++) { terms[i] = Substitute(body, index, Number(from.Value + i)); }
        return name == "sum" ? Add(terms) : Multiply(terms);
    }

    private static Expression WithRadians(Expression angle) =>
        angle.Any(e => e.Equals(Degree)) ? Substitute(angle, Degree, Divide(Pi, Number(180))) : angle;

    private static Expression AddMatrices(Expression[] terms)
    {
        var first = terms[0];
        var sum = (Expression[])first.Items.Clone();
        foreach (var term in terms)
        {
            if (term.Kind != Matrix || term.Name != first.Name || term.Items.Length != first.Items.Length)
            {
                throw new NotMathsException("sum of matrices of different shapes");
            }
        }

        for (var i = 0; i < sum.Length; i++) { sum[i] = Add(Array.ConvertAll(terms, t => t.Items[i])); }
        return new(Matrix, first.Name, sum);
    }

    private static Expression MultiplyMatrices(Expression[] factors)
    {
        var product = factors[0];
        for (var f = 1; f < factors.Length; f++)
        {
            var next = factors[f];
            product = (product.Kind, next.Kind) switch
            {
                (Matrix, Matrix) => MatrixProduct(product, next),
                (Matrix, _) => new(Matrix, product.Name, Array.ConvertAll(product.Items, item => Multiply(next, item))),
                (_, Matrix) => ScaleMatrix(product, next),
                _ => Multiply(product, next),
            };
        }

        return product;
    }

    private static Expression ScaleMatrix(Expression scalar, Expression matrix) =>
        new(Matrix, matrix.Name, Array.ConvertAll(matrix.Items, item => Multiply(scalar, item)));

    private static Expression MatrixProduct(Expression a, Expression b)
    {
        var (rows, inner) = Shape(a);
        var (innerToo, columns) = Shape(b);
        if (rows * inner * columns > MaxProductTerms) { throw new BoundExceededException("too-large"); }
        if (inner != innerToo) { throw new NotMathsException("product of matrices that do not fit"); }
        var items = new Expression[rows * columns];
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
            {
                var terms = new Expression[inner];
                for (var k = 0; k < inner; k++) { terms[k] = Multiply(a.Items[(r * inner) + k], b.Items[(k * columns) + c]); }
                items[(r * columns) + c] = Add(terms);
            }
        }

        return new(Matrix, a.Name, items);
    }

    private static Expression PowerOfMatrix(Expression matrix, Expression exponent)
    {
        var (rows, columns) = Shape(matrix);
        if (exponent.Kind == Symbol && exponent.Name is "T" or "top")
        {
            var items = new Expression[matrix.Items.Length];
            for (var i = 0; i < items.Length; i++) { items[(i % columns * rows) + (i / columns)] = matrix.Items[i]; }
            return new(Matrix, $"{columns}", items);
        }

        if (!exponent.IsInteger || exponent.Value.Sign <= 0 || exponent.Value.Numerator > 4) { return new(ExpressionKind.Call, "matrix-power", [matrix, exponent]); }
        var power = matrix;
        for (var i = 1; i < (int)exponent.Value.Numerator; i++) { power = MatrixProduct(power, matrix); }
        return power;
    }

    private static Expression Determinant(Expression matrix)
    {
        var (rows, columns) = Shape(matrix);
        var m = matrix.Items;
        return (rows, columns) switch
        {
            (2, 2) => Subtract(Multiply(m[0], m[3]), Multiply(m[1], m[2])),
            (3, 3) => Add(
                Multiply(m[0], m[4], m[8]), Multiply(m[1], m[5], m[6]), Multiply(m[2], m[3], m[7]),
                Negate(Multiply(m[2], m[4], m[6])), Negate(Multiply(m[0], m[5], m[7])), Negate(Multiply(m[1], m[3], m[8]))),
            _ => new(ExpressionKind.Call, "det", [matrix]),
        };
    }

    /// <summary>Rows and columns.</summary>
    public static (int Rows, int Columns) Shape(Expression matrix)
    {
        var rows = int.Parse(matrix.Name);
        return (rows, matrix.Items.Length / rows);
    }
}
