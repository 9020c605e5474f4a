using System.Text.Json;

namespace LlmReasoning.Verification.Tests;

[Trait("Category", "Golden")]
public sealed class GoldenTests
{
    // Rough kinds of the data and the kinds that are right for them. "-2,1" with \pm is a list whatever the classifier says, and so on.
    private static readonly Dictionary<string, AnswerKind[]> RightKinds = new()
    {
        ["integer"] = [AnswerKind.Integer],
        ["fraction"] = [AnswerKind.Rational],
        ["mixed_number"] = [AnswerKind.Rational],
        ["decimal"] = [AnswerKind.Decimal, AnswerKind.Integer],
        ["scientific"] = [AnswerKind.Decimal, AnswerKind.Integer],
        ["percent"] = [AnswerKind.Percent],
        ["money"] = [AnswerKind.Quantity],
        ["degrees"] = [AnswerKind.Quantity],
        ["number_with_unit"] = [AnswerKind.Quantity],
        ["surd"] = [AnswerKind.Surd],
        ["closed form (pi,e,log,trig,!)"] = [AnswerKind.ClosedForm],
        ["numeric expression"] = [AnswerKind.Integer, AnswerKind.Rational, AnswerKind.Surd, AnswerKind.ClosedForm],
        ["complex number"] = [AnswerKind.Complex],
        ["expression with variables"] = [AnswerKind.Expression],
        ["assignment (v = ...)"] = [AnswerKind.Assignment],
        ["equation"] = [AnswerKind.Equation, AnswerKind.Assignment],
        ["inequality"] = [AnswerKind.Inequality],
        ["interval"] = [AnswerKind.Interval, AnswerKind.Tuple],
        ["interval union/set op"] = [AnswerKind.Interval],
        ["pair (or open interval)"] = [AnswerKind.Tuple],
        ["tuple"] = [AnswerKind.Tuple],
        ["set"] = [AnswerKind.Set, AnswerKind.Inequality],
        ["list"] = [AnswerKind.List],
        ["list(and/or)"] = [AnswerKind.List],
        ["assignments/equations list"] = [AnswerKind.List],
        ["matrix/vector"] = [AnswerKind.Matrix],
        ["ratio/time"] = [AnswerKind.Ratio],
        ["base_n"] = [AnswerKind.BaseN],
        ["choice_letter"] = [AnswerKind.Choice],
        ["choice_letters"] = [AnswerKind.Choice],
        ["text"] = [AnswerKind.Text],
        ["text_with_math"] = [AnswerKind.Text, AnswerKind.Equation, AnswerKind.List],
        ["special_word"] = [AnswerKind.Text, AnswerKind.Special],
        ["empty"] = [AnswerKind.None],
    };

    [Fact]
    public void EveryProbeThatMustBeRejectedIsRejected()
    {
        var accepted = Probes().Where(p => !p.Want && p.Verdict.Outcome == Outcome.Correct).Select(Describe);
        Assert.Empty(accepted);
    }

    [Fact]
    public void AtLeast97PercentOfTheProbesThatMustBeAcceptedAre()
    {
        var wanted = Probes().Where(p => p.Want).ToList();
        var rejected = wanted.Where(p => p.Verdict.Outcome != Outcome.Correct).Select(Describe).ToList();
        Assert.True(rejected.Count <= 0.03 * wanted.Count, string.Join('\n', rejected));
    }

    [Fact]
    public void AtLeast98PercentOfTheCasesOfMathVerifyAreDecidedAsExpected()
    {
        var cases = GoldenFiles.Read("math_verify_cases.jsonl");
        var deviations = cases.Where(c => !IsAsExpected(c)).Select(c => c.GetProperty("id").GetString()).ToList();
        Assert.True(deviations.Count <= 0.02 * cases.Count, string.Join('\n', deviations));
    }

    [Fact]
    public void EveryReferenceAnswerEqualsItself()
    {
        foreach (var row in GoldenFiles.Read("gold_answers.jsonl"))
        {
            var text = row.GetProperty("gold").GetString()!;
            var gold = GoldAnswer.Parse(text);
            if (!gold.IsUsable)
            {
                Assert.Equal(Outcome.BadGold, Verifier.VerifyAnswer(gold, text).Outcome);
                continue;
            }

            Assert.Equal(Outcome.Correct, Verifier.VerifyAnswer(gold, text).Outcome);
            Assert.NotNull(gold.Answer.Expression);
            var match = new Equivalence(new Work(), VerifierOptions.Default).Compare(gold.Answer.Expression, gold.Answer.Expression);
            Assert.True(match.IsEqual == true, text);
        }
    }

