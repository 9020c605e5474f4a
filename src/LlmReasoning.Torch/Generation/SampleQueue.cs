using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Generation;

/// <summary>Hands out samples in order to several workers.</summary>
internal sealed class SampleQueue(IReadOnlyList<GenerationRequest> requests, CausalLM model, SamplingSettings settings)
{
    private readonly Lock _lock = new();
    private int _request, _sample;
    private PrefilledPrompt? _prompt;

    /// <summary>The next sample, or false when all are handed out. The caller takes the prompt's share: <see cref="PrefilledPrompt.Release"/>.</summary>
    public bool TryTake(out PrefilledPrompt prompt, out int sampleIndex)
    {
        lock (_lock)
        {
            while (_request < requests.Count && _sample == requests[_request].SampleIndexes.Count)
            {
                (_request, _sample, _prompt) = (_request + 1, 0, null);
            }
            if (_request == requests.Count)
            {
                (prompt, sampleIndex) = (null!, 0);
                return false;
            }
            prompt = _prompt ??= new(requests[_request], model, settings);
            sampleIndex = requests[_request].SampleIndexes[_sample++];
            return true;
        }
    }
}

/// <summary>A prompt run through the model once, for all its samples.</summary>
#pragma warning disable CA1001 // the cache is freed when the last share is given back
internal sealed class PrefilledPrompt(GenerationRequest request, CausalLM model, SamplingSettings settings)
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private readonly ulong _key = CounterRandom.Key(request.ProblemId);
    private KvCache? _cache;
    private Tensor? _logits;                        // [1, V]; where every draw reads them
    private float[] _logProbs = [], _cumulative = [];
    private int _greedy;
    private int _sharesLeft = request.SampleIndexes.Count;

    public GenerationRequest Request => request;

    public int Length => request.PromptIds.Count;

    /// <summary>One row: the prompt's keys and values.</summary>
    public KvCache Cache => _cache!;

    /// <summary>Runs the prompt through the model unless another worker has.</summary>
    public void EnsureReady()
    {
        lock (_lock)
        {
            if (_cache is null && _sharesLeft > 0) { Prefill(); }
        }
    }

    /// <summary>A number in [0, 1) for the token at <paramref name="position"/> of a completion.</summary>
    public double Uniform(int sampleIndex, int position) => CounterRandom.Uniform(settings.Seed, _key, sampleIndex, position);

    /// <summary>The first token of a sample and its log-probability.</summary>
    public (int Id, float LogProb) First(int sampleIndex)
    {
        if (_logits is not null)
        {
            var (ids, logProbs) = Sampler.Draw(_logits, settings, [Uniform(sampleIndex, 0)], previousIds: null);
            return (ids[0], logProbs[0]);
        }
        var id = settings.Temperature == 0 ? _greedy : Sampler.Find(_cumulative, Uniform(sampleIndex, 0));
        return (id, _logProbs[id]);
    }

    /// <summary>Gives back the share of <paramref name="count"/> samples; after the last the cache is freed.</summary>
    public void Release(int count)
    {
        lock (_lock)
        {
            _sharesLeft -= count;
            if (_sharesLeft > 0) { return; }
            _cache?.Dispose();
            _logits?.Dispose();
            (_cache, _logits) = (null, null);
        }
    }

    // A prompt of its own, unpadded: what it computes cannot depend on which prompts happen to stand beside it.
    private void Prefill()
    {
        using var scope = NewDisposeScope();
        _cache = new(model.Config, rows: 1, Length, model.SamplingType, model.Device);
        _cache.Prepare(Arithmetic.Range(Length, model.Device), rowsInUse: 1, visible: Length);
        var ids = tensor(request.PromptIds.Select(id => (long)id).ToArray(), device: model.Device).unsqueeze(0);
        var hidden = model.Prefill(ids, _cache);
        var logits = model.Logits(hidden.narrow(1, Length - 1, 1).squeeze(1));
        if (PlainDraw.Supports(settings, model.Device))
        {
            _logits = logits.DetachFromDisposeScope();
            return;
        }
        var (processed, logProbs, cumulative) = Sampler.Distribution(logits, settings, settings.RepetitionPenalty == 1 ? null : [request.PromptIds]);
        _greedy = (int)processed.argmax(-1).item<long>();
        _logProbs = [.. logProbs.cpu().data<float>()];
        _cumulative = cumulative is null ? [] : [.. cumulative.cpu().data<float>()];
    }
}
