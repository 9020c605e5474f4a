using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Interop;

namespace LlmReasoning.Torch.Models;

/// <summary>A decoder-only language model of the Llama kind; families differ by values of <see cref="ModelConfig"/>. Weight names are the checkpoint's.</summary>
/// <remarks>Axes: B rows, T tokens, D hidden, V vocabulary, d head size.</remarks>
public sealed class CausalLM : nn.Module<Tensor, Tensor>
{
#pragma warning disable CA2213 // a module disposes what it registers
    private readonly Decoder model;
    private readonly Linear? lm_head;
#pragma warning restore CA2213
    private readonly Projection _head;
    private long? _size;
    private Tensor? _cos, _sin;                     // [positions, d]

    /// <summary>A model with unset weights.</summary>
    public CausalLM(ModelConfig config, ScalarType dtype, Device device) : base(nameof(CausalLM))
    {
        (Config, DType, Device) = (config, dtype, device);
        model = new(config, dtype, device);
        if (!config.TieWordEmbeddings) { lm_head = new(config.HiddenSize, config.VocabSize, hasBias: false, dtype, device); }
        _head = lm_head is null ? new((model.embed_tokens.weight, null)) : new(lm_head);
        RegisterComponents();
    }

    public ModelConfig Config { get; }

    /// <summary>Of weights and activations.</summary>
    public ScalarType DType { get; }

    public Device Device { get; }

