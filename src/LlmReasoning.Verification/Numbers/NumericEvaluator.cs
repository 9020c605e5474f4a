using System.Numerics;

namespace LlmReasoning.Verification.Numbers;

/// <summary>
/// Evaluates an expression in ball arithmetic at a fixed point. Symbols get values that depend on their name and the point alone.
/// In real mode an even root or a logarithm of a negative number is undefined; in complex mode both have their principal value.
/// </summary>
internal sealed class NumericEvaluator
{
    private const int FunctionSteps = 20;          // a series costs about that many products
    private const int RootSteps = 6;
    private const int PositivePoints = 3;          // real points 0..2 are positive, 3..5 have either sign

    private readonly int _bits;
    private readonly int _point;
    private readonly bool _isComplex;
    private readonly Work _work;

    public NumericEvaluator(int bits, int point, bool isComplex, Work work)
    {
        _bits = bits;
        _point = point;
        _isComplex = isComplex;
        _work = work;
    }

    /// <summary>A result was null for want of precision, not because the expression is undefined.</summary>
    public bool IsImprecise { get; private set; }

    /// <summary>The value; null where it is undefined or cannot be told at this precision.</summary>
    public ComplexBall? Value(Expression e)
    {
        Spend(1);
        return e.Kind switch
        {
            ExpressionKind.Number => Ball.From(e.Value, _bits),
            ExpressionKind.Constant => Constant(e.Name),
            ExpressionKind.Symbol or ExpressionKind.Unit or ExpressionKind.Numeral => Atom(e),
            ExpressionKind.Add => Sum(e),
            ExpressionKind.Multiply => Product(e),
            ExpressionKind.Power => Power(e.Items[0], e.Items[1]),
            ExpressionKind.Call => Call(e),
            _ => null,
        };
    }

    private void Spend(int steps) => _work.Spend(steps * (_bits / 128));

    private ComplexBall? Constant(string name) => name switch
    {
        "pi" => BallFunctions.Pi(_bits),
        "e" => BallFunctions.Exp(Ball.One, _bits),
        "i" when _isComplex => new ComplexBall(Ball.Zero, Ball.One),
        _ => null,
    };

    /// <summary>A dyadic number of 30 bits in [1/4, 13/4), negative at some points; complex mode adds an imaginary part.</summary>
    private ComplexBall? Atom(Expression e)
    {
        var random = Expression.Mix(e.Fingerprint ^ Expression.Mix((ulong)_point));
        var size = (BigInteger)((1UL << 28) + (random % (3UL << 30)));
        var real = new Ball(_point >= PositivePoints && (random >> 40 & 1) == 1 ? -size : size, 0, -30);
        if (!_isComplex || _point < PositivePoints) { return real; }
        return new ComplexBall(real, new Ball((BigInteger)(Expression.Mix(random) % (1UL << 30)), 0, -30));
    }

    private ComplexBall? Sum(Expression e)
    {
        ComplexBall sum = Ball.Zero;
        foreach (var item in e.Items)
        {
            if (Value(item) is not { } term) { return null; }
            sum = ComplexBall.Add(sum, term, _bits);
        }

        return sum;
    }

    private ComplexBall? Product(Expression e)
    {
        var product = ComplexBall.One;
        foreach (var item in e.Items)
        {
            if (Value(item) is not { } factor) { return null; }
            product = ComplexBall.Multiply(product, factor, _bits);
        }

        return product;
    }

    private ComplexBall? Power(Expression b, Expression exponent)
    {
        if (b.Is(ExpressionKind.Constant, "e")) { return Value(exponent) is { } x ? Exp(x) : null; }
        if (Value(b) is not { } value) { return null; }
        if (exponent.IsInteger) { return Power(value, exponent.Value.Numerator); }
        if (exponent.IsNumber) { return RationalPower(value, exponent.Value); }
        if (Value(exponent) is not { } power) { return null; }
        if (value.IsReal && value.Real.IsNegative && !_isComplex) { return null; }
        return Ln(value) is { } logarithm ? Exp(ComplexBall.Multiply(power, logarithm, _bits)) : null;
    }

    private ComplexBall? Power(ComplexBall value, BigInteger exponent)
    {
        var size = BigInteger.Abs(exponent);
        if (size.GetBitLength() > 62) { throw new BoundExceededException("too-large"); }
        var result = ComplexBall.One;
        var square = value;
        for (var bits = (ulong)size; bits > 0; bits >>= 1)
        {
            Spend(1);
            if ((bits & 1) == 1) { result = ComplexBall.Multiply(result, square, _bits); }
            if (bits > 1) { square = ComplexBall.Multiply(square, square, _bits); }
        }

        return exponent.Sign < 0 ? Inverse(result) : result;
    }

