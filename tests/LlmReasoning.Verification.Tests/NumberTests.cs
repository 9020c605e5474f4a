using System.Numerics;

namespace LlmReasoning.Verification.Tests;

public sealed class NumberTests
{
    private static readonly double[] Points = [0.001, 0.3, 0.7, 1, 1.5, 2, 3.14159, 10, 123.456];

    [Fact]
    public void FractionsAreKeptInLowestTermsWithAPositiveDenominator()
    {
        var third = Rational.Create(-4, -12);
        Assert.Equal((1, 3), ((int)third.Numerator, (int)third.Denominator));
        Assert.Equal(Rational.Create(5, 6), third + Rational.Half);
        Assert.Equal(-2, (int)Rational.Create(-3, 2).Floor());
    }

    [Fact]
    public void APowerThatWouldBeTooLargeIsNotComputed()
    {
        Assert.Null(Rational.Pow(2, 1_000_000_000));
        Assert.Equal(1024, (int)Rational.Pow(2, 10)!.Value.Numerator);
        Assert.Throws<BoundExceededException>(() => Rational.Create(BigInteger.One << 5000, 1));
    }

    [Theory]
    [InlineData(@"\frac{1}{\sqrt{3}+\sqrt{2}}", @"\sqrt{3}-\sqrt{2}")]
    [InlineData(@"(1+\sqrt{2})^3", @"7+5\sqrt{2}")]
    [InlineData(@"\frac{1}{1+\sqrt{2}+\sqrt{3}}", @"\frac{2+\sqrt{2}-\sqrt{6}}{4}")]
    public void SurdsCancelExactly(string left, string right)
    {
        var work = new Work();
        var difference = Surd.Minus(Surd.From(AnswerParser.Parse(left), work)!, Surd.From(AnswerParser.Parse(right), work)!);
        Assert.True(difference!.IsZero);
    }

    [Fact]
    public void EqualRationalFunctionsAgreeModuloEveryPrime()
    {
        var (left, right) = (AnswerParser.Parse(@"\frac{x^2-y^2}{x-y}"), AnswerParser.Parse("x+y"));
        foreach (var prime in Modular.Primes)
        {
            var field = new Modular(prime, 0, new Work());
            Assert.Equal(field.Value(left), field.Value(right));
            Assert.False(field.IsOpaque);
        }
    }

    [Fact]
    public void ThePrimesArePrime()
    {
        // 2^(p-1) = 1 (mod p), to three bases
        Assert.All(Modular.Primes, p => Assert.All([2, 3, 7], b => Assert.Equal(1, (int)BigInteger.ModPow(b, p - 1, p))));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(512)]
    public void BallsHoldTheValueThatDoublesComeNearTo(int bits)
    {
        foreach (var x in Points)
        {
            var ball = FromDouble(x);
            AssertNear(Math.Exp(x), BallFunctions.Exp(ball, bits)!.Value);
            AssertNear(Math.Log(x), BallFunctions.Ln(ball, bits));
            AssertNear(Math.Sqrt(x), Ball.Sqrt(ball, bits));
            AssertNear(Math.Atan(x), BallFunctions.ArcTan(ball, bits));
            AssertNear(Math.Atan(-x), BallFunctions.ArcTan(-ball, bits));
            var (sin, cos) = BallFunctions.SinCos(ball, bits)!.Value;
            AssertNear(Math.Sin(x), sin);
            AssertNear(Math.Cos(x), cos);
            AssertNear(1 / x, Ball.Inverse(ball, bits));
        }
    }

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    public void BallsAreNarrowAndEncloseIdentities(int bits)
    {
        foreach (var x in Points)
        {
            var ball = FromDouble(x);
            var back = BallFunctions.Exp(BallFunctions.Ln(ball, bits), bits)!.Value;
            Assert.True(Ball.Meet(back, ball, bits), $"exp ln {x}");
            Assert.True(back.Exponent + back.Radius.GetBitLength() < back.Top - bits + 40, $"exp ln {x} at {bits} bits has {back.Radius.GetBitLength()} bits of error");
            var (sin, cos) = BallFunctions.SinCos(ball, bits)!.Value;
            var one = Ball.Add(Ball.Multiply(sin, sin, bits), Ball.Multiply(cos, cos, bits), bits);
            Assert.True(Ball.Meet(one, Ball.One, bits), $"sin^2 + cos^2 at {x}");
        }
    }

    [Fact]
    public void PiIsRight()
    {
        var expected = BigInteger.Parse("31415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679");
        var pi = BallFunctions.Pi(512);
        var scaled = Ball.Multiply(pi, Ball.From(BigInteger.Pow(10, 100), 512), 512);
        Assert.True(Ball.Meet(scaled, new Ball(expected, 1, 0), 512));
    }

    private static Ball FromDouble(double x)
    {
        var mantissa = (BigInteger)(x * (1L << 40));
        return new Ball(mantissa, 0, -40);
    }

    private static void AssertNear(double expected, Ball ball)
    {
        var value = (double)ball.Middle * Math.Pow(2, ball.Exponent);
        if (double.IsNaN(value) || double.IsInfinity((double)ball.Middle))
        {
            var shift = (int)(ball.Middle.GetBitLength() - 60);
            value = (double)(ball.Middle >> shift) * Math.Pow(2, ball.Exponent + shift);
        }

        Assert.Equal(expected, value, Math.Max(1e-9, Math.Abs(expected) * 1e-9));
    }
}
