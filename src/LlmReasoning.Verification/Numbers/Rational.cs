using System.Numerics;

namespace LlmReasoning.Verification.Numbers;

/// <summary>An exact fraction in lowest terms with a positive denominator. Sizes are bounded by <see cref="MaxBits"/>.</summary>
internal readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    /// <summary>Numerators and denominators beyond this many bits are not computed exactly.</summary>
    public const int MaxBits = 4096;

    private readonly BigInteger _denominatorLessOne;     // so that default(Rational) is zero

    private Rational(BigInteger numerator, BigInteger denominator)
    {
        Numerator = numerator;
        _denominatorLessOne = denominator - BigInteger.One;
    }

    public static Rational Zero => default;

    public static Rational One { get; } = new(1, 1);

    public static Rational MinusOne { get; } = new(-1, 1);

    public static Rational Half { get; } = new(1, 2);

    public BigInteger Numerator { get; }

    public BigInteger Denominator => _denominatorLessOne + BigInteger.One;

    public bool IsInteger => _denominatorLessOne.IsZero;

    public bool IsZero => Numerator.IsZero;

    public bool IsOne => Numerator.IsOne && IsInteger;

    public int Sign => Numerator.Sign;

    public static implicit operator Rational(long value) => new(value, 1);

    public static implicit operator Rational(BigInteger value) => new(value, 1);

    /// <summary>numerator / denominator in lowest terms.</summary>
    /// <exception cref="BoundExceededException">A part has more than <see cref="MaxBits"/> bits.</exception>
    public static Rational Create(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.Sign < 0) { (numerator, denominator) = (-numerator, -denominator); }
        if (!denominator.IsOne)
        {
            var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
            if (!divisor.IsOne) { (numerator, denominator) = (numerator / divisor, denominator / divisor); }
        }

        if (Bits(numerator) > MaxBits || Bits(denominator) > MaxBits) { throw new BoundExceededException("too-large"); }
        return new(numerator, denominator);
    }

    public static long Bits(BigInteger value) => value.GetBitLength();

    public static Rational operator +(Rational a, Rational b) => a.IsInteger && b.IsInteger
        ? Create(a.Numerator + b.Numerator, 1)
        : Create((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b) => a.IsInteger && b.IsInteger
        ? Create(a.Numerator * b.Numerator, 1)
        : Create(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) => Create(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static Rational Abs(Rational a) => a.Sign < 0 ? -a : a;

    /// <summary>The power, or null where it would pass <see cref="MaxBits"/>. Zero to a negative power is the caller's to exclude.</summary>
    public static Rational? Pow(Rational value, BigInteger exponent)
    {
        if (exponent.IsZero) { return One; }
        if (value.IsZero || value.IsOne) { return value; }
        var size = BigInteger.Abs(exponent);
        if (value == MinusOne) { return size.IsEven ? One : MinusOne; }
        if (size * Math.Max(Bits(value.Numerator), Bits(value.Denominator)) > MaxBits) { return null; }
        var numerator = BigInteger.Pow(value.Numerator, (int)size);
        var denominator = BigInteger.Pow(value.Denominator, (int)size);
        return exponent.Sign > 0 ? new(numerator, denominator) : Create(denominator, numerator);
    }

    /// <summary>The exact non-negative n-th root, or null where there is none.</summary>
    public static Rational? Root(Rational value, int n)
    {
        if (value.Sign < 0) { return null; }
        return IntegerRoot(value.Numerator, n) is { } numerator && IntegerRoot(value.Denominator, n) is { } denominator
            ? new(numerator, denominator)
            : null;
    }

    public BigInteger Floor() => Numerator.Sign >= 0 || IsInteger ? Numerator / Denominator : (Numerator / Denominator) - 1;

    public bool Equals(Rational other) => Numerator == other.Numerator && _denominatorLessOne == other._denominatorLessOne;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    /// <summary>The same in every process, unlike <see cref="BigInteger.GetHashCode"/>.</summary>
    public override int GetHashCode()
    {
        var numerator = (int)(uint)(Numerator & uint.MaxValue);
        var denominator = (int)(uint)(_denominatorLessOne & uint.MaxValue);
        return unchecked((numerator * 16777619) ^ (denominator * 486187739));
    }

    public int CompareTo(Rational other) => IsInteger && other.IsInteger
        ? Numerator.CompareTo(other.Numerator)
        : (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>The largest r with r^n at most the value, by Newton's steps from above.</summary>
    public static BigInteger FloorRoot(BigInteger value, int n)
    {
        if (value.IsZero || value.IsOne) { return value; }
        var root = BigInteger.One << (int)((Bits(value) / n) + 1);
        while (true)
        {
            var next = (((n - 1) * root) + (value / BigInteger.Pow(root, n - 1))) / n;
            if (next >= root) { return root; }
            root = next;
        }
    }

    private static BigInteger? IntegerRoot(BigInteger value, int n)
    {
        if (value.IsOne || value.IsZero) { return value; }
        if (n > Bits(value)) { return null; }
        var root = FloorRoot(value, n);
        return BigInteger.Pow(root, n) == value ? root : null;
    }
}
