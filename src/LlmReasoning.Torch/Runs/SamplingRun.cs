using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;
using SamplingSettings = LlmReasoning.Torch.Generation.SamplingSettings;
using SharedSettings = LlmReasoning.Evaluation.Samples.SamplingSettings;

namespace LlmReasoning.Torch.Runs;

/// <summary>A prompt as the model reads it.</summary>
/// <param name="Id">The problem's id.</param>
/// <param name="Text">With its template.</param>
public sealed record Prompt(string Id, string Text);

/// <summary>What is done so far.</summary>
/// <param name="Samples">Lines of samples.jsonl, those of an earlier run included.</param>
/// <param name="Total">Lines when all is done.</param>
/// <param name="Tokens">Tokens sampled by this run.</param>
public readonly record struct SamplingProgress(long Samples, long Total, long Tokens);

/// <summary>Draws n completions of every prompt into samples.jsonl: appended as they end, resumed where they stopped, put in order at the end.</summary>
public sealed record SamplingRun
{
    /// <summary>Samples a prompt at most: what is left to do is held in memory.</summary>
    public const int MostSamples = 100_000;

    public required CausalLM Model { get; init; }

    /// <summary>As the user named the model.</summary>
    public required string ModelId { get; init; }

    public required Tokenizer Tokenizer { get; init; }

    public required IReadOnlyList<Prompt> Prompts { get; init; }

    public required string TemplateId { get; init; }

    public required SamplingSettings Settings { get; init; }

    /// <summary>Beside those of the model's generation_config.json.</summary>
    public IReadOnlyList<string> StopTokens { get; init; } = [];

    /// <summary>Samples a prompt.</summary>
    public required int N { get; init; }

    /// <summary>Ids and log-probabilities go into each line.</summary>
    public bool SaveTokens { get; init; }

    /// <summary>See <see cref="Generator"/>.</summary>
    public int? BatchSize { get; init; }

    /// <summary>See <see cref="Generator"/>.</summary>
    public int? Threads { get; init; }

    /// <summary>What all lines of the file have in common.</summary>
    public static SharedSettings SharedSettingsOf(string modelId, string templateId, SamplingSettings settings) => new()
    {
        ModelId = modelId,
        TemplateId = templateId,
        Seed = settings.Seed,
        Temperature = settings.Temperature,
        TopP = settings.TopP,
        TopK = settings.TopK,
        MinP = settings.MinP,
        RepetitionPenalty = settings.RepetitionPenalty,
        StopStrings = settings.StopStrings.Count == 0 ? null : settings.StopStrings,
        MaxNewTokens = settings.MaxNewTokens,
    };

    /// <summary>Whether the file holds every sample already, so that no model is needed.</summary>
    /// <exception cref="UserException">The file holds samples of other settings or problems, or is faulty.</exception>
    public static bool IsComplete(string samplesPath, SharedSettings shared, IReadOnlyList<Prompt> prompts, int n)
    {
        var existing = Existing(samplesPath, shared, prompts);
        return prompts.All(prompt => Enumerable.Range(0, n).All(index => existing.Contains(prompt.Id, index)));
    }

    /// <summary>Samples what the file lacks.</summary>
    /// <param name="samplesPath">samples.jsonl.</param>
    /// <param name="modelFolder">Where the model's generation_config.json stands.</param>
    /// <param name="warn">Takes what the user should know before it starts.</param>
    /// <param name="report">Called once before the first sample, when everything has been checked, and after each sample.</param>
    /// <param name="cancellation">Samples that have ended by then are in the file.</param>
    /// <exception cref="UserException">Settings that contradict each other, the model or the file.</exception>
    public void Run(string samplesPath, string modelFolder, Action<string> warn, Action<SamplingProgress> report, CancellationToken cancellation)
    {
        if (N is < 1 or > MostSamples) { throw new UserException($"n is {N}; it must be from 1 to {MostSamples}"); }
        if (N > 1 && Settings.Temperature == 0) { throw new UserException($"temperature is 0 with n = {N}; greedy samples are all the same: use n = 1 or a temperature above 0"); }
        var stopIds = StopIds(modelFolder);
        if (stopIds.Count == 0) { warn("the model names no stop token (eos_token_id): every completion runs to the limit"); }
        var generator = new Generator(Model, Tokenizer, Settings, stopIds, BatchSize, Threads);
        var shared = SharedSettingsOf(ModelId, TemplateId, Settings);
        var requests = Requests(Existing(samplesPath, shared, Prompts));
        generator.Check(requests);
        WarnOfShortRoom(generator, requests, warn);

        var progress = new SamplingProgress((long)N * Prompts.Count - requests.Sum(request => request.SampleIndexes.Count), (long)N * Prompts.Count, 0);
        report(progress);
        using (var writer = new SampleWriter(samplesPath))
        {
            generator.Run(
                requests,
                completion =>
                {
                    writer.Append(ToSample(completion, shared));
                    progress = progress with { Samples = progress.Samples + 1, Tokens = progress.Tokens + completion.Ids.Count };
                    report(progress);
                },
                cancellation);
        }
        SampleFile.Sort(samplesPath, Prompts.Select(prompt => prompt.Id));
    }

