using CsCheck;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class MajorityAtKTests
{
    private static AnswerClasses Answers(int unanswered, params (int Count, int Correct)[] classes) =>
        AnswerClasses.Of(classes.Select((one, i) => KeyValuePair.Create($"{i + 1}", one)), unanswered);

    [Fact]
    public void TheLargestClassWins()
    {
        var answers = Answers(9, (2, 0), (3, 3), (1, 0));
        Assert.Equal(1, MajorityAtK.Estimate(answers, [15])[0].Estimate);
        Assert.Equal("2", answers.MajorityAnswer);
    }

    [Fact]
    public void TiesAreShared() => Assert.Equal(1 / 3.0, MajorityAtK.Estimate(Answers(0, (2, 0), (2, 2), (2, 0), (1, 0)), [7])[0].Estimate, 1e-14);

    [Fact]
    public void OneVoteIsTheAccuracy() => Assert.Equal(0.3, MajorityAtK.Estimate(Answers(2, (3, 3), (5, 0)), [1])[0].Estimate, 1e-12);

    [Fact]
    public void WithoutAnyAnswerNobodyIsRight() => Assert.Equal([0, 0], MajorityAtK.Estimate(Answers(4), [2, 4]).Select(point => point.Estimate));

    [Fact]
    public void ExactSumsEqualTheMeanOverAllSubsets() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 4].Array[1, 4], Gen.Bool.Array[4]).Sample((unanswered, sizes, right) =>
        {
            var answers = Answers(unanswered, [.. sizes.Select((size, i) => (size, right[i] ? size : 0))]);
            int[] ks = [.. Enumerable.Range(1, answers.Samples)];
            var estimates = MajorityAtK.Estimate(answers, ks, 0);
            foreach (var k in ks)
            {
                Assert.True(estimates[k - 1].IsExact);
                Assert.Equal(MeanOverSubsets(sizes, right, answers.Samples, k), estimates[k - 1].Estimate, 1e-10);
            }
        }, iter: 60);

    [Fact]
    public void WhereExactSumsCostTooMuchDrawsStandInAndRepeat()
    {
        var answers = Answers(100, [.. Enumerable.Range(0, 200).Select(i => (i < 2 ? 300 : 8, i == 0 ? 300 : 0))]);
        int[] ks = [8, 512, 1024];
        var first = MajorityAtK.Estimate(answers, ks, 1, "p");
        Assert.Equal([true, false, false], first.Select(point => point.IsExact));
        Assert.All(first.Skip(1), point => Assert.Equal(0.5, point.Estimate, 0.06));      // two equal leaders; 4 standard errors
        Assert.Equal(first, MajorityAtK.Estimate(answers, ks, 1, "p"));
        Assert.NotEqual(first, MajorityAtK.Estimate(answers, ks, 2, "p"));
    }

    [Fact]
    public void EqualAnswersAreOneClassWhateverTheOrder()
    {
        KeyValuePair<string, (int, int)>[] written =
            [new("\\frac{1}{2}", (2, 2)), new("0.5", (2, 2)), new("3", (3, 0)), new(" ", (1, 0)), new("1/2", (1, 1))];
        foreach (var order in new[] { written, [.. written.Reverse()] })
        {
            var answers = AnswerClasses.Of(order, unanswered: 1);
            Assert.Equal([new AnswerClass("0.5", 5, 5), new AnswerClass("3", 3, 0)], answers.Classes);
            Assert.Equal(2, answers.Unanswered);
            Assert.Equal(-(0.5 * Math.Log(0.5) + 0.3 * Math.Log(0.3) + 0.2 * Math.Log(0.2)), answers.Entropy, 1e-14);
        }
    }

    private static double MeanOverSubsets(int[] sizes, bool[] right, int n, int k)
    {
        var labels = sizes.SelectMany((size, i) => Enumerable.Repeat(i, size)).ToArray();
        double sum = 0, subsets = 0;
        for (var subset = 0; subset < 1 << n; subset++)
        {
            if (int.PopCount(subset) != k) { continue; }
            subsets++;
            var votes = new int[sizes.Length];
            for (var i = 0; i < labels.Length; i++) { votes[labels[i]] += (subset >> i) & 1; }
            var most = votes.Max();
            if (most > 0) { sum += votes.Select((vote, i) => (vote, i)).Where(one => one.vote == most).Average(one => right[one.i] ? 1.0 : 0); }
        }
        return sum / subsets;
    }
}
