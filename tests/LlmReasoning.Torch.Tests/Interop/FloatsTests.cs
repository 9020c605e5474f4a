using LlmReasoning.Torch.Interop;
using static TorchSharp.torch.nn.functional;

namespace LlmReasoning.Torch.Tests.Interop;

public sealed class FloatsTests
{
    [Theory]
    [InlineData(1, 32, 48, false)]
    [InlineData(7, 33, 5, true)]
    [InlineData(300, 64, 129, true)]
    [InlineData(512, 128, 448, false)]
    public void AProductHasTheBitsOfLibtorchs(long rows, long inputs, long outputs, bool hasBias)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (x, weight) = (randn(rows, inputs), randn(outputs, inputs));
        var bias = hasBias ? randn(outputs) : null;
        Assert.True(Floats.Support(x, weight));
        Assert.True(Floats.Product(x, weight, bias).bytes.SequenceEqual(linear(x, weight, bias).bytes));
    }

    [Fact]
    public void WhatWasInTheMemoryDoesNotReachAProduct()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        for (var i = 0; i < 10; i++) { Floats.Unset(64, 64).fill_(float.NaN).Dispose(); }
        Assert.True(Floats.Product(ones(64, 8), ones(64, 8)).allclose(full([64, 64], 8f)));
    }

    [Fact]
    public unsafe void NumbersStandOnWholeVectors()
    {
        using var scope = NewDisposeScope();
        for (var count = 0; count < 40; count++)
        {
            var unset = Floats.Unset(count, 3);
            Assert.Equal([count, 3], unset.shape);
            Assert.Equal(0, (nint)Aten.Data<float>(unset) % 64);
        }
    }
}
