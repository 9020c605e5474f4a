using LlmReasoning.Evaluation;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

/// <summary>What is sampled to train on.</summary>
/// <param name="Id">Unique; keys the random numbers.</param>
/// <param name="Ids">At least one.</param>
public sealed record SamplePrompt(string Id, IReadOnlyList<int> Ids);

/// <summary>Completions that a model samples while it is trained, or its teacher: functions of the weights, the seed and the step, so that a resumed run draws the same.</summary>
public sealed class SampledExamples
{
    private readonly CausalLM _model;
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<SamplePrompt> _prompts;
    private readonly IReadOnlyCollection<int> _stopIds;
    private readonly DistillConfig _config;
    private readonly string _stream;
    private readonly DataOrder _order;

    /// <param name="model">As its weights are when a step is drawn.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="prompts">At least one.</param>
    /// <param name="stopIds">Any of these ends a sample, and is trained.</param>
    /// <param name="config">How to sample.</param>
    /// <param name="stream">Keys the random numbers too, such as "student".</param>
    public SampledExamples(CausalLM model, Tokenizer tokenizer, IReadOnlyList<SamplePrompt> prompts, IReadOnlyCollection<int> stopIds, DistillConfig config, string stream)
    {
        (_model, _tokenizer, _prompts, _stopIds, _config, _stream) = (model, tokenizer, prompts, stopIds, config, stream);
        _order = new(prompts.Count, config.Seed, config.ShuffleDataset);
    }

    /// <summary>Prompts of an epoch.</summary>
    public int Count => _prompts.Count;

    /// <summary>One completion of each of the step's prompts. One that was cut at the limit has no stop token.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="count">Completions.</param>
    public IReadOnlyList<Completion> Draw(int step, int count, CancellationToken cancellation)
    {
        var settings = _config.Sampling((long)new SplitMix64(_config.Seed, _stream, step).Next());
        // A prompt that comes twice in a step gets two samples.
        var seen = new Dictionary<int, int>();
        var requests = new List<GenerationRequest>(count);
        foreach (var prompt in _order.Take(step - 1, count))
        {
            requests.Add(new(_prompts[prompt].Id, _prompts[prompt].Ids, [seen.GetValueOrDefault(prompt)]));
            seen[prompt] = seen.GetValueOrDefault(prompt) + 1;
        }
        var completions = new Dictionary<GenerationRequest, Completion>(ReferenceEqualityComparer.Instance);
        new Generator(_model, _tokenizer, settings, _stopIds).Run(requests, completion => completions[completion.Request] = completion, cancellation);
        return [.. requests.Select(request => completions[request])];
    }

    /// <summary>Writes a step's completions as samples.jsonl.</summary>
    public void Write(TrainingRun run, int step, IReadOnlyList<Completion> completions)
    {
        var modelId = _stream == "teacher" ? _config.TeacherModelNameOrPath! : _config.ModelNameOrPath!;
        run.WriteSamples(step, SamplingRun.SharedSettingsOf(modelId, _config.Template, _config.Sampling(_config.Seed)), completions);
    }
}
