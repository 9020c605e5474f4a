using LlmReasoning.Evaluation;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

/// <summary>Examples that a model samples while it is trained, or its teacher: functions of the weights, the seed and the step, so that a resumed run draws the same.</summary>
public sealed class SampledExamples
{
    private readonly CausalLM _model;
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<IReadOnlyList<int>> _prompts;
    private readonly IReadOnlyCollection<int> _stopIds;
    private readonly DistillConfig _config;
    private readonly string _stream;
    private readonly DataOrder _order;

    /// <param name="model">As its weights are when a step is drawn.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="prompts">At least one.</param>
    /// <param name="stopIds">Any of these ends a sample, and is trained.</param>
    /// <param name="config">How to sample.</param>
    /// <param name="stream">Keys the random numbers, such as "student".</param>
    public SampledExamples(CausalLM model, Tokenizer tokenizer, IReadOnlyList<IReadOnlyList<int>> prompts, IReadOnlyCollection<int> stopIds, DistillConfig config, string stream)
    {
        (_model, _tokenizer, _prompts, _stopIds, _config, _stream) = (model, tokenizer, prompts, stopIds, config, stream);
        _order = new(prompts.Count, config.Seed, config.ShuffleDataset);
    }

    /// <summary>Prompts of an epoch.</summary>
    public int Count => _prompts.Count;

    /// <summary>One sample of each of the step's prompts. One that was cut at the limit has no stop token.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="count">Samples.</param>
    public IReadOnlyList<SftExample> Draw(int step, int count, CancellationToken cancellation)
    {
        var settings = new SamplingSettings
        {
            Temperature = _config.Temperature,
            TopP = _config.TopP,
            TopK = _config.TopK,
            MinP = _config.MinP,
            MaxNewTokens = _config.MaxCompletionLength,
            Seed = (long)new SplitMix64(_config.Seed, _stream, step).Next(),
        };
        // The place in the step keys a sample: a prompt that comes twice gets two.
        var requests = _order.Take(step - 1, count).Select((prompt, place) => new GenerationRequest($"{place}", _prompts[prompt], [0])).ToList();
        var completions = new Dictionary<string, Completion>(count);
        new Generator(_model, _tokenizer, settings, _stopIds).Run(requests, completion => completions[completion.Request.ProblemId] = completion, cancellation);
        return [.. requests.Select(request => SftExample.Of(request.PromptIds, completions[request.ProblemId].Ids))];
    }
}