    [Fact]
    public void AtLeast97PercentOfTheReferenceAnswersHaveTheRightKind()
    {
        string[] dataSets = ["math500", "olympiadbench", "minerva_math", "gaokao2023en"];
        var rows = GoldenFiles.Read("gold_answers.jsonl").Where(r => dataSets.Contains(r.GetProperty("dataset").GetString())).ToList();
        var wrong = rows.Where(r => !HasRightKind(r)).Select(r => $"{r.GetProperty("kind")}: {r.GetProperty("gold")}").ToList();
        Assert.True(wrong.Count <= 0.03 * rows.Count, string.Join('\n', wrong));
    }

    [Fact]
    public void OfTheDistinctAnswersOfMath500AtMostSixOrderedPairsAreEqual()
    {
        var golds = GoldenFiles.Read("gold_answers.jsonl")
            .Where(r => r.GetProperty("dataset").GetString() == "math500" && r.GetProperty("kind").GetString() is not ("integer" or "choice_letter"))
            .Select(r => r.GetProperty("gold").GetString()!)
            .Distinct()
            .Select(GoldAnswer.Parse)
            .ToList();
        var equal = from a in golds from b in golds where !ReferenceEquals(a, b) && Verifier.VerifyAnswer(a, b.Text).Outcome == Outcome.Correct select $"{a.Text} = {b.Text}";
        var pairs = equal.ToList();
        Assert.True(pairs.Count <= 6, string.Join('\n', pairs));
    }

    private static bool HasRightKind(JsonElement row)
    {
        var kind = row.GetProperty("kind").GetString()!;
        return !RightKinds.TryGetValue(kind, out var right) || right.Contains(GoldAnswer.Parse(row.GetProperty("gold").GetString()!).Kind);
    }

    private static IEnumerable<(string Id, bool Want, Verdict Verdict)> Probes()
    {
        foreach (var row in GoldenFiles.Read("probes.jsonl"))
        {
            var gold = row.GetProperty("gold").GetString()!;
            var verdict = row.TryGetProperty("response", out var response)
                ? Verifier.Verify(gold, response.GetString()!)
                : Verifier.VerifyAnswer(gold, row.GetProperty("answer").GetString()!);
            yield return (row.GetProperty("id").GetString()!, row.GetProperty("want").GetBoolean(), verdict);
        }
    }

    private static string Describe((string Id, bool Want, Verdict Verdict) probe) => $"{probe.Id}: {probe.Verdict}";

    /// <summary>The options that Math-Verify's tests set are read from the row: the rounding of decimals and the names of variables have a counterpart here.</summary>
    private static bool IsAsExpected(JsonElement row)
    {
        var response = row.GetProperty("pred").GetString()!;
        var expected = row.GetProperty("expected");
        if (row.GetProperty("kind").GetString() == "verify")
        {
            var gold = GoldAnswer.Parse(row.GetProperty("gold").GetString()!);
            var options = new VerifierOptions
            {
                RoundingDigits = row.TryGetProperty("float_rounding", out var rounding) ? rounding.GetInt32() : VerifierOptions.Default.RoundingDigits,
                IgnoresVariableNames = row.TryGetProperty("strict", out var strict) && strict.ValueKind == JsonValueKind.False,
            };
            return (Verifier.Verify(gold, response, ExtractionPolicy.Lenient, options).Outcome == Outcome.Correct) == expected.GetBoolean();
        }

        var answer = AnswerExtractor.Extract(response, ExtractionPolicy.Lenient).Answer;
        if (expected.ValueKind == JsonValueKind.Array)
        {
            return expected.GetArrayLength() == 0 ? answer is null : answer is not null && expected.EnumerateArray().Any(e => e.GetString() == answer);
        }

        if (expected.TryGetProperty("count", out var count)) { return count.GetInt32() == 0 == (answer is null); }
        return answer is not null && Verifier.VerifyAnswer(expected.GetProperty("first").GetString()!, answer).Outcome == Outcome.Correct;
    }
}
