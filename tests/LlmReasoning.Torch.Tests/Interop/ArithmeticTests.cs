using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Tests.Interop;

public sealed class ArithmeticTests
{
    [Fact]
    public void EachIsWhatItSays()
    {
        using var scope = NewDisposeScope();
        var x = tensor([-2f, 0, 4]);
        Assert.Equal([-1f, 2, 7], Floats(x.Plus(tensor([1f, 2, 3]))));
        Assert.Equal([-1.5f, 0.5f, 4.5f], Floats(x.Plus(0.5)));
        Assert.Equal([-4f, 0, 8], Floats(x.Times(2)));
        Assert.Equal([-1f, 0, 2], Floats(x.Over(2)));
        Assert.Equal([-2f, 9, 4], Floats(x.Filled(tensor([false, true, false]), 9)));
        Assert.Equal([true, false, false], Bools(x.IsNegative()));
        Assert.Equal([false, false, true], Bools(x.IsPositive()));
        Assert.Equal([true, false, true], Bools(x.IsNonzero()));
        Assert.Equal([false, true, true], Bools(x.IsAtLeast(0)));
        Assert.Equal([-2.5f, -0.5f, 3.5f], Floats(x.Minus(0.5)));
        Assert.Equal([0f, 0, 4], Floats(x.AtLeast(0)));
        Assert.Equal([-2f, 0, 1], Floats(x.AtMost(1)));
        Assert.Equal([-1f, 0, 1], Floats(x.Within(-1, 1)));
        Assert.Equal([false, true, false], Bools(x.IsZero()));
        Assert.Equal([true, false, false], Bools(x.IsBelow(0)));
        Assert.Equal([false, false, true], Bools(x.IsAbove(0)));
        Assert.Equal([true, true, false], Bools(x.IsAtMost(0)));
        Assert.Equal([0L, 1, 2, 3], Arithmetic.Range(4, CPU).data<long>().ToArray());
        Assert.Equal([-1L, 0, 1], Arithmetic.Range(3, CPU).Minus(1).data<long>().ToArray());
        Assert.Equal([3f, 1, -3], Floats(x.OneMinus()));
        Assert.Equal([5f, 5, 5], Floats(x.FullLike(5)));
        Assert.Equal([0L, 1, 2, 0], Arithmetic.Range(4, CPU).Modulo(3).data<long>().ToArray());
        Assert.Equal([true, false, true], Bools(Arithmetic.Range(3, CPU).DiffersFrom(1)));
        Assert.Equal([1f, 0, 13], Floats(tensor([-1f, 0, 1]).PlusProductInPlace(x, tensor([-1f, 2, 3]))));
        Assert.Equal([3f, 0, 5], Floats(zeros(3, 1).PlusRowsInPlace(tensor([0L, 2, 0]), tensor([1f, 5, 2], 3, 1))));
        x.PlusInPlace(2).PlusInPlace(ones(3)).TimesInPlace(3).OverInPlace(2);
        Assert.Equal([1.5f, 4.5f, 10.5f], Floats(x));
    }

    /// <summary>TorchSharp's own operators fail here about once in thirty collections.</summary>
    [Fact]
    public async Task ACollectionDoesNotTakeANumberThatLibtorchIsReading()
    {
        const int collections = 300;
        using var done = new CancellationTokenSource();
        var work = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            using var x = ones(8, 96);
            while (!done.IsCancellationRequested)
            {
                using var scope = NewDisposeScope();
                Assert.Equal(1, x.Plus(x).Times(0.25).Plus(0.5)[3, 5].item<float>());
            }
        })).ToArray();
        for (var i = 0; i < collections && !work.Any(task => task.IsCompleted); i++)
        {
            GC.Collect(0);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        await done.CancelAsync();
        await Task.WhenAll(work);
    }

    private static float[] Floats(Tensor tensor) => tensor.data<float>().ToArray();

    private static bool[] Bools(Tensor tensor) => tensor.data<bool>().ToArray();
}