    // Samples of other problems would be found at the end, by the sort, after all the work.
    private static SampleKeys Existing(string samplesPath, SharedSettings shared, IReadOnlyList<Prompt> prompts)
    {
        var existing = SampleFile.Resume(samplesPath, shared);
        var asked = prompts.Select(prompt => prompt.Id).ToHashSet(StringComparer.Ordinal);
        if (existing.ProblemIds.FirstOrDefault(id => !asked.Contains(id)) is { } other)
        {
            throw new UserException($"{samplesPath}: it holds samples of problem \"{other}\", which is not among those asked for; name the same problems, or another output folder");
        }
        return existing;
    }

    private HashSet<int> StopIds(string modelFolder)
    {
        HashSet<int> ids = [.. GenerationDefaults.Read(modelFolder, Model.Config).EosTokenIds];
        ids.UnionWith(StopTokens.Select(Tokenizer.IdOf).OfType<int>());
        return ids;
    }

    private List<GenerationRequest> Requests(SampleKeys existing) =>
        [.. Prompts.Select(prompt => new GenerationRequest(
            prompt.Id,
            Tokenizer.Encode(prompt.Text),
            [.. Enumerable.Range(0, N).Where(index => !existing.Contains(prompt.Id, index))]))];

    private void WarnOfShortRoom(Generator generator, List<GenerationRequest> requests, Action<string> warn)
    {
        var tight = requests.Where(request => generator.Limit(request.PromptIds.Count) < Settings.MaxNewTokens).ToList();
        if (tight.Count == 0) { return; }
        warn($"{tight.Count} of {requests.Count} prompts leave room for fewer than {Settings.MaxNewTokens} new tokens in the model's context of "
            + $"{Model.Config.MaxPositionEmbeddings}; the least is {generator.Limit(tight.Max(request => request.PromptIds.Count))}");
    }

    private Sample ToSample(Completion completion, SharedSettings shared) =>
        SampleOf(completion, shared, $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(ModelId))}-{TemplateId}-s{Settings.Seed}", SaveTokens);

    /// <summary>The line of samples.jsonl.</summary>
    /// <param name="runId">See <see cref="Sample.RunId"/>.</param>
    /// <param name="saveTokens">With ids and log-probabilities.</param>
    internal static Sample SampleOf(Completion completion, SharedSettings shared, string runId, bool saveTokens = false) => new()
    {
        RunId = runId,
        ModelId = shared.ModelId,
        ProblemId = completion.Request.ProblemId,
        SampleIdx = completion.SampleIndex,
        Seed = shared.Seed,
        TemplateId = shared.TemplateId,
        Temperature = shared.Temperature,
        TopP = shared.TopP,
        TopK = shared.TopK,
        MinP = shared.MinP == 0 ? null : shared.MinP,
        RepetitionPenalty = shared.RepetitionPenalty == 1 ? null : shared.RepetitionPenalty,
        StopStrings = shared.StopStrings,
        MaxNewTokens = shared.MaxNewTokens,
        PromptTokens = completion.Request.PromptIds.Count,
        CompletionTokens = completion.TokenCount,
        CompletionChars = completion.Text.Length,
        FinishReason = completion.FinishReason.ToString().ToLowerInvariant(),
        Text = completion.Text,
        TokenLogprobSum = completion.LogProbs.Sum(value => (double)value),
        PromptIds = saveTokens ? completion.Request.PromptIds : null,
        CompletionIds = saveTokens ? completion.Ids : null,
        CompletionLogprobs = saveTokens ? completion.LogProbs : null,
    };
}
