using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Checkpoints;

/// <summary>Reads and writes model folders in Hugging Face's layout; tensors keep their names there.</summary>
public static class Checkpoint
{
    /// <summary>transformers' limit of a file: beyond it the weights are split into shards with an index.</summary>
    public const long DefaultMaxShardBytes = 5_000_000_000;

    private const int NamesShown = 5;
    private const string OutputProjection = "lm_head.weight";
    private const string Embedding = "model.embed_tokens.weight";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Files beside the weights that belong to a model and are copied with it.</summary>
    private static readonly string[] CompanionNames =
    [
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "tokenizer.model",
        "chat_template.jinja",
    ];

    /// <summary>Compares the names and shapes in a folder's weights with those of its config, before memory for a model is taken.</summary>
    /// <exception cref="UserException">A name is missing, unexpected or of another shape, or a file is broken.</exception>
    public static void Check(string folder, ModelConfig config)
    {
        using var files = WeightFiles.Open(folder);
        CheckNames(files, config.Parameters().ToDictionary(parameter => parameter.Name, parameter => parameter.Shape));
    }

    /// <summary>Copies a folder's weights into <paramref name="parameters"/>, by name; the type is converted where it differs, the device can be any.</summary>
    /// <remarks>Beside the parameters this takes no memory that grows with the model. Each may be a view, such as a part of a fused matrix.</remarks>
    /// <exception cref="UserException">A name is missing, unexpected or of another shape (all are counted, the first few named), or a file is broken.</exception>
    public static void Load(string folder, IReadOnlyDictionary<string, Tensor> parameters)
    {
        using var files = WeightFiles.Open(folder);
        CheckNames(files, parameters.ToDictionary(parameter => parameter.Key, parameter => parameter.Value.shape));
        foreach (var (name, parameter) in parameters.OrderBy(parameter => files.FileOf[parameter.Key].Path, StringComparer.Ordinal)
            .ThenBy(parameter => files.FileOf[parameter.Key].Tensors[parameter.Key].Offset))
        {
            files.FileOf[name].ReadInto(name, parameter);
            RequireFinite(files.FileOf[name].Path, name, parameter);
        }
    }

    /// <summary>Those files of a model folder that <see cref="Save"/> copies beside the weights: tokenizer and generation config.</summary>
    public static IReadOnlyList<string> Companions(string modelFolder) =>
        [.. CompanionNames.Select(name => Path.Combine(modelFolder, name)).Where(File.Exists)];

    /// <summary>Writes a model folder that transformers loads, whole or not at all.</summary>
    /// <param name="folder">Must not exist, or be empty.</param>
    /// <param name="configJson">The text of a config.json; only the type of the weights is changed in it.</param>
    /// <param name="parameters">All of the config's parameters, of one type.</param>
    /// <param name="companions">Files to copy, such as <see cref="Companions"/> of the model that training started from.</param>
    /// <param name="maxShardBytes">Data bytes of a file at most, save for a tensor larger than that.</param>
    /// <exception cref="UserException">The folder is taken, or the config is broken.</exception>
    /// <exception cref="ArgumentException">The parameters are not those of the config, or differ in type.</exception>
    public static void Save(
        string folder,
        string configJson,
        IReadOnlyDictionary<string, Tensor> parameters,
        IEnumerable<string> companions,
        long maxShardBytes = DefaultMaxShardBytes) =>
        AtomicFolder.Write(folder, beside => Write(beside, configJson, parameters, companions, maxShardBytes));

