using System.Numerics;

namespace LlmReasoning.Verification.Numbers;

/// <summary>
/// A real number known up to an error: it lies in [Middle - Radius, Middle + Radius] * 2^Exponent. Every operation encloses its exact
/// result, so balls that do not meet prove two numbers different (the midpoint-radius arithmetic of F. Johansson, Arb, 2017).
/// </summary>
internal readonly struct Ball
{
    /// <summary>Magnitudes beyond 2^(2^40) are refused.</summary>
    public const long MaxExponent = 1L << 40;

    public Ball(BigInteger middle, BigInteger radius, long exponent)
    {
        Middle = middle;
        Radius = radius;
        Exponent = exponent;
    }

    public static Ball Zero => default;

    public static Ball One => new(1, 0, 0);

    public BigInteger Middle { get; }

    public BigInteger Radius { get; }

    public long Exponent { get; }

    public bool IsExactZero => Middle.IsZero && Radius.IsZero;

    public bool ContainsZero => BigInteger.Abs(Middle) <= Radius;

    public bool IsPositive => Middle > Radius;

    public bool IsNegative => -Middle > Radius;

    /// <summary>The position of the highest bit.</summary>
    public long Top => Exponent + Math.Max(Middle.GetBitLength(), Radius.GetBitLength());

    public static Ball operator -(Ball a) => new(-a.Middle, a.Radius, a.Exponent);

    public static Ball From(Rational value, int bits)
    {
        if (value.IsInteger) { return new Ball(value.Numerator, 0, 0).Round(bits); }
        var shift = bits + (int)value.Denominator.GetBitLength() - (int)value.Numerator.GetBitLength() + 2;
        var scaled = shift >= 0 ? (value.Numerator << shift) / value.Denominator : value.Numerator / (value.Denominator << -shift);
        return new Ball(scaled, 1, -shift).Round(bits);
    }

    public static Ball Add(Ball a, Ball b, int bits)
    {
        if (a.IsExactZero) { return b; }
        if (b.IsExactZero) { return a; }
        var lowest = Math.Max(a.Top, b.Top) - bits - 8;
        var exponent = Math.Max(Math.Min(a.Exponent, b.Exponent), lowest);
        var (x, y) = (a.At(exponent), b.At(exponent));
        return new Ball(x.Middle + y.Middle, x.Radius + y.Radius, exponent).Round(bits);
    }

    public static Ball Multiply(Ball a, Ball b, int bits)
    {
        if (a.IsExactZero || b.IsExactZero) { return Zero; }
        var radius = (BigInteger.Abs(a.Middle) * b.Radius) + (BigInteger.Abs(b.Middle) * a.Radius) + (a.Radius * b.Radius);
        return new Ball(a.Middle * b.Middle, radius, a.Exponent + b.Exponent).Round(bits);
    }

    /// <summary>1/a; a must not contain zero.</summary>
    public static Ball Inverse(Ball a, int bits)
    {
        var size = BigInteger.Abs(a.Middle);
        var shift = bits + (int)size.GetBitLength() + 2;
        var middle = (BigInteger.One << shift) / a.Middle;
        var radius = ((a.Radius << shift) / (size * (size - a.Radius))) + 2;
        return new Ball(middle, radius, -a.Exponent - shift).Round(bits);
    }

    /// <summary>The square root of a positive ball: |sqrt x - sqrt m| is at most r / sqrt m.</summary>
    public static Ball Sqrt(Ball a, int bits)
    {
        var shift = Math.Max(0, (2 * bits) + 2 - (int)a.Middle.GetBitLength());
        if (((a.Exponent - shift) & 1) != 0) { shift++; }
        var root = Rational.FloorRoot(a.Middle << shift, 2);
        var radius = a.Radius.IsZero ? BigInteger.One : ((a.Radius << shift) / root) + 2;
        return new Ball(root, radius, (a.Exponent - shift) / 2).Round(bits);
    }

    /// <summary>Whether two numbers may be equal.</summary>
    public static bool Meet(Ball a, Ball b, int bits) => Add(a, -b, bits).ContainsZero;

    /// <summary>The number as an integer multiple of 2^-places, with the error in the same unit.</summary>
    public (BigInteger Middle, BigInteger Radius) Fixed(int places)
    {
        var ball = At(-places);
        return (ball.Middle, ball.Radius);
    }

    /// <summary>The same ball with at most so many bits, the radius enlarged by what is cut off.</summary>
    public Ball Round(int bits)
    {
        var cut = Math.Max(Middle.GetBitLength() - bits, Radius.GetBitLength() - 30);
        if (Math.Abs(Exponent) > MaxExponent) { throw new BoundExceededException("too-large"); }
        return cut <= 0 ? this : At(Exponent + cut);
    }

    private Ball At(long exponent)
    {
        var shift = Exponent - exponent;
        if (shift == 0) { return this; }
        if (shift > 100_000) { throw new BoundExceededException("too-large"); }
        if (shift > 0) { return new(Middle << (int)shift, Radius << (int)shift, exponent); }
        if (shift < -100_000) { return new(0, 1, exponent); }
        var radius = Radius.IsZero ? BigInteger.One : (Radius >> (int)-shift) + 2;
        return new(Middle >> (int)-shift, radius, exponent);
    }
}
