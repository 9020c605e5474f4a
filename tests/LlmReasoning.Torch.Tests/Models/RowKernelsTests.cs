using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Tests.Models;

public sealed class RowKernelsTests
{
    [Theory]
    [InlineData(1, 16)]
    [InlineData(7, 96)]
    [InlineData(300, 576)]
    public void TheNormEqualsItsFormulaInFloat64To1e6OfItsSize(int rows, int size)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var x = randn([rows, size], generator: new torch.Generator(1)) * 3;
        var weight = randn([size], generator: new torch.Generator(2));
        Assert.True(RowKernels.Support(x, size));
        var wide = x.to_type(ScalarType.Float64);
        var expected = wide / (wide.square().mean([-1], keepdim: true) + 1e-6).sqrt() * weight;
        AssertClose(expected, RowKernels.RmsNorm(x, weight, 1e-6));
    }

    [Theory]
    [InlineData(1, 16)]
    [InlineData(50, 1536)]
    public void TheGateEqualsItsFormulaInFloat64To1e6OfItsSize(int rows, int size)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var gateUp = randn([rows, 1, 2 * size], generator: new torch.Generator(3)) * 2;
        var wide = gateUp.to_type(ScalarType.Float64);
        var gate = wide.narrow(-1, 0, size);
        var expected = gate * gate.sigmoid() * wide.narrow(-1, size, size);
        AssertClose(expected, RowKernels.SiluGate(gateUp, size));
    }

    [Fact]
    public void WithGradientsLibtorchsOperatorsAreTaken()
    {
        using var scope = NewDisposeScope();
        Assert.False(RowKernels.Support(ones(2, 16), 16));
        using var noGrad = no_grad();
        Assert.False(RowKernels.Support(ones(2, 12), 12));
        Assert.False(RowKernels.Support(ones(16, 2).t(), 16));
    }

    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.True(((actual - expected).abs() / (1 + expected.abs())).max().item<double>() < 1e-6);
}
