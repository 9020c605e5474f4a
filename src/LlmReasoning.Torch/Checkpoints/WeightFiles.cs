using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Checkpoints;

/// <summary>The safetensors files of a model folder, opened: one, or those that an index names.</summary>
internal sealed class WeightFiles : IDisposable
{
    public const string SingleFile = "model.safetensors";
    public const string IndexFile = "model.safetensors.index.json";
    private const long MaxIndexBytes = 256 << 20;

    private readonly List<SafetensorsFile> _files = [];

    private WeightFiles(string source) => Source = source;

    /// <summary>The path that messages name: the single file or the index.</summary>
    public string Source { get; }

    /// <summary>Each tensor's file.</summary>
    public Dictionary<string, SafetensorsFile> FileOf { get; } = [];

    public static WeightFiles Open(string folder)
    {
        if (!Directory.Exists(folder)) throw new UserException($"{folder}: the folder does not exist; name a model folder in Hugging Face's layout");
        var single = Path.Combine(folder, SingleFile);
        var index = Path.Combine(folder, IndexFile);
        if (File.Exists(single)) return OpenShards(single, folder, [SingleFile]);    // transformers prefers it too
        if (File.Exists(index)) return OpenIndex(folder, index);
        throw NoWeights(folder);
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private static WeightFiles OpenIndex(string folder, string index)
    {
        var weightMap = StrictJson.Read(index, MaxIndexBytes).Object("weight_map") ?? throw new UserException($"{index}: weight_map is absent; download the file again");
        var shardOf = weightMap.Entries("it must be the name of a shard");
        var outside = shardOf.FirstOrDefault(entry => !IsPlainFileName(entry.Value)).Key;
        if (outside is not null) throw weightMap.Error(outside, "a shard is a .safetensors file in the same folder, without a path");
        var files = OpenShards(index, folder, [.. shardOf.Values.Distinct().Order(StringComparer.Ordinal)]);
        try
        {
            files.CheckIndex(shardOf);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private static WeightFiles OpenShards(string source, string folder, IReadOnlyList<string> shards)
    {
        var files = new WeightFiles(source);
        try
        {
            foreach (var shard in shards)
            {
                var path = Path.Combine(folder, shard);
                if (!File.Exists(path)) throw new UserException($"{source}: the shard {StrictJson.Printable(shard)} is absent from the folder; download it");
                var file = SafetensorsFile.Open(path);
                files._files.Add(file);
                foreach (var name in file.Tensors.Keys)
                {
                    if (!files.FileOf.TryAdd(name, file)) throw new UserException($"{path}: {StrictJson.Printable(name)} is also in {files.FileOf[name].Path}; download the shards again");
                }
            }
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private void CheckIndex(Dictionary<string, string> shardOf)
    {
        foreach (var (name, shard) in shardOf)
        {
            if (!FileOf.TryGetValue(name, out var file) || Path.GetFileName(file.Path) != shard)
            {
                throw new UserException($"{Source}: weight_map.{StrictJson.Printable(name)} is {StrictJson.Printable(shard)}, which does not hold it; download index and shards again");
            }
        }
    }

    private static bool IsPlainFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:\0") < 0 && !name.StartsWith("..", StringComparison.Ordinal);

    private static UserException NoWeights(string folder)
    {
        var names = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ToList();
        var pickle = names.FirstOrDefault(name => name.StartsWith("pytorch_model", StringComparison.Ordinal) || name.EndsWith(".pth", StringComparison.Ordinal));
        if (pickle is not null)
        {
            return new UserException($"{Path.Combine(folder, pickle)}: only safetensors are read, for a pickle can run code; convert it: "
                + "AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW_DIR, safe_serialization=True) in transformers");
        }
        if (names.Contains("adapter_model.safetensors"))
        {
            return new UserException($"{Path.Combine(folder, "adapter_model.safetensors")}: a LoRA adapter is not a model; merge it into its base with peft's merge_and_unload and save that");
        }
        return new UserException($"{folder}: neither {SingleFile} nor {IndexFile} is there; name a model folder in Hugging Face's layout");
    }
}
