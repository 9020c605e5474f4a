using CsCheck;
using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Evaluation.Tests.Problems;

public sealed class ShardTests
{
    [Fact]
    public void TheShardsOfASetAreTheSet() => Gen.Select(Gen.Int[1, 20], Gen.Int[0, 100]).Sample((count, more) =>
    {
        int[] problems = [.. Enumerable.Range(0, count + more)];
        int[][] shards = [.. Enumerable.Range(1, count).Select(index => Shard.Parse($"{index}/{count}").Of(problems).ToArray())];
        Assert.Equal(problems, shards.SelectMany(shard => shard).Order());
        Assert.InRange(shards.Max(shard => shard.Length) - shards.Min(shard => shard.Length), 0, 1);
    });

    [Theory]
    [InlineData("0/4")]
    [InlineData("5/4")]
    [InlineData("3")]
    [InlineData("a/b")]
    [InlineData("-1/4")]
    [InlineData("1/4/2")]
    public void WhatIsNoShardIsRefused(string text) => Assert.StartsWith($"shard is \"{text}\"", Assert.Throws<UserException>(() => Shard.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void AnEmptyShardIsRefused() =>
        Assert.Equal("shard is 4/4, but there are 3 problems; use at most 3 parts", Assert.Throws<UserException>(() => Shard.Parse("4/4").Of([1, 2, 3])).Message);
}