    private ComplexBall? RationalPower(ComplexBall value, Rational exponent)
    {
        if (value.IsExactZero) { return exponent.Sign > 0 ? value : null; }
        if (!value.IsReal || (value.Real.IsNegative && _isComplex))
        {
            return Ln(value) is { } logarithm ? Exp(ComplexBall.Multiply(Ball.From(exponent, _bits), logarithm, _bits)) : null;
        }

        if (value.Real.ContainsZero) { return Imprecise(); }
        if (value.Real.IsNegative)
        {
            if (exponent.Denominator.IsEven) { return null; }
            var positive = RationalPower(-value, exponent);
            return exponent.Numerator.IsEven || positive is null ? positive : -positive.Value;
        }

        Spend(exponent.Denominator == 2 ? RootSteps : 2 * FunctionSteps);
        if (exponent.Denominator == 2) { return Power(Ball.Sqrt(value.Real, _bits), exponent.Numerator); }
        return Exp(Ball.Multiply(Ball.From(exponent, _bits), BallFunctions.Ln(value.Real, _bits), _bits));
    }

    private ComplexBall? Inverse(ComplexBall value)
    {
        if (value.IsExactZero) { return null; }
        return ComplexBall.Inverse(value, _bits) ?? Imprecise();
    }

    private ComplexBall? Imprecise()
    {
        IsImprecise = true;
        return null;
    }

    private ComplexBall? Exp(ComplexBall x)
    {
        Spend(FunctionSteps);
        if (BallFunctions.Exp(x.Real, _bits) is not { } size) { return Imprecise(); }
        if (x.IsReal) { return size; }
        Spend(FunctionSteps);
        if (BallFunctions.SinCos(x.Imaginary, _bits) is not var (sin, cos)) { return Imprecise(); }
        return new ComplexBall(Ball.Multiply(size, cos, _bits), Ball.Multiply(size, sin, _bits));
    }

    private ComplexBall? Ln(ComplexBall x)
    {
        Spend(FunctionSteps);
        if (x.IsExactZero) { return null; }
        if (x.ContainsZero) { return Imprecise(); }
        if (x.IsReal && x.Real.IsPositive) { return BallFunctions.Ln(x.Real, _bits); }
        if (!_isComplex) { return null; }
        Spend(FunctionSteps);
        if (Argument(x) is not { } angle) { return Imprecise(); }
        var logarithm = BallFunctions.Ln(x.Norm(_bits), _bits);
        return new ComplexBall(new Ball(logarithm.Middle, logarithm.Radius, logarithm.Exponent - 1), angle);
    }

    /// <summary>The angle in (-pi, pi].</summary>
    private Ball? Argument(ComplexBall x)
    {
        if (x.IsReal) { return x.Real.IsPositive ? Ball.Zero : BallFunctions.Pi(_bits); }
        var half = BallFunctions.Pi(_bits);
        half = new(half.Middle, half.Radius, half.Exponent - 1);
        if (x.Real.IsPositive) { return BallFunctions.ArcTan(Ball.Multiply(x.Imaginary, Ball.Inverse(x.Real, _bits), _bits), _bits); }
        if (x.Imaginary.ContainsZero) { return null; }
        var slope = BallFunctions.ArcTan(Ball.Multiply(x.Real, Ball.Inverse(x.Imaginary, _bits), _bits), _bits);
        return Ball.Add(x.Imaginary.IsPositive ? half : -half, -slope, _bits);
    }

    private ComplexBall? Call(Expression e)
    {
        if (e.Items.Length != 1 || !IsElementary(e.Name)) { return e.Name is "binom" or "factorial" ? Combinatorial(e) : Atom(e); }
        if (Value(e.Items[0]) is not { } x) { return null; }
        Spend(FunctionSteps);
        return e.Name switch
        {
            "ln" => Ln(x),
            "sin" => Sine(x),
            "cos" => Cosine(x),
            "abs" => Absolute(x),
            "floor" => x.IsReal ? Floor(x.Real) : null,
            "ceil" => x.IsReal && Floor(-x.Real) is { } floor ? -floor : null,
            _ => x.IsReal ? RealFunction(e.Name, x.Real) : null,
        };
    }

    private static bool IsElementary(string name) =>
        name is "ln" or "sin" or "cos" or "abs" or "floor" or "ceil" or "arctan" or "arcsin" or "arccos" or "arccot" or "sinh" or "cosh" or "tanh";

    private ComplexBall? Sine(ComplexBall x) => SinCos(x)?.Sin;

    private ComplexBall? Cosine(ComplexBall x) => SinCos(x)?.Cos;

    /// <summary>sin(a + bi) = sin a cosh b + i cos a sinh b, cos(a + bi) = cos a cosh b - i sin a sinh b.</summary>
    private (ComplexBall Sin, ComplexBall Cos)? SinCos(ComplexBall x)
    {
        if (BallFunctions.SinCos(x.Real, _bits) is not var (sin, cos))
        {
            Imprecise();
            return null;
        }

        if (x.IsReal) { return (sin, cos); }
        if (Hyperbolic(x.Imaginary) is not var (sinh, cosh)) { return null; }
        return (
            new(Ball.Multiply(sin, cosh, _bits), Ball.Multiply(cos, sinh, _bits)),
            new(Ball.Multiply(cos, cosh, _bits), -Ball.Multiply(sin, sinh, _bits)));
    }

