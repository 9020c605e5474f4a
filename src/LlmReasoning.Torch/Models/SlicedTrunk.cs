using System.Runtime.ExceptionServices;

namespace LlmReasoning.Torch.Models;

/// <summary>A <see cref="TrunkPass"/> over rows in slices: for a small model slices that fit a processor's cache, several at a time, each on one thread.</summary>
/// <remarks>
/// Threads of libtorch within an operator gain little where an operator takes microseconds. Slices and the lanes that add up their gradients are functions of the shape alone, and lanes
/// are added in order: the number of threads changes no bit. Axes: B rows, T tokens, D hidden.
/// </remarks>
internal sealed class SlicedTrunk : IDisposable
{
    private const long SmallModelParameters = 8_000_000;
    private const long SliceTokens = 1024;

    /// <summary>Sets of gradients of a small model.</summary>
    public const int Lanes = 8;

    private readonly TrunkPass? _whole;             // of a model that is not small
    private readonly List<Slice> _slices = [];

    /// <summary>Runs forward.</summary>
    /// <param name="ids">[B, T] long.</param>
    /// <param name="attentionMask">As <see cref="CausalLM.Hidden"/> takes it.</param>
    /// <param name="widths">Of each row how many of its first tokens matter; a small model computes no others.</param>
    /// <param name="forBackward">False: <see cref="Hidden"/> is all that is wanted.</param>
    public SlicedTrunk(CausalLM model, Tensor ids, Tensor? attentionMask, int[] widths, bool forBackward)
    {
        var (rows, tokens) = (ids.shape[0], ids.shape[1]);
        if (forBackward) { GradientBuffer.Own.Reserve(model.Weights().Values); }
        if (!IsSmall(model.Parameters) || !model.RunsByHand(attentionMask))
        {
            _whole = model.Trunk(ids, attentionMask, forBackward);
            Hidden = _whole.Hidden;
            return;
        }
        _slices = [.. Cut(widths)];
        model.EnsureRotations(tokens);
        Hidden = zeros([rows, tokens, model.Config.HiddenSize], ScalarType.Float32);
        InLanes((slice, _) =>
        {
            using var scope = NewDisposeScope();
            var pass = model.Trunk(slice.Of(ids), attentionMask is null ? null : slice.Of(attentionMask), forBackward);
            slice.Of(Hidden).copy_(pass.Hidden);
            if (forBackward) { slice.Keep(pass, scope); }
        });
    }

    /// <summary>The most tokens that are at work at a time, of rows no wider than a slice.</summary>
    public static long TokensAtOnce => Math.Clamp(get_num_threads(), 1, Lanes) * SliceTokens;

    /// <summary>[B, T, D], after the last norm.</summary>
    public Tensor Hidden { get; }

    /// <summary>Whether a model's rows are cut into slices.</summary>
    public static bool IsSmall(long parameters) => parameters <= SmallModelParameters;

    // Neighbouring rows, each slice as wide as its widest.
    private static IEnumerable<Slice> Cut(int[] widths)
    {
        var (first, width) = (0, 0);
        for (var row = 0; row < widths.Length; row++)
        {
            var wider = Math.Max(width, widths[row]);
            if (row > first && (row + 1 - first) * wider > SliceTokens)
            {
                if (width > 0) { yield return new(first, row - first, width); }
                (first, wider) = (row, widths[row]);
            }
            width = wider;
        }
        if (width > 0) { yield return new(first, widths.Length - first, width); }
    }

    /// <summary>Adds the parameters' gradients.</summary>
    /// <param name="gradient">Of <see cref="Hidden"/>, [B, T, D]; its memory may be used.</param>
    public void Backward(Tensor gradient)
    {
        if (_whole is not null)
        {
            _whole.Backward(gradient, GradientBuffer.Own);
            return;
        }
        GradientBuffer[] buffers = [.. Enumerable.Range(0, Lanes).Select(_ => GradientBuffer.Apart())];
        InLanes((slice, lane) =>
        {
            using var scope = NewDisposeScope();
            slice.Pass!.Backward(slice.Of(gradient).contiguous(), buffers[lane]);
            slice.Dispose();
        });
        foreach (var buffer in buffers)
        {
            buffer.Flush();
            buffer.Dispose();
        }
    }

    public void Dispose() => _slices.ForEach(slice => slice.Dispose());

    // Each lane takes neighbouring slices in order; lanes run side by side.
    private void InLanes(Action<Slice, int> each)
    {
        var threads = Math.Max(1, get_num_threads());
        try
        {
            Parallel.For(0, Lanes, new() { MaxDegreeOfParallelism = threads }, lane =>
            {
                using var noGrad = no_grad();
                var before = get_num_threads();
                set_num_threads(1);
                try
                {
                    for (var i = lane * _slices.Count / Lanes; i < (lane + 1) * _slices.Count / Lanes; i++) { each(_slices[i], lane); }
                }
                finally { set_num_threads(before); }
            });
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
        finally { set_num_threads(threads); }      // the lanes' number is also that of threads to come
    }

    /// <summary>Some rows' first tokens. What its pass keeps was made on one thread and may be used on another, so it belongs to no scope.</summary>
    private sealed class Slice(int first, int count, int width) : IDisposable
    {
        private IDisposable[] _kept = [];

        /// <summary>Of a tensor [B, T, ...] its own part.</summary>
        public Tensor Of(Tensor whole) => whole.narrow(0, first, count).narrow(1, 0, width);

        public TrunkPass? Pass { get; set; }

        public void Keep(TrunkPass pass, DisposeScope scope)
        {
            Pass = pass;
            _kept = [.. scope.DisposablesView];
            scope.Detach(_kept);
        }

        public void Dispose()
        {
            foreach (var tensor in _kept) { tensor.Dispose(); }
            (_kept, Pass) = ([], null);
        }
    }
}
