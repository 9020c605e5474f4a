using System.Numerics;

namespace LlmReasoning.Verification.Numbers;

/// <summary>
/// An exact sum of rational multiples of square roots of square-free integers, sum of c_r * sqrt(r). Such sums are equal exactly when
/// their coefficients are, because the roots are independent over the rationals.
/// </summary>
internal sealed class Surd
{
    private const int MaxTerms = 16;
    private const int MaxPrimes = 4;
    private const int MaxPower = 12;
    private static readonly BigInteger MaxRadicand = 100_000_000;

    private readonly SortedDictionary<long, Rational> _terms;

    private Surd(SortedDictionary<long, Rational> terms) { _terms = terms; }

    public bool IsZero => _terms.Count == 0;

    /// <summary>The expression as a surd, or null where it is none or too large.</summary>
    public static Surd? From(Expression e, Work work)
    {
        work.Spend(1);
        return e.Kind switch
        {
            ExpressionKind.Number => Single(1, e.Value),
            ExpressionKind.Add => Fold(e, Zero(), Plus, work),
            ExpressionKind.Multiply => Fold(e, Single(1, Rational.One), Times, work),
            ExpressionKind.Power => Power(e.Items[0], e.Items[1], work),
            _ => null,
        };
    }

    public static Surd? Minus(Surd a, Surd b) => Plus(a, new Surd(new(b._terms.ToDictionary(t => t.Key, t => -t.Value))));

    private static Surd Zero() => new([]);

    private static Surd Single(long radicand, Rational coefficient) => new(coefficient.IsZero ? [] : new() { [radicand] = coefficient });

    private static Surd? Fold(Expression e, Surd start, Func<Surd, Surd, Surd?> operation, Work work)
    {
        Surd? result = start;
        foreach (var item in e.Items)
        {
            if (From(item, work) is not { } next) { return null; }
            work.Spend(result._terms.Count * next._terms.Count);
            result = operation(result, next);
            if (result is null) { return null; }
        }

        return result;
    }

    private static Surd? Power(Expression b, Expression exponent, Work work)
    {
        if (!exponent.IsNumber) { return null; }
        if (b.IsInteger && exponent.Value == Rational.Half && b.Value.Sign > 0 && b.Value.Numerator <= MaxRadicand)
        {
            var (outside, inside) = Algebra.SquareFactors(b.Value.Numerator);
            return Single((long)inside, outside);
        }

        if (exponent.Value == -Rational.Half && b.IsInteger && b.Value.Sign > 0) { return Power(b, Algebra.Number(Rational.Half), work) is { } root ? Inverse(root) : null; }
        if (!exponent.Value.IsInteger || Rational.Abs(exponent.Value) > MaxPower || From(b, work) is not { } value) { return null; }
        var unit = exponent.Value.Sign > 0 ? value : Inverse(value);
        var power = unit;
        for (var i = 1; i < (int)BigInteger.Abs(exponent.Value.Numerator) && power is not null; i++)
        {
            work.Spend(power._terms.Count * unit!._terms.Count);
            power = Times(power, unit);
        }

        return power;
    }

    private static Surd? Plus(Surd a, Surd b)
    {
        var sum = new SortedDictionary<long, Rational>(a._terms);
        foreach (var (radicand, coefficient) in b._terms) { AddTerm(sum, radicand, coefficient); }
        return sum.Count <= MaxTerms ? new(sum) : null;
    }

    private static Surd? Times(Surd a, Surd b)
    {
        var product = new SortedDictionary<long, Rational>();
        foreach (var (r, c) in a._terms)
        {
            foreach (var (s, d) in b._terms)
            {
                // sqrt(r) sqrt(s) = g sqrt(rs/g^2) with g = gcd(r, s), for square-free r and s
                var g = (long)BigInteger.GreatestCommonDivisor(r, s);
                var radicand = (BigInteger)(r / g) * (s / g);
                if (radicand > MaxRadicand) { return null; }
                AddTerm(product, (long)radicand, c * d * g);
            }
        }

        return product.Count <= MaxTerms ? new(product) : null;
    }

    private static void AddTerm(SortedDictionary<long, Rational> terms, long radicand, Rational coefficient)
    {
        var sum = terms.GetValueOrDefault(radicand) + coefficient;
        if (sum.IsZero) { terms.Remove(radicand); }
        else { terms[radicand] = sum; }
    }

    /// <summary>1/a by conjugates: multiplying by the conjugate with respect to a prime p clears every root that holds p.</summary>
    private static Surd? Inverse(Surd a)
    {
        if (a.IsZero) { return null; }
        var numerator = Single(1, Rational.One);
        var denominator = a;
        for (var round = 0; round <= MaxPrimes; round++)
        {
            var last = denominator._terms.Keys.Last();
            if (last == 1)
            {
                var factor = Rational.One / denominator._terms[1];
                return Times(numerator, Single(1, factor));
            }

            var prime = SmallestPrimeFactor(last);
            var conjugate = new Surd(new(denominator._terms.ToDictionary(t => t.Key, t => t.Key % prime == 0 ? -t.Value : t.Value)));
            if (Times(denominator, conjugate) is not { } nextDenominator || Times(numerator, conjugate) is not { } nextNumerator || nextDenominator.IsZero) { return null; }
            (denominator, numerator) = (nextDenominator, nextNumerator);
        }

        return null;
    }

    private static long SmallestPrimeFactor(long n)
    {
        for (long d = 2; d * d <= n && d <= 10_000; d++)
        {
            if (n % d == 0) { return d; }
        }

        return n;
    }
}
