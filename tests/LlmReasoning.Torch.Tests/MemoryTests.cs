using LlmReasoning.Evaluation.Problems.Synthetic;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests;

/// <summary>Counts all living tensors of the process, so no other test may run beside it.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
[Collection("alone")]
public sealed class MemoryTests : IDisposable
{
    private static readonly string s_folder = ModelFolder.Resolve(ModelFolder.Embedded);

    private readonly CausalLM _model = CausalLM.Load(s_folder);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void SamplingLeavesNoTensorsBehind()
    {
        var tokenizer = Tokenizer.Load(s_folder);
        List<GenerationRequest> requests = [.. SyntheticProblems.Set(0, "test", 3)
            .Select(problem => new GenerationRequest(problem.Id, tokenizer.Encode(problem.Text + "\n"), [.. Enumerable.Range(0, 16)]))];
        var settings = new SamplingSettings { MaxNewTokens = 40, TopP = 0.9 };
        AssertNothingStays(() => new Generator(_model, tokenizer, settings, _model.Config.EosTokenIds, batchSize: 16).Run(requests, _ => { }));
    }

    [Fact]
    public void ForwardAndBackwardPassesLeaveNoTensorsBehind() => AssertNothingStays(() =>
    {
        using var scope = NewDisposeScope();
        var ids = arange(40).unsqueeze(0);
        _model.forward(ids).log_softmax(-1).mean().backward();
        foreach (var weight in _model.Weights().Values) { weight.grad!.zero_(); }
    });

    private static void AssertNothingStays(Action act)
    {
        act();                                      // gradients and tables of rotations are made once
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 5; i++) { act(); }
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(Tensor.TotalCount <= before, $"{Tensor.TotalCount - before} tensors more than before");
    }
}
