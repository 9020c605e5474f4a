namespace LlmReasoning.Torch.Models;

/// <summary>Keys and values of earlier tokens for a fixed number of rows, each row with a length of its own, written from column 0.</summary>
/// <remarks>Axes: L layers, R rows, S columns, K key/value heads, d head size. Entries at and beyond a row's length are unspecified but finite.</remarks>
internal sealed class KvCache : IDisposable
{
    private readonly Tensor _entries;               // [2L, R, S, K, d]: keys of layer l at 2l, values at 2l + 1
    private Tensor? _writeIndex;
    private long _rowsInUse;

    public KvCache(ModelConfig config, long rows, long columns, ScalarType dtype, Device device)
    {
        (Rows, Columns) = (rows, columns);
        // Zeros, since a masked column still enters a product with weight 0, and 0 * NaN is NaN.
        _entries = zeros([2 * config.NumHiddenLayers, rows, columns, config.NumKeyValueHeads, config.HeadDim], dtype, device).DetachFromDisposeScope();
    }

    public long Rows { get; }

    public long Columns { get; }

    /// <summary>How many columns the prepared pass sees.</summary>
    public long Visible { get; private set; }

    /// <summary>Bytes of one column of one row over all layers.</summary>
    public static long BytesPerToken(ModelConfig config, ScalarType dtype) =>
        2L * config.NumHiddenLayers * config.NumKeyValueHeads * config.HeadDim * (dtype is ScalarType.Float32 ? 4 : 2);

    /// <summary>Says where the next pass writes and what it sees.</summary>
    /// <param name="writeIndex">[rowsInUse * T] long: row * Columns + column of each new token, rows first.</param>
    /// <param name="rowsInUse">Rows 0..rowsInUse-1 take part.</param>
    /// <param name="visible">Columns 0..visible-1 are given back; a mask hides those beyond a row's length.</param>
    public void Prepare(Tensor writeIndex, long rowsInUse, long visible)
    {
        (_writeIndex, _rowsInUse, Visible) = (writeIndex, rowsInUse, visible);
    }

    /// <summary>Stores k and v [R, T, K, d] and returns the visible keys and values [R, visible, K, d].</summary>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor k, Tensor v) => (Store(2 * layer, k), Store(2 * layer + 1, v));

    /// <summary>Copies the first <paramref name="columns"/> columns of the single row of <paramref name="source"/> into the given rows.</summary>
    /// <param name="source">A cache of one row.</param>
    /// <param name="rows">[n] long.</param>
    /// <param name="columns">How many columns.</param>
    public void CopyRow(KvCache source, Tensor rows, long columns)
    {
        using var scope = NewDisposeScope();
        var from = source._entries.narrow(2, 0, columns).expand(-1, rows.shape[0], -1, -1, -1);
        _entries.narrow(2, 0, columns).index_copy_(1, rows, from);
    }

    /// <summary>Moves the first columns of row <paramref name="from"/> over row <paramref name="to"/>.</summary>
    public void MoveRow(long from, long to, long columns)
    {
        using var scope = NewDisposeScope();
        _entries.select(1, to).narrow(1, 0, columns).copy_(_entries.select(1, from).narrow(1, 0, columns));
    }

    public void Dispose() => _entries.Dispose();

    private Tensor Store(int index, Tensor entries)
    {
        var all = _entries.select(0, index);
        var (heads, size) = (entries.shape[2], entries.shape[3]);
        all.view(Rows * Columns, heads, size).index_copy_(0, _writeIndex!, entries.reshape(-1, heads, size));
        return all.narrow(0, 0, _rowsInUse).narrow(1, 0, Visible);
    }
}
