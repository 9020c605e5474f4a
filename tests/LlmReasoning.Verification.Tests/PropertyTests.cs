using System.Globalization;
using CsCheck;

namespace LlmReasoning.Verification.Tests;

public sealed class PropertyTests
{
    private static readonly Gen<string> Atoms = OneOf("x", "y", "n", "2", "3", "7", "0.5", @"\pi", @"\sqrt{2}", @"\frac{1}{3}", "e", @"\frac{x}{2}", @"\sin x", @"2^n");

    private static readonly Gen<string> Sums = Gen.Select(Atoms, Atoms, OneOf(" + ", " - ", @" \cdot "), (a, b, sign) => a + sign + b);

    private static readonly Gen<string> Scalars = Gen.OneOf(Atoms, Sums, Gen.Select(Sums, Sums, (a, b) => $@"\frac{{{a}}}{{{b}}}"), Gen.Select(Sums, Atoms, (a, b) => $"({a})({b})"));

    private static readonly Gen<string> Answers = Gen.OneOf(
        Scalars,
        Gen.Select(Scalars, Scalars, (a, b) => $"({a}, {b})"),
        Gen.Select(Scalars, Scalars, (a, b) => $@"\{{{a}, {b}\}}"),
        Gen.Select(Scalars, Scalars, (a, b) => $"{a}, {b}"),
        Gen.Select(Scalars, Scalars, (a, b) => $"[{a}, {b})"),
        Gen.Select(Scalars, a => $"z = {a}"),
        Gen.Select(Scalars, Scalars, (a, b) => $"{a} = {b} + z"),
        Gen.Select(Scalars, Scalars, (a, b) => $"{a} < {b} + z"),
        Gen.Select(Scalars, a => $@"{a}\%"),
        Gen.Select(Scalars, a => $@"{a} \text{{ cm}}"));

    private static readonly Gen<Func<string, string>> Decorations = OneOf<Func<string, string>>(
        s => $"  {s} ",
        s => $"${s}$",
        s => $@"\displaystyle {s}",
        s => s + ".",
        s => s + @"\,",
        s => $@"\({s}\)",
        s => s.Replace("(", @"\left(", StringComparison.Ordinal).Replace(")", @"\right)", StringComparison.Ordinal),
        s => s.Replace("+", " + ", StringComparison.Ordinal).Replace("=", "  = ", StringComparison.Ordinal));

    [Fact]
    public void EveryAnswerEqualsItself() =>
        Answers.Sample(a => !GoldAnswer.Parse(a).IsUsable || Verifier.VerifyAnswer(a, a + " ").Outcome == Outcome.Correct, iter: 2000);

    [Fact]
    public void EqualityOfOneKindIsSymmetric() =>
        Gen.Select(Answers, Answers).Sample((a, b) =>
        {
            var (gold, other) = (GoldAnswer.Parse(a), GoldAnswer.Parse(b));
            return gold.Kind != other.Kind
                || (Verifier.VerifyAnswer(gold, b).Outcome == Outcome.Correct) == (Verifier.VerifyAnswer(other, a).Outcome == Outcome.Correct);
        }, iter: 5000);

    [Fact]
    public void SpacesSizesDollarsAndAFullStopChangeNothing() =>
        Gen.Select(Answers, Answers, Decorations).Sample((a, b, decorate) =>
        {
            var gold = GoldAnswer.Parse(a);
            return Verifier.VerifyAnswer(gold, decorate(a)).Outcome == (gold.IsUsable ? Outcome.Correct : Outcome.BadGold)
                && Verifier.VerifyAnswer(gold, decorate(b)).Outcome == Verifier.VerifyAnswer(gold, b).Outcome;
        }, iter: 5000);

    [Fact]
    public void TheVerdictDependsOnNeitherThreadsNorOrderNorCulture()
    {
        var pairs = new List<(string Gold, string Answer)>();
        Gen.Select(Answers, Answers).Sample(
            (a, b) =>
            {
                lock (pairs) { pairs.Add((a, b)); }
            },
            iter: 500,
            threads: 1);
        var expected = pairs.ConvertAll(p => Verifier.VerifyAnswer(p.Gold, p.Answer));
        var actual = new Verdict[pairs.Count];
        Parallel.For(0, pairs.Count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
            var at = pairs.Count - 1 - i;
            actual[at] = Verifier.VerifyAnswer(pairs[at].Gold, pairs[at].Answer);
        });
        Assert.Equal(expected, actual);
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