    /// <summary>As <see cref="Save"/>, into a folder that exists: for a caller who puts more beside it within one <see cref="AtomicFolder.Write"/>.</summary>
    public static void Write(
        string folder,
        string configJson,
        IReadOnlyDictionary<string, Tensor> parameters,
        IEnumerable<string> companions,
        long maxShardBytes = DefaultMaxShardBytes)
    {
        var configPath = Path.Combine(folder, "config.json");
        AtomicFile.WriteText(configPath, WithDType(configJson, DTypeName(parameters)));
        var order = ModelConfig.ReadFile(configPath).Parameters();
        RefuseOtherParameters(order, parameters);
        foreach (var companion in companions)
        {
            RegularFile.Require(companion);
            File.Copy(companion, Path.Combine(folder, Path.GetFileName(companion)));
        }

        var shards = Shards(order.Select(parameter => parameter.Name), parameters, maxShardBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, WeightFiles.SingleFile), shards[0], SafetensorsWriter.PyTorchMetadata);
            return;
        }
        var shardOf = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var file = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            SafetensorsWriter.Write(Path.Combine(folder, file), shards[i], SafetensorsWriter.PyTorchMetadata);
            foreach (var name in shards[i].Keys) shardOf[name] = file;
        }
        var index = new
        {
            metadata = new { total_parameters = parameters.Values.Sum(tensor => tensor.numel()), total_size = parameters.Values.Sum(SafetensorsWriter.BytesOf) },
            weight_map = shardOf,
        };
        AtomicFile.WriteText(Path.Combine(folder, WeightFiles.IndexFile), JsonSerializer.Serialize(index, Indented) + "\n");
    }

    /// <summary>In order, a new shard wherever the next tensor would not fit; a tensor above the limit has its own (huggingface_hub's rule).</summary>
    private static List<Dictionary<string, Tensor>> Shards(IEnumerable<string> names, IReadOnlyDictionary<string, Tensor> parameters, long maxShardBytes)
    {
        var shards = new List<Dictionary<string, Tensor>>();
        var current = new Dictionary<string, Tensor>();
        long bytes = 0;
        foreach (var name in names)
        {
            var tensor = parameters[name];
            var size = SafetensorsWriter.BytesOf(tensor);
            if (size > maxShardBytes)
            {
                shards.Add(new Dictionary<string, Tensor> { [name] = tensor });
                continue;
            }
            if (bytes + size > maxShardBytes)
            {
                shards.Add(current);
                current = [];
                bytes = 0;
            }
            current[name] = tensor;
            bytes += size;
        }
        if (current.Count > 0) shards.Add(current);
        return shards;
    }

    private static string DTypeName(IReadOnlyDictionary<string, Tensor> parameters)
    {
        var types = parameters.Values.Select(tensor => tensor.dtype).Distinct().ToList();
        return types switch
        {
            [ScalarType.Float32] => "float32",
            [ScalarType.BFloat16] => "bfloat16",
            [ScalarType.Float16] => "float16",
            _ => throw new ArgumentException($"the parameters are {string.Join(" and ", types)}; they must be of one type, float32, bfloat16 or float16"),
        };
    }

    private static string WithDType(string configJson, string dtype)
    {
        try
        {
            if (JsonNode.Parse(configJson) is not JsonObject config) throw new UserException("config.json: the content is not a JSON object; take the model's own");
            config[config.ContainsKey("dtype") ? "dtype" : "torch_dtype"] = dtype;
            return config.ToJsonString(Indented) + "\n";
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)    // a key given twice, a string that is not Unicode
        {
            throw new UserException($"config.json: not valid JSON ({e.Message.TrimEnd('.')}); take the model's own", e);
        }
    }

    private static void RefuseOtherParameters(IReadOnlyList<(string Name, long[] Shape)> expected, IReadOnlyDictionary<string, Tensor> parameters)
    {
        foreach (var (name, shape) in expected)
        {
            if (!parameters.TryGetValue(name, out var tensor)) throw new ArgumentException($"{name} is absent from the parameters");
            if (!shape.AsSpan().SequenceEqual(tensor.shape)) throw new ArgumentException($"{name} is {Shown(tensor.shape)}, the config says {Shown(shape)}");
        }
        if (parameters.Count != expected.Count) throw new ArgumentException($"{parameters.Count} parameters, the config has {expected.Count}");
    }

    // A sum is finite where its terms are, save for an overflow, which the slower look tells from it.
    private static void RequireFinite(string path, string name, Tensor parameter)
    {
        using var _ = NewDisposeScope();
        using var __ = no_grad();
        if (parameter.sum(ScalarType.Float32).isfinite().item<bool>() || parameter.isfinite().all().item<bool>()) return;
        throw new UserException($"{path}: {StrictJson.Printable(name)} holds numbers that are not finite as {parameter.dtype}; download it again, or take dtype float32");
    }

    private static void CheckNames(WeightFiles files, IReadOnlyDictionary<string, long[]> wanted)
    {
        var problems = new List<string>();
        Report(problems, "missing", [.. wanted.Keys.Where(name => !files.FileOf.ContainsKey(name))]);
        Report(problems, "unexpected", [.. files.FileOf.Keys.Where(name => !wanted.ContainsKey(name) && !IsHarmless(files, wanted, name)).Order(StringComparer.Ordinal)]);
        Report(problems, "of another shape", [.. wanted
            .Where(parameter => files.FileOf.ContainsKey(parameter.Key))
            .Select(parameter => (parameter.Key, Wanted: parameter.Value, Found: files.FileOf[parameter.Key].Tensors[parameter.Key].Shape))
            .Where(pair => !pair.Wanted.AsSpan().SequenceEqual(pair.Found))
            .Select(pair => $"{pair.Key} {Shown(pair.Found)} in place of {Shown(pair.Wanted)}")]);
        Report(problems, "not of a floating type", [.. wanted.Keys
            .Where(name => files.FileOf.TryGetValue(name, out var file) && file.Tensors[name].DType is not ("F64" or "F32" or "F16" or "BF16"))]);
        if (problems.Count == 0) return;
        throw new UserException($"{files.Source}: the tensors are not those of config.json: {string.Join("; ", problems)}; take config and weights of the same model");
    }

    private static void Report(List<string> problems, string what, IReadOnlyList<string> names)
    {
        if (names.Count == 0) return;
        var more = names.Count > NamesShown ? ", ..." : "";
        problems.Add($"{names.Count} {what} ({string.Join(", ", names.Take(NamesShown).Select(name => StrictJson.Printable(name)))}{more})");
    }

    /// <summary>Old files hold RoPE's frequencies, which follow from the config, and some an output projection equal to the tied embeddings.</summary>
    private static bool IsHarmless(WeightFiles files, IReadOnlyDictionary<string, long[]> wanted, string name)
    {
        if (name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)) return true;
        return name == OutputProjection && wanted.ContainsKey(Embedding) && files.FileOf.ContainsKey(Embedding)
            && SafetensorsFile.AreEqual(files.FileOf[name], name, files.FileOf[Embedding], Embedding);
    }

    private static string Shown(long[] shape) => $"[{string.Join(", ", shape)}]";
}
