using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Tests.Models;

public sealed class DecodeAttentionTests
{
    [Theory]
    [InlineData(3, 1, 32, 96, null)]
    [InlineData(9, 3, 64, 50, null)]
    [InlineData(4, 4, 128, 33, null)]
    [InlineData(8, 2, 96, 100, 7)]
    public void TheKernelEqualsSoftmaxAttentionInFloat64To2e6(int heads, int kvHeads, int size, int columns, int? window)
    {
        using var scope = NewDisposeScope();
        int[] lengths = [1, 2, 15, 16, 17, columns];
        var q = randn([lengths.Length, 1, heads, size], generator: new torch.Generator(1));
        var keys = randn([lengths.Length, columns, kvHeads, size], generator: new torch.Generator(2)) * 2;
        var values = randn([lengths.Length, columns, kvHeads, size], generator: new torch.Generator(3));
        var actual = DecodeAttention.Attend(q, keys, values, lengths, window);
        for (var row = 0; row < lengths.Length; row++)
        {
            var first = Math.Max(0, lengths[row] - (window ?? int.MaxValue));
            var k = Seen(keys, row, first, lengths[row]).repeat_interleave(heads / kvHeads, 0);       // [H, n, d]
            var v = Seen(values, row, first, lengths[row]).repeat_interleave(heads / kvHeads, 0);
            var weights = bmm(q[row, 0].to_type(ScalarType.Float64).unsqueeze(1), k.transpose(1, 2)).div(Math.Sqrt(size)).softmax(-1);
            var expected = bmm(weights, v).view(-1);
            Assert.True((actual[row, 0] - expected).abs().max().item<double>() < 2e-6, $"row {row}");
        }
    }

    [Fact]
    public void ARowDoesNotDependOnWhatLiesBeyondItsLength()
    {
        using var scope = NewDisposeScope();
        var (q, keys, values) = (randn(1, 1, 2, 32), randn(1, 40, 1, 32), randn(1, 40, 1, 32));
        var before = DecodeAttention.Attend(q, keys, values, [20], window: null);
        keys.narrow(1, 20, 20).fill_(double.NaN);
        values.narrow(1, 20, 20).fill_(double.NaN);
        Assert.True(before.eq(DecodeAttention.Attend(q, keys, values, [20], window: null)).all().item<bool>());
    }

    private static Tensor Seen(Tensor entries, int row, int first, int end) =>
        entries[row].narrow(0, first, end - first).transpose(0, 1).to_type(ScalarType.Float64);
}
