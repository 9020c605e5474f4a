using System.Numerics;

namespace LlmReasoning.Verification.Numbers;

/// <summary>
/// Values of an expression modulo a prime at a fixed pseudo-random point (Schwartz 1980, Zippel 1979): two different rational functions
/// of degree d agree at a random point with probability at most d/p, and p has 61 bits. Nothing is expanded and no number grows.
/// What is no rational function (sin x, x^n, sqrt 2) counts as a variable of its own, so that agreement still proves equality
/// and disagreement proves nothing (<see cref="IsOpaque"/>).
/// </summary>
internal sealed class Modular
{
    /// <summary>2^61 - 1 and 2^61 - 31.</summary>
    public static readonly ulong[] Primes = [2305843009213693951UL, 2305843009213693921UL];

    private const int MaxFactorial = 20_000;

    private readonly ulong _prime;
    private readonly ulong _point;
    private readonly Work _work;

    public Modular(ulong prime, int point, Work work)
    {
        _prime = prime;
        _point = Expression.Mix((ulong)point + 1);
        _work = work;
    }

    /// <summary>A value stood for something that is no rational function.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>The value, or null at a pole.</summary>
    public ulong? Value(Expression e)
    {
        _work.Spend(1);
        switch (e.Kind)
        {
            case ExpressionKind.Number:
                return Of(e.Value);
            case ExpressionKind.Symbol or ExpressionKind.Unit:
                return Atom(e);
            case ExpressionKind.Add:
                ulong sum = 0;
                foreach (var item in e.Items)
                {
                    if (Value(item) is not { } term) { return null; }
                    sum = (sum + term) % _prime;
                }

                return sum;
            case ExpressionKind.Multiply:
                ulong product = 1;
                foreach (var item in e.Items)
                {
                    if (Value(item) is not { } factor) { return null; }
                    product = Times(product, factor);
                }

                return product;
            case ExpressionKind.Power when e.Items[1].IsInteger:
                return Value(e.Items[0]) is { } b ? Power(b, e.Items[1].Value.Numerator) : null;
            case ExpressionKind.Call when e.Name == "factorial" && e.Items[0].IsInteger && e.Items[0].Value.Sign >= 0 && e.Items[0].Value.Numerator <= MaxFactorial:
                return Factorial((int)e.Items[0].Value.Numerator);
            case ExpressionKind.Call when e.Name == "binom" && e.Items[0].IsInteger && e.Items[1].IsInteger && e.Items[0].Value.Numerator <= MaxFactorial:
                return Binomial((int)e.Items[0].Value.Numerator, (int)e.Items[1].Value.Numerator);
            default:
                IsOpaque = true;
                return Atom(e);
        }
    }

    private ulong Atom(Expression e) => Expression.Mix(e.Fingerprint ^ _point) % _prime;

    private ulong Times(ulong a, ulong b) => (ulong)((UInt128)a * b % _prime);

    private ulong? Of(Rational value)
    {
        var numerator = Of(value.Numerator);
        if (value.IsInteger) { return numerator; }
        var denominator = Of(value.Denominator);
        return denominator == 0 ? null : Times(numerator, Power(denominator, _prime - 2)!.Value);
    }

    private ulong Of(BigInteger value)
    {
        var remainder = value % _prime;
        return (ulong)(remainder.Sign < 0 ? remainder + _prime : remainder);
    }

    private ulong? Power(ulong b, BigInteger exponent)
    {
        if (b == 0) { return exponent.Sign > 0 ? 0 : null; }
        var reduced = exponent % (_prime - 1);
        var e = (ulong)(reduced.Sign < 0 ? reduced + (_prime - 1) : reduced);
        ulong result = 1;
        for (; e > 0; e >>= 1)
        {
            if ((e & 1) == 1) { result = Times(result, b); }
            b = Times(b, b);
        }

        _work.Spend(1);
        return result;
    }

    private ulong Factorial(int n)
    {
        _work.Spend(n / 8);
        ulong product = 1;
        for (var i = 2; i <= n; i++) { product = Times(product, (ulong)i); }
        return product;
    }

    private ulong? Binomial(int n, int k) => Power(Times(Factorial(k), Factorial(n - k)), -1) is { } inverse ? Times(Factorial(n), inverse) : null;
}
