using System.Text;

namespace LlmReasoning.Verification.Tests;

/// <summary>No input may throw, pass the bound on work, or take more than 20 MB.</summary>
public sealed class HostileInputTests
{
    private const long MaxBytes = 20_000_000;

    private static readonly string[] Pieces =
        ["{", "}", "(", ")", "[", "]", "|", "\\{", "\\}", "\\left", "\\right", "\\frac", "\\sqrt", "^", "_", "9", "12", "x", "e", "i", "\\pi", "+", "-", "*", "/", "=", "<", "\\le", "\\in",
        "\\cup", ",", ";", ":", "\\pm", "!", "\\%", "^\\circ", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\", "\\text{", "cm", " and ", "\\infty", "\\sin", "\\log_", "\\sum_{k=1}^{9}",
        "\\int_0^1", "\\binom", "\\lfloor", "\\rfloor", "\\boxed{", "$", "\\(", "\\)", "<think>", "</think>", "####", "answer is ", "1,000", "1e999", "1e-9999", "0.5", "^{9^9}", "\\mathbb{R}",
        "f(x)", "'", "\ud800", "\udc00", "½", "²", "√", "，", "\\overline{3}", "\\choose", "\\mod", "\\gcd(", "\\arcsin", "C_1", "million", "(A)", "B.", "\0", "\n"];

    [Fact]
    [Trait("Category", "Golden")]
    public void TheHostileInputsAreAnsweredWithinTheBounds()
    {
        foreach (var row in GoldenFiles.Read("hostile.jsonl"))
        {
            AssertBounded(row.GetProperty("gold").GetString()!, row.GetProperty("response").GetString()!);
        }
    }

    public static TheoryData<string> Towers() => new()
    {
        "9^{9^{9^{9^9}}}", "2^{1000000000}", "1/10^{10^8}", "10000000!", "((((9!)!)!)!)!", @"\binom{1000000}{500000}", @"\sum_{k=1}^{1000000000}\frac1k",
        @"\prod_{k=1}^{1000000}k", @"7^{7^{7^7}} \mod 100", @"e^{e^{e^{e^e}}}", @"\sin(10^{10^{10}})", @"(x+y+z+w)^{1000000}", @"\sqrt{\sqrt{\sqrt{\sqrt{2^{4000}}}}}", "1e999999",
        @"\sqrt[1000000]{2}", @"2^{2^{2^{2^{2^2}}}}", @"\int_0^1 x^x dx", @"\lfloor 10^{1000}\pi\rfloor",
    };

    [Theory]
    [MemberData(nameof(Towers))]
    public void TowersAreNotComputed(string answer)
    {
        AssertBounded("5", $@"\boxed{{{answer}}}");
        AssertBounded(answer, $@"\boxed{{{answer}+1}}");
        Assert.Equal(Outcome.Correct, Verifier.VerifyAnswer(answer, answer).Outcome);
    }

    [Theory]
    [InlineData("(", ")", 100_000)]
    [InlineData("{", "}", 100_000)]
    [InlineData(@"\boxed{", "}", 20_000)]
    [InlineData(@"\frac{1}{", "}", 20_000)]
    [InlineData(@"\sqrt{", "}", 300)]
    [InlineData("(", ")", 300)]
    [InlineData(@"\text{", "}", 300)]
    [InlineData(@"\begin{pmatrix}", @"\end{pmatrix}", 100)]
    [InlineData("|", "|", 1000)]
    [InlineData(@"\boxed{", "", 20_000)]
    [InlineData("$", "", 100_000)]
    [InlineData("7", "", 1_000_000)]
    [InlineData(@"\boxed{5} ", "", 10_000)]
    [InlineData("answer is ", "", 20_000)]
    [InlineData("-", "", 3000)]
    [InlineData("x!", "", 1500)]
    [InlineData("x^", "", 1500)]
    [InlineData("x_", "", 1500)]
    [InlineData("x'", "", 1500)]
    [InlineData("1+", "", 1500)]
    [InlineData("x2/7", "", 900)]
    [InlineData("1,", "", 1900)]
    [InlineData("1:", "", 1900)]
    [InlineData(@"\pm", "", 900)]
    [InlineData(@"1\pm 2,", "", 500)]
    [InlineData(@"\cup[0,1]", "", 400)]
    [InlineData("\ud800", "", 3000)]
    public void RepetitionIsCheap(string open, string close, int times)
    {
        var text = string.Concat(Enumerable.Repeat(open, times)) + "5" + string.Concat(Enumerable.Repeat(close, times));
        AssertBounded("5", text);
        AssertBounded("5", $@"\boxed{{{text}}}");
        AssertBounded(text.Length > 10_000 ? text[..10_000] : text, "5");
    }

    [Fact]
    public void RandomAndMutatedInputsAreAnsweredWithinTheBounds()
    {
        var random = new Random(20_260_101);
        var golds = new[] { "5", @"\frac{1}{2}", "(1,2)", @"\{1,2\}", "x^2+1", "x=5", "1<x<2", @"\begin{pmatrix}1\\2\end{pmatrix}", @"c_1e^x+c_2e^{-x}", @"3\pm\sqrt2" };
        var parsed = Array.ConvertAll(golds, GoldAnswer.Parse);
        for (var i = 0; i < 20_000; i++)
        {
            var text = RandomText(random, golds);
            AssertBounded(parsed[random.Next(parsed.Length)], random.Next(3) == 0 ? $@"\boxed{{{text}}}" : text);
        }
    }

    private static string RandomText(Random random, string[] golds)
    {
        var text = new StringBuilder(random.Next(2) == 0 ? golds[random.Next(golds.Length)] : "");
        var pieces = random.Next(1, 30);
        for (var i = 0; i < pieces; i++)
        {
            var piece = random.Next(10) == 0 ? ((char)random.Next(65536)).ToString() : Pieces[random.Next(Pieces.Length)];
            text.Insert(random.Next(text.Length + 1), piece);
        }

        return text.ToString();
    }

    private static void AssertBounded(string gold, string response) => AssertBounded(GoldAnswer.Parse(gold), response);

    private static void AssertBounded(GoldAnswer gold, string response)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var lenient = Verifier.Verify(gold, response);
        var strict = Verifier.Verify(gold, response, ExtractionPolicy.Reward);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(bytes < 2 * MaxBytes, $"{bytes} bytes for {response[..Math.Min(80, response.Length)]}");
        Assert.InRange(Math.Max(lenient.WorkUsed, strict.WorkUsed), 0, 3 * Work.Limit);
    }
}
