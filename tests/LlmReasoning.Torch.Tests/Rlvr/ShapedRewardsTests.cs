using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Torch.Tests.Rlvr;

public sealed class ShapedRewardsTests
{
    [Fact]
    [Trait("Category", "Golden")]
    public void TheSoftOverlongPunishmentAndTheRepetitionPenaltyEqualTheReference()
    {
        var golden = Golden.Json(Path.Combine(Golden.Folder("objectives"), "trl_golden.json"));
        foreach (var table in golden.EnumerateObject().Where(entry => entry.Name.StartsWith("soft_overlong_", StringComparison.Ordinal)))
        {
            var sizes = table.Name.Split('_')[^2..].Select(int.Parse).ToArray();
            foreach (var row in table.Value.EnumerateObject())
            {
                Assert.Equal(row.Value.GetDouble(), ShapedRewards.SoftOverlong(int.Parse(row.Name), sizes[0], sizes[1]), 1e-12);
            }
        }
        foreach (var row in golden.GetProperty("repetition").EnumerateArray())
        {
            int[] ids = [.. row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(row.GetProperty("reward").GetDouble(), ShapedRewards.Repetition(ids, row.GetProperty("n").GetInt32()), 1e-12);
        }
    }

    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(true, 50, 0.75)]
    [InlineData(true, 100, 0.5)]
    [InlineData(true, 200, 0.5)]
    [InlineData(false, 0, -1)]
    [InlineData(false, 50, -0.75)]
    [InlineData(false, 200, -0.5)]
    public void TheCosineRewardPrefersShortRightAndLongWrongAnswers(bool isCorrect, int length, double expected) =>
        Assert.Equal(expected, ShapedRewards.Cosine(isCorrect, length, 100), 1e-12);
}
