using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Torch.Tests.Rlvr;

public sealed class PassAtKTrainingTests
{
    private const double Tolerance = 1e-12;

    [Fact]
    public void AdvantagesAreThoseOfEveryGroupOfKAveragedOverTheRowsMemberships()
    {
        using var scope = NewDisposeScope();
        for (var right = 1; right < 5; right++)
        {
            for (var k = 1; k <= 5; k++)
            {
                var correct = Correct(right, group: 5);
                var groups = Subsets(5, k).ToList();
                var rewards = groups.Select(group => group.Any(row => row < right) ? 1.0 : 0.0).ToArray();
                var mean = rewards.Average();
                var deviation = Math.Sqrt(rewards.Average(reward => (reward - mean) * (reward - mean)));
                double Expected(int row) => deviation < 1e-9 ? 0
                    : groups.Zip(rewards).Where(pair => pair.First.Contains(row)).Average(pair => (pair.Second - mean) / deviation);
                var actual = PassAtKTraining.Advantages(correct, k).data<double>().ToArray();
                for (var row = 0; row < 5; row++) { Assert.Equal(Expected(row), actual[row], Tolerance); }
            }
        }
    }

    [Fact]
    public void RewardsAreTheMeanOverGroupsOfKOfWhetherTheRowsGroupHoldsARightOne()
    {
        using var scope = NewDisposeScope();
        for (var right = 0; right <= 4; right++)
        {
            for (var k = 1; k <= 4; k++)
            {
                var groups = Subsets(4, k).ToList();
                var actual = PassAtKTraining.Rewards(Correct(right, group: 4), k).data<double>().ToArray();
                for (var row = 0; row < 4; row++)
                {
                    var expected = groups.Where(group => group.Contains(row)).Sum(group => group.Any(member => member < right) ? 1.0 : 0.0) / groups.Count;
                    Assert.Equal(expected, actual[row], Tolerance);
                }
            }
        }
    }

    [Fact]
    public void GroupsAllRightOrAllWrongGiveNoAdvantage()
    {
        using var scope = NewDisposeScope();
        var correct = cat([Correct(0, 4), Correct(4, 4)], 0);
        Assert.Equal(0, PassAtKTraining.Advantages(correct, 2).abs().max().item<double>());
    }

    [Fact]
    public void KBeyondTheGroupIsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => PassAtKTraining.Rewards(Correct(1, 4), 5));

    private static Tensor Correct(int right, int group) => arange(group).unsqueeze(0) < right;

    private static IEnumerable<int[]> Subsets(int n, int k) => Enumerable.Range(0, 1 << n)
        .Where(bits => int.PopCount(bits) == k)
        .Select(bits => Enumerable.Range(0, n).Where(row => (bits >> row & 1) == 1).ToArray());
}
