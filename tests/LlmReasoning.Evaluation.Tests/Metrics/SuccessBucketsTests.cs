using System.Text.Json;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Tests.Metrics;

public sealed class SuccessBucketsTests
{
    [Fact, Trait("Category", "Golden")]
    public void PresetsAreThePapers()
    {
        foreach (var preset in JsonDocument.Parse(File.ReadAllBytes(Golden.Files("evaluation", "kim2505.json")[0])).RootElement.GetProperty("buckets").EnumerateObject())
        {
            var expected = preset.Value.EnumerateArray().Select(range => (range[0].GetInt32(), range[1].GetInt32())).ToArray();
            Assert.Equal(expected, SuccessBuckets.Parse(preset.Name, expected[^1].Item2).Ranges);
        }
    }

    [Theory]
    [InlineData("kim6", 256, "0 1-4 5-16 17-64 65-128 129-256", 0)]
    [InlineData("kim6", 64, "0 1 2-4 5-16 17-32 33-64", 0)]
    [InlineData("kim6", 16, "0 1 2-4 5-8 9-16", 1)]
    [InlineData("kim4", 8, "0-2 3-4 5-6 7-8", 0)]
    [InlineData("kim6", 1, "0 1", 4)]
    [InlineData("0,4,16", 20, "0 1-4 5-16 17-20", 0)]
    [InlineData("5,20", 20, "0-5 6-20", 0)]
    public void PresetsScaleByFractionAndEdgesAreTakenAsGiven(string text, int n, string labels, int dropped)
    {
        var buckets = SuccessBuckets.Parse(text, n);
        Assert.Equal(labels, string.Join(' ', buckets.Labels));
        Assert.Equal(dropped, buckets.Dropped);
        for (var c = 0; c <= n; c++)
        {
            var (lowest, highest) = buckets.Ranges[buckets.IndexOf(c)];
            Assert.InRange(c, lowest, highest);
        }
    }

    [Theory]
    [InlineData("kim5")]
    [InlineData("")]
    [InlineData("4,4")]
    [InlineData("0,17")]
    [InlineData("-1,4")]
    public void OtherNamesAreRefusedWithTheKnownOnes(string text) =>
        Assert.Contains("use kim4, kim6, kim8, kim_entropy or", Assert.Throws<UserException>(() => SuccessBuckets.Parse(text, 16)).Message);
}