    private (Ball Sinh, Ball Cosh)? Hyperbolic(Ball x)
    {
        Spend(2 * FunctionSteps);
        if (BallFunctions.Exp(x, _bits) is not { } exp || BallFunctions.Exp(-x, _bits) is not { } inverse)
        {
            Imprecise();
            return null;
        }

        var (difference, sum) = (Ball.Add(exp, -inverse, _bits), Ball.Add(exp, inverse, _bits));
        return (new(difference.Middle, difference.Radius, difference.Exponent - 1), new(sum.Middle, sum.Radius, sum.Exponent - 1));
    }

    private ComplexBall? Absolute(ComplexBall x)
    {
        if (!x.IsReal)
        {
            var norm = x.Norm(_bits);
            return norm.ContainsZero ? Imprecise() : Ball.Sqrt(norm, _bits);
        }

        return x.Real.IsNegative ? -x : x.Real.IsPositive || x.Real.IsExactZero ? x : new(new(0, BigInteger.Abs(x.Real.Middle) + x.Real.Radius, x.Real.Exponent), Ball.Zero);
    }

    private ComplexBall? Floor(Ball x)
    {
        if (x.Top > _bits) { return Imprecise(); }
        var (middle, radius) = x.Fixed(64);
        var (low, high) = ((middle - radius) >> 64, (middle + radius) >> 64);
        if (low == high) { return new Ball(low, 0, 0); }
        // an exact integer that came out of an inexact computation: the boundary cannot be told from below at any precision
        return _bits >= 256 && high - low == 1 ? new Ball(high, 0, 0) : Imprecise();
    }

    private ComplexBall? RealFunction(string name, Ball x)
    {
        switch (name)
        {
            case "arctan":
                return BallFunctions.ArcTan(x, _bits);
            case "arccot":
                return Ball.Add(HalfPi(), -BallFunctions.ArcTan(x, _bits), _bits);
            case "arcsin":
                return ArcSine(x);
            case "arccos":
                return ArcSine(x) is { } angle ? ComplexBall.Add(HalfPi(), -angle, _bits) : null;
        }

        if (Hyperbolic(x) is not var (sinh, cosh)) { return null; }
        return name switch { "sinh" => sinh, "cosh" => cosh, _ => Ball.Multiply(sinh, Ball.Inverse(cosh, _bits), _bits) };
    }

    private Ball HalfPi()
    {
        var pi = BallFunctions.Pi(_bits);
        return new(pi.Middle, pi.Radius, pi.Exponent - 1);
    }

    /// <summary>arcsin x = arctan(x / sqrt(1 - x^2)).</summary>
    private ComplexBall? ArcSine(Ball x)
    {
        var rest = Ball.Add(Ball.One, -Ball.Multiply(x, x, _bits), _bits);
        if (rest.IsNegative) { return null; }
        if (rest.IsExactZero) { return x.IsNegative ? -HalfPi() : HalfPi(); }
        if (rest.ContainsZero) { return Imprecise(); }
        return BallFunctions.ArcTan(Ball.Multiply(x, Ball.Inverse(Ball.Sqrt(rest, _bits), _bits), _bits), _bits);
    }

    /// <summary>n! by Robbins' bounds (1955): sqrt(2 pi n) (n/e)^n e^(1/(12n+1)) to the same with e^(1/(12n)); binomials from three of them.</summary>
    private ComplexBall? Combinatorial(Expression e)
    {
        if (!Array.TrueForAll(e.Items, item => item.IsInteger && item.Value.Sign >= 0)) { return Atom(e); }
        if (e.Name == "factorial") { return LnFactorial(e.Items[0].Value) is { } ln ? Exp(ln) : null; }
        var (n, k) = (e.Items[0].Value, e.Items[1].Value);
        if (LnFactorial(n) is not { } top || LnFactorial(k) is not { } left || LnFactorial(n - k) is not { } right) { return null; }
        return Exp(Ball.Add(top, -Ball.Add(left, right, _bits), _bits));
    }

    private Ball? LnFactorial(Rational n)
    {
        if (n < 2) { return Ball.Zero; }
        if (Rational.Bits(n.Numerator) > 40) { throw new BoundExceededException("too-large"); }
        Spend(2 * FunctionSteps);
        var size = Ball.From(n, _bits);
        var ln = BallFunctions.Ln(size, _bits);
        var rough = Ball.Add(Ball.Multiply(size, ln, _bits), -size, _bits);
        var twoPiN = BallFunctions.Ln(Ball.Multiply(Ball.Multiply(new(2, 0, 0), BallFunctions.Pi(_bits), _bits), size, _bits), _bits);
        rough = Ball.Add(rough, new(twoPiN.Middle, twoPiN.Radius, twoPiN.Exponent - 1), _bits);
        // between 1/(12n+1) and 1/(12n)
        var (low, high) = (Rational.One / ((n * 12) + 1), Rational.One / (n * 12));
        var correction = Ball.From((low + high) / 2, _bits);
        var width = Ball.From((high - low) / 2, _bits);
        var uncertainty = new Ball(0, width.Middle + width.Radius, width.Exponent);
        return Ball.Add(Ball.Add(rough, correction, _bits), uncertainty, _bits);
    }
}
