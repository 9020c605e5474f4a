namespace LlmReasoning.Verification.Tests;

public sealed class ParserTests
{
    [Theory]
    [InlineData("12,000", "12000")]
    [InlineData(@"12{,}000", "12000")]
    [InlineData(@"12,\!000", "12000")]
    [InlineData("12 000", "12000")]
    [InlineData("0,111", "111/1000")]
    [InlineData("1.04e-3", "13/12500")]
    [InlineData(".5", "1/2")]
    [InlineData("-1./3", "-1/3")]
    [InlineData(@"2\frac12", "5/2")]
    [InlineData("12 3/5", "63/5")]
    [InlineData("2½", "5/2")]
    [InlineData(@"0.1\overline{6}", "1/6")]
    [InlineData("５", "5")]
    [InlineData("1.5 million", "1500000")]
    public void NumbersOfEverySpellingAreRead(string text, string number) =>
        Assert.Equal(number, AnswerParser.Parse(text).ToString());

    [Theory]
    [InlineData("1, 234", AnswerKind.List)]
    [InlineData("(1,234)", AnswerKind.Tuple)]
    [InlineData("1,2345", AnswerKind.List)]
    [InlineData("1,234", AnswerKind.Integer)]
    [InlineData("[1,2)", AnswerKind.Interval)]
    [InlineData(@"\{1,2\}", AnswerKind.Set)]
    [InlineData("5 or 9", AnswerKind.List)]
    [InlineData(@"1\pm\sqrt{5}", AnswerKind.List)]
    [InlineData("x=5", AnswerKind.Assignment)]
    [InlineData("W(n)=1", AnswerKind.Assignment)]
    [InlineData("x+y=1", AnswerKind.Equation)]
    [InlineData("1<x<2", AnswerKind.Inequality)]
    [InlineData("52_8", AnswerKind.BaseN)]
    [InlineData("3:4", AnswerKind.Ratio)]
    [InlineData(@"50\%", AnswerKind.Percent)]
    [InlineData("40 km/h", AnswerKind.Quantity)]
    [InlineData("6 (bracelets)", AnswerKind.Quantity)]
    [InlineData(@"\text{(B)}", AnswerKind.Choice)]
    [InlineData("no solution", AnswerKind.Text)]
    [InlineData("1+2i", AnswerKind.Complex)]
    [InlineData(@"\frac{\pi}{2}", AnswerKind.ClosedForm)]
    [InlineData(@"3\sqrt{2}", AnswerKind.Surd)]
    [InlineData(@"\begin{pmatrix}1\\2\end{pmatrix}", AnswerKind.Matrix)]
    [InlineData("2xy", AnswerKind.Expression)]
    [InlineData("1 + 2 =", AnswerKind.Text)]
    public void AnswersHaveTheirKind(string text, AnswerKind kind) => Assert.Equal(kind, GoldAnswer.Parse(text).Kind);

    [Theory]
    [InlineData("a+b", "b+a")]
    [InlineData("2x+x", "3x")]
    [InlineData(@"\sqrt{8}", @"2\sqrt2")]
    [InlineData(@"\frac{x}{y}", "xy^{-1}")]
    [InlineData("x x", "x^2")]
    [InlineData(@"\sqrt[3]{x}", "x^{1/3}")]
    [InlineData(@"\sin^2 x", @"(\sin x)^2")]
    [InlineData(@"\sin^{-1} x", @"\arcsin x")]
    [InlineData(@"\tfrac12", "0.5")]
    [InlineData(@"\left( x+1 \right)", "(x+1)")]
    [InlineData(@"\\frac{1}{2}", @"\frac{1}{2}")]
    [InlineData("x**2", "x^2")]
    [InlineData(@"\mathrm{e}", "e")]
    [InlineData(@"\cos(x)\sin(x)", @"\sin x\cos x")]
    public void CanonicalTreesForgetTheSpelling(string left, string right) => Assert.Equal(AnswerParser.Parse(left), AnswerParser.Parse(right));

    [Theory]
    [InlineData(@"\frac{0}{0}")]
    [InlineData(@"\frac{1}{0}")]
    [InlineData("0^0")]
    public void DivisionByZeroIsUndefinedAndEqualsNothing(string text)
    {
        Assert.Equal(Algebra.Undefined, AnswerParser.Parse(text));
        Assert.Equal(Outcome.Wrong, Verifier.VerifyAnswer("0", text).Outcome);
    }
}
