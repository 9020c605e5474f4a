using System.Collections.Concurrent;
using System.Numerics;

namespace LlmReasoning.Verification.Numbers;

/// <summary>Elementary functions of balls: argument reduction, a Taylor series in fixed point, and a bound for what is left out.</summary>
internal static class BallFunctions
{
    private const int Guard = 32;
    private static readonly ConcurrentDictionary<int, BigInteger> PiDigits = new();
    private static readonly ConcurrentDictionary<int, BigInteger> Ln2Digits = new();

    public static Ball Pi(int bits) => new Ball(FixedPi(bits + Guard), 2, -(bits + Guard)).Round(bits);

    /// <summary>e^x, or null where x is too uncertain.</summary>
    public static Ball? Exp(Ball x, int bits)
    {
        if (x.IsExactZero) { return Ball.One; }
        if (x.Top > 42) { return x.IsNegative || x.IsPositive ? throw new BoundExceededException("too-large") : null; }
        const int Halvings = 8;
        var places = bits + Guard + (int)Math.Max(0, x.Top);
        var (value, radius) = x.Fixed(places);
        if (radius >> places > 0) { return null; }
        var ln2 = FixedLn2(places);
        var k = RoundQuotient(value, ln2);
        var reduced = value - (k * ln2);                                   // |r| <= ln 2 / 2, error at most |k| units
        var r = reduced >> Halvings;
        var one = BigInteger.One << places;
        var sum = one;
        var term = one;
        var terms = 1;
        for (; !term.IsZero && terms < 1000; terms++)
        {
            term = (term * r >> places) / terms;
            sum += term;
            if (term == BigInteger.MinusOne) { break; }
        }

        for (var i = 0; i < Halvings; i++) { sum = sum * sum >> places; }
        // each of the terms and squarings loses a unit; a squaring doubles the relative error
        var error = ((BigInteger)(terms + 4) << (Halvings + 2)) + ((radius + BigInteger.Abs(k) + 2) << 2);
        return new Ball(sum, error, -places + (long)k).Round(bits);
    }

    /// <summary>ln x of a positive ball: x = m 2^k, ln m = 2 artanh((m-1)/(m+1)).</summary>
    public static Ball Ln(Ball x, int bits)
    {
        var places = bits + Guard + 44;
        var length = x.Middle.GetBitLength();
        var k = x.Exponent + length;
        var m = length <= places ? x.Middle << (int)(places - length) : x.Middle >> (int)(length - places);   // in [1/2, 1)
        if (m < (BigInteger.One << places) * 3 / 4)
        {
            m <<= 1;
            k--;
        }

        var one = BigInteger.One << places;
        var t = ((m - one) << places) / (m + one);
        var series = ArTanh(t, places, out var terms) << 1;
        var value = series + (k * FixedLn2(places));
        // an error of r in x moves ln x by at most r / (x - r)
        var relative = x.Radius.IsZero ? BigInteger.Zero : ((x.Radius << places) / (x.Middle - x.Radius)) + 1;
        return new Ball(value, relative + (4 * terms) + Math.Abs(k) + 8, -places).Round(bits);
    }

    /// <summary>sin x and cos x, or null where x is too large or uncertain to be reduced.</summary>
    public static (Ball Sin, Ball Cos)? SinCos(Ball x, int bits)
    {
        if (x.Top > 64) { return null; }
        var places = bits + Guard + (int)Math.Max(0, x.Top);
        var (value, radius) = x.Fixed(places);
        if (radius >> (places - 1) > 0) { return null; }
        var half = FixedPi(places) >> 1;
        var quarter = RoundQuotient(value, half);
        var r = value - (quarter * half);
        var squared = -(r * r >> places);
        var one = BigInteger.One << places;
        var (sin, cos) = (Series(r, squared, places, 2, out var terms), Series(one, squared, places, 1, out _));
        var error = radius + BigInteger.Abs(quarter) + (4 * terms) + 8;
        (sin, cos) = (int)(((quarter % 4) + 4) % 4) switch { 0 => (sin, cos), 1 => (cos, -sin), 2 => (-sin, -cos), _ => (-cos, sin) };
        return (new Ball(sin, error, -places).Round(bits), new Ball(cos, error, -places).Round(bits));
    }

    /// <summary>arctan x: three halvings of the angle by x / (1 + sqrt(1 + x^2)), then the series.</summary>
    public static Ball ArcTan(Ball x, int bits)
    {
        if (x.IsExactZero) { return x; }
        var places = bits + Guard;
        if (x.Top > 1 && (x.IsPositive || x.IsNegative))
        {
            var right = ArcTan(Ball.Inverse(x.IsNegative ? -x : x, places), places);
            var angle = Ball.Add(new(FixedPi(places) >> 1, 2, -places), -right, bits);
            return x.IsNegative ? -angle : angle;
        }

        var y = x;
        for (var i = 0; i < 3; i++)
        {
            var root = Ball.Sqrt(Ball.Add(Ball.One, Ball.Multiply(y, y, places), places), places);
            y = Ball.Multiply(y, Ball.Inverse(Ball.Add(Ball.One, root, places), places), places);
        }

        var (t, radius) = y.Fixed(places);
        var squared = -(t * t >> places);
        var power = t;
        var sum = t;
        var n = 1;
        for (; !power.IsZero && power != BigInteger.MinusOne && n < 2000; n++)
        {
            power = power * squared >> places;
            sum += power / ((2 * n) + 1);
        }

        return new Ball(sum << 3, (radius + (2 * n) + 4) << 3, -places).Round(bits);
    }

    /// <summary>first * (1 + s/(k(k+1)) + s^2/(k(k+1)(k+2)(k+3)) + ...): the series of sine (k = 2) and cosine (k = 1).</summary>
    private static BigInteger Series(BigInteger first, BigInteger squared, int places, int k, out int terms)
    {
        var term = first;
        var sum = first;
        terms = 1;
        for (; !term.IsZero && term != BigInteger.MinusOne && terms < 1000; terms++, k += 2)
        {
            term = (term * squared >> places) / (k * (k + 1));
            sum += term;
        }

        return sum;
    }

    private static BigInteger ArTanh(BigInteger t, int places, out int terms)
    {
        var squared = t * t >> places;
        var power = t;
        var sum = t;
        terms = 1;
        for (; !power.IsZero && power != BigInteger.MinusOne && terms < 2000; terms++)
        {
            power = power * squared >> places;
            sum += power / ((2 * terms) + 1);
        }

        return sum;
    }

    private static BigInteger RoundQuotient(BigInteger a, BigInteger b)
    {
        var twice = (a << 1) + b;
        var quotient = BigInteger.DivRem(twice, b << 1, out var remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }

    // Constants, right to one unit; computed once a precision, which no verdict depends on.
    private static BigInteger FixedPi(int places) => PiDigits.GetOrAdd(places, static p =>
        ((16 * ArcTanOfInverse(5, p + 16)) - (4 * ArcTanOfInverse(239, p + 16))) >> 16);

    private static BigInteger FixedLn2(int places) => Ln2Digits.GetOrAdd(places, static p =>
        ArTanh((BigInteger.One << (p + 16)) / 3, p + 16, out _) >> 15);

    private static BigInteger ArcTanOfInverse(int n, int places)
    {
        var power = (BigInteger.One << places) / n;
        var sum = power;
        for (var i = 1; !power.IsZero; i++)
        {
            power /= n * n;
            sum += i % 2 == 1 ? -(power / ((2 * i) + 1)) : power / ((2 * i) + 1);
        }

        return sum;
    }
}
