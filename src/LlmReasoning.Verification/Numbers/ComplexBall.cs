namespace LlmReasoning.Verification.Numbers;

/// <summary>A complex number as two balls; a real number has an exact zero as its imaginary part, which keeps real arithmetic cheap.</summary>
internal readonly record struct ComplexBall(Ball Real, Ball Imaginary)
{
    public static ComplexBall One => new(Ball.One, Ball.Zero);

    public bool IsReal => Imaginary.IsExactZero;

    public bool ContainsZero => Real.ContainsZero && Imaginary.ContainsZero;

    public bool IsExactZero => Real.IsExactZero && Imaginary.IsExactZero;

    public static ComplexBall operator -(ComplexBall a) => new(-a.Real, -a.Imaginary);

    public static implicit operator ComplexBall(Ball real) => new(real, Ball.Zero);

    public static ComplexBall Add(ComplexBall a, ComplexBall b, int bits) => new(Ball.Add(a.Real, b.Real, bits), Ball.Add(a.Imaginary, b.Imaginary, bits));

    public static ComplexBall Multiply(ComplexBall a, ComplexBall b, int bits)
    {
        if (a.IsReal && b.IsReal) { return Ball.Multiply(a.Real, b.Real, bits); }
        return new(
            Ball.Add(Ball.Multiply(a.Real, b.Real, bits), -Ball.Multiply(a.Imaginary, b.Imaginary, bits), bits),
            Ball.Add(Ball.Multiply(a.Real, b.Imaginary, bits), Ball.Multiply(a.Imaginary, b.Real, bits), bits));
    }

    /// <summary>1/a; null where a may be zero.</summary>
    public static ComplexBall? Inverse(ComplexBall a, int bits)
    {
        if (a.IsReal) { return a.Real.ContainsZero ? null : Ball.Inverse(a.Real, bits); }
        var norm = a.Norm(bits);
        if (norm.ContainsZero) { return null; }
        var inverse = Ball.Inverse(norm, bits);
        return new(Ball.Multiply(a.Real, inverse, bits), -Ball.Multiply(a.Imaginary, inverse, bits));
    }

    public static bool Meet(ComplexBall a, ComplexBall b, int bits) => Ball.Meet(a.Real, b.Real, bits) && Ball.Meet(a.Imaginary, b.Imaginary, bits);

    /// <summary>|a|^2.</summary>
    public Ball Norm(int bits) => Ball.Add(Ball.Multiply(Real, Real, bits), Ball.Multiply(Imaginary, Imaginary, bits), bits);
}
