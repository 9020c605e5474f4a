using System.Text;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Generation;

/// <summary>Samples with a fixed number of rows; a row that ends is refilled from the queue in the next step.</summary>
/// <remarks>Rows in use stand without gaps at the front, so that ended rows cost nothing when the queue is empty.</remarks>
internal sealed class GenerationWorker(CausalLM model, Tokenizer tokenizer, SamplingSettings settings, IReadOnlySet<int> stopIds, int rows, int columns) : IDisposable
{
    /// <summary>Rows and visible columns are rounded up to these, so that products take the same kernels whatever the batch is.</summary>
    public const int RowStep = 8, ColumnStep = 16;

    private readonly KvCache _cache = new(model.Config, rows, columns, model.SamplingType, model.Device);
    private readonly Row?[] _rows = new Row?[rows];
    private int _rowsInUse;

    /// <summary>Samples until the queue is empty and every row has ended.</summary>
    public void Run(SampleQueue queue, Action<Completion> onCompletion, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            Refill(queue, onCompletion);
            CloseGaps();
            if (_rowsInUse == 0) { return; }
            Step(onCompletion);
        }
    }

    public void Dispose() => _cache.Dispose();

    private void Refill(SampleQueue queue, Action<Completion> onCompletion)
    {
        var started = new List<Row>();
        for (var slot = 0; slot < rows; slot++)
        {
            while (_rows[slot] is null && queue.TryTake(out var prompt, out var sampleIndex))
            {
                prompt.EnsureReady();
                var row = new Row(prompt, sampleIndex, slot, settings.StopStrings.Count > 0 ? tokenizer.NewDecoder() : null);
                var (id, logProb) = prompt.First(sampleIndex);
                if (Advance(row, id, logProb, onCompletion)) { prompt.Release(1); }
                else
                {
                    _rows[slot] = row;
                    _rowsInUse = Math.Max(_rowsInUse, slot + 1);
                    started.Add(row);
                }
            }
            if (_rows[slot] is null && slot >= _rowsInUse) { break; }
        }
        foreach (var group in started.GroupBy(row => row.Prompt))
        {
            using var scope = NewDisposeScope();
            var slots = tensor(group.Select(row => (long)row.Slot).ToArray(), device: model.Device);
            _cache.CopyRow(group.Key.Cache, slots, group.Key.Length);
            group.Key.Release(group.Count());
        }
    }

    // Only when the queue has run dry are there gaps: the last row moves into the first gap.
    private void CloseGaps()
    {
        for (var slot = 0; slot < _rowsInUse; slot++)
        {
            while (_rowsInUse > 0 && _rows[_rowsInUse - 1] is null) { _rowsInUse--; }
            if (_rows[slot] is not null || slot >= _rowsInUse) { continue; }
            var last = _rows[--_rowsInUse]!;
            _cache.MoveRow(last.Slot, slot, last.Columns);
            (_rows[last.Slot], _rows[slot], last.Slot) = (null, last, slot);
        }
    }

    private void Step(Action<Completion> onCompletion)
    {
        var count = Math.Min(rows, (_rowsInUse + RowStep - 1) / RowStep * RowStep);
        var host = new long[3 * count];             // ids, positions, places in the cache; rows beyond those in use are idle
        var uniforms = new double[count];
        var lengths = new int[count];
        for (var slot = 0; slot < count; slot++)
        {
            host[2 * count + slot] = (long)slot * columns;
            lengths[slot] = 1;
            if (slot >= _rowsInUse) { continue; }
            var row = _rows[slot]!;
            host[slot] = row.Ids[^1];
            host[count + slot] = row.Columns;
            host[2 * count + slot] += row.Columns;
            uniforms[slot] = settings.Temperature == 0 ? 0 : row.Prompt.Uniform(row.SampleIndex, row.Ids.Count);
            lengths[slot] = row.Columns + 1;
        }
        var inputs = tensor(host, [3, count], device: model.Device);
        var (ids, positions) = (inputs[0].unsqueeze(1), inputs[1].unsqueeze(1));
        _cache.Prepare(inputs[2], count, visible: Math.Min(columns, (lengths.Max() + ColumnStep - 1) / ColumnStep * ColumnStep));
        var hidden = model.Decode(ids, positions, lengths, _cache);
        var (drawn, logProbs) = Sampler.Draw(model.Logits(hidden.squeeze(1)), settings, uniforms, PreviousIds(count));
        for (var slot = 0; slot < _rowsInUse; slot++)
        {
            var row = _rows[slot]!;
            row.Columns++;
            if (Advance(row, drawn[slot], logProbs[slot], onCompletion)) { _rows[slot] = null; }
        }
    }

    private List<IReadOnlyList<int>>? PreviousIds(int count) => settings.RepetitionPenalty == 1
        ? null
        : [.. Enumerable.Range(0, count).Select(slot => _rows[slot] is { } row ? [.. row.Prompt.Request.PromptIds, .. row.Ids] : Array.Empty<int>())];

    // True when the row has ended with this token.
    private bool Advance(Row row, int id, float logProb, Action<Completion> onCompletion)
    {
        row.Ids.Add(id);
        row.LogProbs.Add(logProb);
        if (stopIds.Contains(id))
        {
            onCompletion(row.Complete(FinishReason.Eos, tokenizer.Decode([.. row.Ids[..^1]])));
            return true;
        }
        if (row.FindStop(id, settings.StopStrings) is { } text)
        {
            onCompletion(row.Complete(FinishReason.Stop, text));
            return true;
        }
        var limit = Math.Min(settings.MaxNewTokens, model.Config.MaxPositionEmbeddings - row.Prompt.Length);
        if (row.Ids.Count < limit) { return false; }
        onCompletion(row.Complete(FinishReason.Length, tokenizer.Decode([.. row.Ids])));
        return true;
    }

    private sealed class Row(PrefilledPrompt prompt, int sampleIndex, int slot, StreamingDecoder? decoder)
    {
        private readonly StringBuilder _text = new();

        public PrefilledPrompt Prompt => prompt;

        public int SampleIndex => sampleIndex;

        public int Slot { get; set; } = slot;

        /// <summary>Filled columns of the cache: the prompt and every sampled id but the last.</summary>
        public int Columns { get; set; } = prompt.Length;

        public List<int> Ids { get; } = [];

        public List<float> LogProbs { get; } = [];

        public Completion Complete(FinishReason reason, string text) => new()
        {
            Request = prompt.Request,
            SampleIndex = sampleIndex,
            Ids = [.. Ids],
            LogProbs = [.. LogProbs],
            FinishReason = reason,
            Text = text,
        };

        /// <summary>The text before the earliest stop string that <paramref name="id"/> completes, or null.</summary>
        public string? FindStop(int id, IReadOnlyList<string> stops)
        {
            if (decoder is null) { return null; }
            var before = _text.Length;
            _text.Append(decoder.Push(id));
            var from = Math.Max(0, before - stops.Max(stop => stop.Length) + 1);
            var tail = _text.ToString(from, _text.Length - from);
            var found = stops.Select(stop => tail.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
            return found < 0 ? null : _text.ToString(0, from + found);
        }
    }
}
