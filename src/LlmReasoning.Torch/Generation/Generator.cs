using System.Runtime.ExceptionServices;
using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Generation;

/// <summary>Samples completions with a shared prefill, refilled rows and random numbers keyed by what is sampled.</summary>
/// <remarks>
/// A completion depends on the model, the settings, its problem id, prompt and sample index: not on batch size, order, neighbours or threads
/// (float32 on a CPU; elsewhere as far as the device's kernels allow).
/// </remarks>
public sealed class Generator
{
    private readonly CausalLM _model;
    private readonly Tokenizer _tokenizer;
    private readonly SamplingSettings _settings;
    private readonly HashSet<int> _stopIds;
    private readonly int? _batchSize;
    private readonly int _threads;
    private readonly long _cacheBytes;

    /// <summary>A generator over the model's weights as they are at each <see cref="Run"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="settings">Checked here.</param>
    /// <param name="stopIds">Any of these ends a completion.</param>
    /// <param name="batchSize">Rows in flight over all workers; null = 256, or what the cache's budget holds if that is less.</param>
    /// <param name="threads">Null = as many as the machine has processors.</param>
    /// <param name="cacheBytes">Budget for keys and values; null = half of the available memory.</param>
    public Generator(CausalLM model, Tokenizer tokenizer, SamplingSettings settings, IEnumerable<int> stopIds, int? batchSize = null, int? threads = null, long? cacheBytes = null)
    {
        settings.Validate();
        if (batchSize < 1) { throw new UserException($"batch_size is {batchSize}; it must be at least 1"); }
        if (threads < 1) { throw new UserException($"threads is {threads}; it must be at least 1"); }
        (_model, _tokenizer, _settings, _stopIds, _batchSize) = (model, tokenizer, settings, [.. stopIds], batchSize);
        _threads = threads ?? Environment.ProcessorCount;
        _cacheBytes = cacheBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
    }

    /// <summary>How many new tokens a prompt of this length can get: max_new_tokens, or less where the model's context ends first.</summary>
    public int Limit(int promptTokens) => Math.Min(_settings.MaxNewTokens, _model.Config.MaxPositionEmbeddings - promptTokens);

    /// <summary>Samples everything asked for. <paramref name="onCompletion"/> is called one at a time, in no fixed order, from worker threads.</summary>
    /// <exception cref="UserException">A prompt is empty, has an id outside the vocabulary, or leaves no room in the model's context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; completions given so far stand.</exception>
    public void Run(IReadOnlyList<GenerationRequest> requests, Action<Completion> onCompletion, CancellationToken cancellation = default)
    {
        if (Check(requests) is not { } plan) { return; }
        var threadsBefore = get_num_threads();
        GiveBackFreedMemory();                      // of a training step
        _model.PackForInference(plan.Rows);
        _model.EnsureRotations(plan.Tokens);
        try
        {
            RunWorkers(plan, requests, onCompletion, cancellation);
        }
        finally
        {
            _model.Unpack();
            set_num_threads(threadsBefore);
            GiveBackFreedMemory();
        }
    }

    // A small model samples and trains in less time than the pages would take to come back.
    private void GiveBackFreedMemory()
    {
        if (!SlicedTrunk.IsSmall(_model.Parameters)) { FreedMemory.GiveBack(); }
    }

    /// <summary>What <see cref="Run"/> would refuse, and how it would go about it; null where there is nothing to sample.</summary>
    /// <exception cref="UserException">As <see cref="Run"/>, or the memory for keys and values does not suffice.</exception>
    internal GenerationPlan? Check(IReadOnlyList<GenerationRequest> requests)
    {
        foreach (var request in requests) { Check(request); }
        var samples = requests.Sum(request => (long)request.SampleIndexes.Count);
        if (samples == 0) { return null; }
        return Plan(samples, requests.Max(request => request.PromptIds.Count + Limit(request.PromptIds.Count)));
    }

    private void RunWorkers(GenerationPlan plan, IReadOnlyList<GenerationRequest> requests, Action<Completion> onCompletion, CancellationToken cancellation)
    {
        var queue = new SampleQueue(requests, _model, _settings);
        var emitLock = new Lock();
        ExceptionDispatchInfo? failure = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        void Work()
        {
            try
            {
                set_num_threads(plan.Threads);
                using var worker = new GenerationWorker(_model, _tokenizer, _settings, _stopIds, plan.Rows, plan.Columns);
                worker.Run(queue, completion => { lock (emitLock) { onCompletion(completion); } }, stop.Token);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
                stop.Cancel();
            }
        }

        var threads = Enumerable.Range(0, plan.Workers).Select(_ => new Thread(Work)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        failure?.Throw();
    }

    // On a CPU a model that the caches hold is sampled by workers with one thread each, one a processor where there are samples enough: its operators
    // are too small to share, and would round otherwise with other numbers of threads. The weights of a larger one would be read from memory once
    // a worker: there one worker's operators share the processors (docs/performance.md).
    private GenerationPlan Plan(long samples, int tokens)
    {
        const int step = GenerationWorker.RowStep;
        var columns = RoundUp(tokens, GenerationWorker.ColumnStep);
        var rowBytes = columns * KvCache.BytesPerToken(_model.Config, _model.SamplingType);
        var affordable = _cacheBytes / rowBytes / step * step;
        if (affordable == 0)
        {
            throw new UserException(
                $"the cache of {step} samples of {columns} tokens takes {step * rowBytes:N0} bytes, more than the budget of {_cacheBytes:N0}; lower max_new_tokens");
        }
        var total = (int)Math.Min(samples, Math.Min(_batchSize ?? 256, affordable));
        var isSmall = _model.Device.type == DeviceType.CPU && SlicedTrunk.IsSmall(_model.Parameters);
        var workers = isSmall ? Math.Min(_threads, RoundUp(total, step) / step) : 1;
        var rows = Math.Min(RoundUp((total + workers - 1) / workers, step), affordable / workers / step * step);
        return new(workers, (int)rows, isSmall ? 1 : _threads, tokens, columns);
    }

    private void Check(GenerationRequest request)
    {
        var length = request.PromptIds.Count;
        if (length == 0) { throw new UserException($"problem {request.ProblemId}: the prompt has no tokens; write one that the tokenizer knows the characters of"); }
        if (length >= _model.Config.MaxPositionEmbeddings)
        {
            throw new UserException($"problem {request.ProblemId}: the prompt has {length} tokens and the model's context is {_model.Config.MaxPositionEmbeddings}; shorten it");
        }
        var outside = request.PromptIds.FirstOrDefault(id => id < 0 || id >= _model.Config.VocabSize, -1);
        if (request.PromptIds.Any(id => id < 0 || id >= _model.Config.VocabSize))
        {
            throw new UserException($"problem {request.ProblemId}: token id {outside} is outside the model's vocabulary of {_model.Config.VocabSize}; the tokenizer is another model's");
        }
    }

    private static int RoundUp(int value, int step) => (value + step - 1) / step * step;
}

/// <summary>How samples are drawn.</summary>
/// <param name="Workers">Threads that sample.</param>
/// <param name="Rows">Of each worker's cache, a multiple of <see cref="GenerationWorker.RowStep"/>.</param>
/// <param name="Threads">Of an operator.</param>
/// <param name="Tokens">The longest prompt with its completion.</param>
/// <param name="Columns">Of a cache, a multiple of <see cref="GenerationWorker.ColumnStep"/>.</param>
internal sealed record GenerationPlan(int Workers, int Rows, int Threads, int Tokens, int Columns);