    /// <summary>Loads a Hugging Face folder: config.json and safetensors.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="dtype">Null: float32 on a CPU, the checkpoint's own type elsewhere.</param>
    /// <param name="device">Null: the CPU.</param>
    /// <exception cref="UserException">The folder is incomplete, or holds what is not implemented.</exception>
    public static CausalLM Load(string folder, ScalarType? dtype = null, Device? device = null)
    {
        var config = ModelConfig.Read(folder);
        Checkpoint.Check(folder, config);
        device ??= CPU;
        var type = dtype ?? (device.type == DeviceType.CPU ? ScalarType.Float32 : config.DType);
        using var noGrad = no_grad();
        var loaded = new CausalLM(config, type, device);
        try
        {
            Checkpoint.Load(folder, loaded.Weights());
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Every parameter by its checkpoint name.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights() => named_parameters().ToDictionary(pair => pair.name, pair => (Tensor)pair.parameter);

    /// <summary>Logits [B, T, V] of unpadded ids [B, T].</summary>
    public override Tensor forward(Tensor ids) => Logits(Hidden(ids));

    /// <summary>Final hidden states [B, T, D], after the last norm.</summary>
    /// <param name="ids">[B, T] long.</param>
    /// <param name="attentionMask">
    /// [B, T]: 0 = padding, on either side; above 0 = counts, and equal numbers see each other: 1 for a row that is one text, 1, 2, 3, ... for documents
    /// packed into one row. Null = all count. States at padding are meaningless.
    /// </param>
    public Tensor Hidden(Tensor ids, Tensor? attentionMask = null)
    {
        using var scope = NewDisposeScope();
        return Trunk(ids, attentionMask, forBackward: is_grad_enabled(), byAutograd: is_grad_enabled()).Hidden.MoveToOuterDisposeScope();
    }

    /// <summary>How many numbers the weights hold.</summary>
    internal long Parameters => _size ??= Weights().Values.Sum(weight => weight.numel());

    /// <summary>Keep each layer's input alone between forward and backward, and compute its forward again: less memory, a third more work.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>
    /// Passes over whole rows compute in bfloat16, backward included, while weights, their gradients, norms' statistics, log-probabilities and losses stay in float32.
    /// </summary>
    public bool ComputesInBfloat16 { get; set; }

    /// <summary>The sampler computes and caches in bfloat16, from a copy of the weights in it.</summary>
    public bool SamplesInBfloat16 { get; set; }

    /// <summary>What the key bf16 of a training run means: passes compute in bfloat16, and on a GPU the sampler does.</summary>
    public void UseBfloat16(bool isOn)
    {
        ComputesInBfloat16 = isOn;
        SamplesInBfloat16 = isOn && Device.type == DeviceType.CUDA;
    }

    /// <summary>Of the sampler's activations and cache.</summary>
    internal ScalarType SamplingType => SamplesInBfloat16 ? ScalarType.BFloat16 : DType;

    /// <summary>A pass as <see cref="Hidden"/>, with its backward.</summary>
    /// <param name="forBackward">False: <see cref="TrunkPass.Hidden"/> is all that is wanted.</param>
    /// <param name="byAutograd">The states get a graph.</param>
    internal TrunkPass Trunk(Tensor ids, Tensor? attentionMask, bool forBackward, bool byAutograd = false)
    {
        var tokens = ids.shape[1];
        EnsureRotations(tokens);
        var isByHand = !byAutograd && HasOwnBackward;
        int[]? starts = null;
        if (isByHand && attentionMask is not null)
        {
            starts = Starts(attentionMask);
            isByHand = starts is not null;
        }
        var documents = isByHand ? null : attentionMask?.to_type(ScalarType.Int64);
        // A token's position is the number of those it sees beside itself.
        var positions = starts is not null ? tensor(starts.Select((start, i) => (i % tokens) - start).ToArray(), [ids.shape[0], tokens])
            : documents is null ? Arithmetic.Range(tokens, Device).unsqueeze(0)
            : CausalMask(tokens, window: 0, documents).sum(-1).view(-1, tokens).Minus(1);
        var pass = new ForwardPass { Masks = isByHand ? new Dictionary<int, Tensor>() : CausalMasks(tokens, documents), Starts = starts };
        Rotate(pass, positions);
        if (ComputesInBfloat16) { (pass.Cos, pass.Sin) = (pass.Cos.to_type(ScalarType.BFloat16), pass.Sin.to_type(ScalarType.BFloat16)); }
        return new(model, ids, pass, isByHand, GradientCheckpointing && !byAutograd, forBackward);
    }

    /// <summary>Whether <see cref="Trunk"/> does its backward by hand, and so may run on several threads at a time.</summary>
    internal bool RunsByHand(Tensor? attentionMask) => HasOwnBackward && (attentionMask is null || Starts(attentionMask) is not null);

    // What the kernels of this folder do without autograd.
    private bool HasOwnBackward => !ComputesInBfloat16 && CausalAttention.Supports(DType, Device, Config.HeadDim) && RowKernels.Divides(Config.HiddenSize) && RowKernels.Divides(Config.IntermediateSize) && !Config.QkNorm;

    // The first token that each one sees, [B * T]; null where a document's tokens do not stand together.
    private static int[]? Starts(Tensor attentionMask)
    {
        var (rows, tokens) = ((int)attentionMask.shape[0], (int)attentionMask.shape[1]);
        var documents = attentionMask.to_type(ScalarType.Int64).contiguous().data<long>().ToArray();
        var starts = new int[documents.Length];
        for (var row = 0; row < rows; row++)
        {
            var seen = new HashSet<long>();
            for (var token = 0; token < tokens; token++)
            {
                var at = (row * tokens) + token;
                var goesOn = token > 0 && documents[at] != 0 && documents[at] == documents[at - 1];
                starts[at] = goesOn ? starts[at - 1] : token;
                if (!goesOn && documents[at] != 0 && !seen.Add(documents[at])) { return null; }
            }
        }
        return starts;
    }

    /// <summary>The weight [V, D] of <see cref="Logits"/>, which has no bias; the embeddings where they are tied.</summary>
    internal Tensor HeadWeight => lm_head?.weight ?? model.embed_tokens.weight;

    /// <summary>Logits [..., V] of hidden states [..., D].</summary>
    public Tensor Logits(Tensor hidden) => _head.Apply(hidden);

    /// <summary>Final hidden states [B, T, D] of whole unpadded rows whose keys and values go to the cache, prepared for them.</summary>
    internal Tensor Prefill(Tensor ids, KvCache cache)
    {
        using var scope = NewDisposeScope();
        var tokens = ids.shape[1];
        return Run(ids, Arithmetic.Range(tokens, Device).unsqueeze(0), new() { Masks = CausalMasks(tokens), Cache = cache }).MoveToOuterDisposeScope();
    }

    /// <summary>Final hidden states [R, 1, D] of one new token a row.</summary>
    /// <param name="ids">[R, 1] long.</param>
    /// <param name="positions">[R, 1] long: the new token's place in its row.</param>
    /// <param name="lengths">The same places plus 1, on the host.</param>
    /// <param name="cache">Prepared for this pass; <see cref="EnsureRotations"/> has reached its columns.</param>
    internal Tensor Decode(Tensor ids, Tensor positions, int[] lengths, KvCache cache)
    {
        using var scope = NewDisposeScope();
        var hasOwnKernel = DecodeAttention.Supports(SamplingType, Device, Config.HeadDim);
        var masks = hasOwnKernel ? new Dictionary<int, Tensor>() : DecodeMasks(positions, cache.Visible);
        return Run(ids, positions, new() { Masks = masks, Cache = cache, Lengths = lengths }).MoveToOuterDisposeScope();
    }

    /// <summary>Keeps joined weights for faster passes without gradients, see <see cref="Projection"/>. Call again after the weights change.</summary>
    /// <param name="rows">The number of rows to expect.</param>
    public void PackForInference(long rows)
    {
        foreach (var projection in Projections) { projection.Pack(rows, SamplingType); }
        SetPacked(true);
    }

    /// <summary>Goes back to the parameters themselves.</summary>
    public void Unpack()
    {
        foreach (var projection in Projections) { projection.Unpack(); }
        SetPacked(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Unpack();
            _cos?.Dispose();
            _sin?.Dispose();
        }
        base.Dispose(disposing);
    }

    private void SetPacked(bool isPacked)
    {
        foreach (var module in modules())
        {
            if (module is RmsNorm norm) { norm.IsPacked = isPacked; }
            if (module is Mlp mlp) { mlp.IsPacked = isPacked; }
        }
    }

    private IEnumerable<Projection> Projections => model.Projections.Append(_head);

    private Tensor Run(Tensor ids, Tensor positions, ForwardPass pass)
    {
        Rotate(pass, positions);
        (pass.Cos, pass.Sin) = (pass.Cos.to_type(SamplingType), pass.Sin.to_type(SamplingType));
        return model.forward(ids, pass);
    }

    private void Rotate(ForwardPass pass, Tensor positions)
    {
        var flat = positions.view(-1);
        pass.Cos = _cos!.index_select(0, flat).view(positions.shape[0], positions.shape[1], 1, -1);
        pass.Sin = _sin!.index_select(0, flat).view(positions.shape[0], positions.shape[1], 1, -1);
    }

    // Masks of a pass over whole rows; none where plain causal attention does. documents: [B, T] long, 0 at padding; null = no padding, one document.
    private Dictionary<int, Tensor> CausalMasks(long tokens, Tensor? documents = null) => Windows()
        .Where(window => documents is not null || (window > 0 && window < tokens))
        .ToDictionary(window => window, window => CausalMask(tokens, window, documents));

    // [R, 1, 1, visible] for one new token a row.
    private Dictionary<int, Tensor> DecodeMasks(Tensor positions, long visible)
    {
        var column = Arithmetic.Range(visible, Device).unsqueeze(0);
        var past = column <= positions;
        return Windows().ToDictionary(
            window => window,
            window => (window == 0 ? past : past & (column > positions.Minus(window))).view(-1, 1, 1, visible));
    }

    private IEnumerable<int> Windows() => Config.SlidingWindows.Select(window => window ?? 0).Distinct();

    // [B or 1, 1, T, T]; the diagonal stays open so that no row is empty at padding.
    private Tensor CausalMask(long tokens, int window, Tensor? documents)
    {
        var row = Arithmetic.Range(tokens, Device).unsqueeze(1);
        var column = Arithmetic.Range(tokens, Device).unsqueeze(0);
        var visible = column <= row;
        if (window > 0) { visible = visible & (column > row.Minus(window)); }
        visible = visible.view(1, 1, tokens, tokens);
        if (documents is null) { return visible; }
        var (of, seen) = (documents.view(-1, 1, tokens, 1), documents.view(-1, 1, 1, tokens));
        return (visible & (of == seen) & seen.IsPositive()) | (column == row);
    }

    /// <summary>Makes the tables of <see cref="Rope"/> reach this length; not safe beside running passes.</summary>
    internal void EnsureRotations(long length)
    {
        var isDynamic = Config.Rope.Type == RopeType.Dynamic;
        var original = Config.Rope.OriginalMaxPositionEmbeddings;
        var positions = (length + 255) / 256 * 256;
        // Dynamic frequencies follow the length that a table is made for, once it is beyond the original maximum.
        if (isDynamic) { positions = length > original ? length : Math.Min(positions, original); }
        if (_cos?.shape[0] is { } reached && reached >= length && (!isDynamic || reached <= original || reached == positions)) { return; }
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (cos, sin) = Rope.Tables(Config, (int)positions);
        _cos?.Dispose();
        _sin?.Dispose();
        _cos = cat([cos, cos], 1).to(DType, Device).DetachFromDisposeScope();
        _sin = cat([-sin, sin], 1).to(DType, Device).DetachFromDisposeScope();
    }
}

/// <summary>Embeddings, layers and the last norm: what checkpoints call "model".</summary>
internal sealed class Decoder : nn.Module<Tensor, ForwardPass, Tensor>
{
#pragma warning disable CA2213 // a module disposes what it registers
    public readonly Linear embed_tokens;            // weight [V, D]
    private readonly TorchSharp.Modules.ModuleList<DecoderLayer> layers;
    private readonly RmsNorm norm;
#pragma warning restore CA2213

    public Decoder(ModelConfig config, ScalarType dtype, Device device) : base(nameof(Decoder))
    {
        embed_tokens = new(config.HiddenSize, config.VocabSize, hasBias: false, dtype, device);
        layers = new([.. Enumerable.Range(0, config.NumHiddenLayers).Select(layer => new DecoderLayer(config, layer, dtype, device))]);
        norm = new(config.HiddenSize, config.RmsNormEps, dtype, device);
        RegisterComponents();
    }

    public IEnumerable<Projection> Projections => layers.SelectMany(layer => layer.Projections);

    public IReadOnlyList<DecoderLayer> Layers => [.. layers];

    public RmsNorm Norm => norm;

    /// <summary>ids [B, T] to [B, T, D], of the type that the pass computes in.</summary>
    public Tensor Embed(Tensor ids, ForwardPass pass) => embed_tokens.weight.index_select(0, ids.reshape(-1)).view(ids.shape[0], ids.shape[1], -1).to_type(pass.Cos.dtype);

    /// <summary>ids [B, T] to hidden states [B, T, D].</summary>
    public override Tensor forward(Tensor ids, ForwardPass pass)
    {
        using var scope = NewDisposeScope();
        var x = Embed(ids, pass);
        foreach (var layer in layers) { x = layer.forward(x, pass); }
        return norm.forward(x).MoveToOuterDisposeScope();
    }
}
