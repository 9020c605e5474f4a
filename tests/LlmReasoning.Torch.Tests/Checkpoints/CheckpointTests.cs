using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tests.Models;

namespace LlmReasoning.Torch.Tests.Checkpoints;

public sealed class CheckpointTests
{
    private const string Config = """
        {"architectures": ["LlamaForCausalLM"], "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2,
         "vocab_size": 5, "max_position_embeddings": 16, "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "torch_dtype": "float32"}
        """;

    [Fact]
    [Trait("Category", "Golden")]
    public void EveryGoldenModelIsLoadedAndSavedByteForByte()
    {
        foreach (var folder in Models())
        {
            using var scope = NewDisposeScope();
            using var copy = new TemporaryFolder();
            var config = ModelConfig.Read(folder);
            Checkpoint.Check(folder, config);
            var parameters = config.Parameters().ToDictionary(parameter => parameter.Name, parameter => zeros(parameter.Shape, dtype: config.DType));
            Checkpoint.Load(folder, parameters);
            var shards = Directory.GetFiles(folder, "model*.safetensors");
            // The limit that cuts where the golden shards are cut: the data of the largest of them.
            var limit = shards.Length == 1 ? Checkpoint.DefaultMaxShardBytes : shards.Max(DataBytes);
            Checkpoint.Save(copy.File("saved"), File.ReadAllText(Path.Combine(folder, "config.json")), parameters, Checkpoint.Companions(folder), limit);
            foreach (var path in Directory.GetFiles(folder).Where(IsPartOfTheModel))
            {
                Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(copy.File($"saved/{Path.GetFileName(path)}"))), path);
            }
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void WeightsInHalfPrecisionAreWidenedExactly()
    {
        foreach (var folder in Models().Where(folder => ModelConfig.Read(folder).DType != ScalarType.Float32))
        {
            using var scope = NewDisposeScope();
            var config = ModelConfig.Read(folder);
            var wide = config.Parameters().ToDictionary(parameter => parameter.Name, parameter => zeros(parameter.Shape));
            var stored = config.Parameters().ToDictionary(parameter => parameter.Name, parameter => zeros(parameter.Shape, dtype: config.DType));
            Checkpoint.Load(folder, wide);
            Checkpoint.Load(folder, stored);
            Assert.All(wide, parameter => Assert.True(parameter.Value.equal(stored[parameter.Key].to_type(ScalarType.Float32)).all().item<bool>(), parameter.Key));
        }
    }

    [Fact]
    public void ConfigsOfRealModelsAreReadAndFitTheirWeights()
    {
        foreach (var folder in Directory.GetDirectories(Golden.Shared("models")).Where(folder => File.Exists(Path.Combine(folder, "config.json"))))
        {
            var config = ModelConfig.Read(folder);
            Assert.NotEmpty(GenerationDefaults.Read(folder, config).EosTokenIds);
            if (File.Exists(Path.Combine(folder, "model.safetensors"))) Checkpoint.Check(folder, config);
        }
    }

    [Fact]
    public void TheSavedConfigKeepsTheSourcesKeysAndTellsTheNewType()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var source = Config.Replace("\"vocab_size\"", "\"own_key\": [1, \"é\"], \"vocab_size\"");
        Checkpoint.Save(folder.File("m"), source, Parameters(ScalarType.BFloat16), []);
        var saved = File.ReadAllText(folder.File("m/config.json"));
        Assert.Contains("\"torch_dtype\": \"bfloat16\"", saved);
        Assert.Contains("é", saved);
        Assert.Contains("1e-05", saved);
        Assert.Equal(ScalarType.BFloat16, ModelConfig.Read(folder.File("m")).DType);
    }

    [Fact]
    public void AFolderIsWholeOrAbsent()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Assert.ThrowsAny<IOException>(() => Checkpoint.Save(folder.File("m"), Config, Parameters(), [folder.File("no-such-tokenizer.json")]));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void AFolderWithSomethingInItIsLeftAlone()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        folder.Write("thesis.txt", "years of work");
        Assert.Contains("not empty", Assert.Throws<UserException>(() => Checkpoint.Save(folder.Path, Config, Parameters(), [])).Message);
        Assert.Equal(["thesis.txt"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void MissingUnexpectedAndMisshapenTensorsAreListedTogether()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var tensors = Parameters();
        tensors.Remove("model.norm.weight");
        tensors["model.extra"] = ones(1);
        tensors["model.embed_tokens.weight"] = ones(6, 4);
        Write(folder, tensors);
        foreach (var action in new Action[] { () => Checkpoint.Load(folder.Path, Parameters()), () => Checkpoint.Check(folder.Path, ModelConfig.Read(folder.Path)) })
        {
            var message = Assert.Throws<UserException>(action).Message;
            Assert.Contains("1 missing (model.norm.weight)", message);
            Assert.Contains("1 unexpected (model.extra)", message);
            Assert.Contains("1 of another shape (model.embed_tokens.weight [6, 4] in place of [5, 4])", message);
        }
    }

    [Fact]
    public void WeightsOfAnIntegerTypeAreRefused()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Write(folder, new(Parameters()) { ["model.norm.weight"] = ones(4, dtype: ScalarType.Int32) });
        Assert.Contains("1 not of a floating type (model.norm.weight)", Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, Parameters())).Message);
    }

    [Theory]
    [InlineData(float.NaN, ScalarType.Float32)]
    [InlineData(float.NegativeInfinity, ScalarType.Float32)]
    [InlineData(1e5f, ScalarType.Float16)]          // above 65504
    public void WeightsThatAreNotFiniteAreRefused(float value, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Write(folder, new(Parameters()) { ["model.norm.weight"] = tensor([1, value, 1, 1]) });
        var message = Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, Parameters(type))).Message;
        Assert.Contains("model.safetensors: model.norm.weight holds numbers that are not finite", message);
    }

    [Fact]
    public void LargeWeightsWhoseSumOverflowsAreFinite()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Write(folder, new(Parameters()) { ["model.norm.weight"] = full(4, 3e38f) });
        Checkpoint.Load(folder.Path, Parameters());
    }

    [Fact]
    public void ManyNamesAreCountedAndTheFirstShown()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Write(folder, new() { ["x"] = ones(1) });
        var message = Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, Parameters())).Message;
        Assert.Contains($"{Parameters().Count} missing (model.embed_tokens.weight, ", message);
        Assert.Contains(", ...)", message);
    }

    [Fact]
    public void ATiedOutputProjectionInTheFileMustEqualTheEmbedding()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var tensors = Parameters();
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone();
        tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = ones(1);
        Write(folder, tensors);
        Checkpoint.Load(folder.Path, Parameters());
        tensors["lm_head.weight"] = tensors["lm_head.weight"] + 1;
        Write(folder, tensors);
        Assert.Contains("lm_head.weight", Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, Parameters())).Message);
    }

    [Theory]
    [InlineData("../m.safetensors")]
    [InlineData("/etc/m.safetensors")]
    [InlineData("a\\\\m.safetensors")]
    [InlineData("m.bin")]
    public void AShardOutsideTheFolderIsRefused(string shard)
    {
        using var folder = new TemporaryFolder();
        folder.Write("model.safetensors.index.json", """{"weight_map": {"x": "SHARD"}}""".Replace("SHARD", shard));
        Assert.Contains("weight_map.x", Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, new Dictionary<string, Tensor>())).Message);
    }

    [Fact]
    public void AnIndexMustAgreeWithItsShards()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        folder.Write("model.safetensors.index.json", """{"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}""");
        Assert.Contains("a.safetensors is absent", LoadError());
        SafetensorsWriter.Write(folder.File("a.safetensors"), new Dictionary<string, Tensor> { ["x"] = ones(1), ["y"] = ones(1) }, null);
        SafetensorsWriter.Write(folder.File("b.safetensors"), new Dictionary<string, Tensor> { ["z"] = ones(1) }, null);
        Assert.Contains("weight_map.y is b.safetensors", LoadError());
        SafetensorsWriter.Write(folder.File("b.safetensors"), new Dictionary<string, Tensor> { ["y"] = ones(1) }, null);
        Assert.Contains("y is also in", LoadError());
        folder.Write("model.safetensors.index.json", "{}");
        Assert.Contains("weight_map is absent", LoadError());
        folder.Write("model.safetensors.index.json", """{"weight_map": {"x": 1}}""");
        Assert.Contains("weight_map.x is 1", LoadError());

        string LoadError() => Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, new Dictionary<string, Tensor>())).Message;
    }

    [Fact]
    public void AFolderWithoutSafetensorsSaysWhatIsThereInstead()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("model.safetensors", LoadError());
        folder.Write("adapter_model.safetensors", "");
        Assert.Contains("LoRA", LoadError());
        folder.Write("pytorch_model.bin", "");
        Assert.Contains("save_pretrained", LoadError());

        string LoadError() => Assert.Throws<UserException>(() => Checkpoint.Load(folder.Path, new Dictionary<string, Tensor>())).Message;
    }

    [Fact]
    public void ParametersThatAreNotTheConfigsAreNotSaved()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var parameters = Parameters();
        parameters["model.norm.weight"] = ones(3);
        Assert.Throws<ArgumentException>(() => Checkpoint.Save(folder.File("m"), Config, parameters, []));
        parameters["model.norm.weight"] = ones(4, dtype: ScalarType.Float16);
        Assert.Throws<ArgumentException>(() => Checkpoint.Save(folder.File("m"), Config, parameters, []));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static List<string> Models()
    {
        var models = Golden.Folders("reference/models").Where(ModelConfigTests.IsImplemented).ToList();
        if (models.Count == 0) Assert.Skip("no model of an implemented family");
        return models;
    }

    private static bool IsPartOfTheModel(string path) =>
        Path.GetFileName(path) is var name && (name.StartsWith("model", StringComparison.Ordinal) || name == "generation_config.json" || name == "config.json");

    private static long DataBytes(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Tensors.Values.Sum(entry => entry.Bytes);
    }

    private static Dictionary<string, Tensor> Parameters(ScalarType type = ScalarType.Float32)
    {
        using var folder = new TemporaryFolder();
        return ModelConfig.ReadFile(folder.Write("config.json", Config)).Parameters().ToDictionary(parameter => parameter.Name, parameter => ones(parameter.Shape, dtype: type));
    }

    private static void Write(TemporaryFolder folder, Dictionary<string, Tensor> tensors)
    {
        folder.Write("config.json", Config);
        SafetensorsWriter.Write(folder.File("model.safetensors"), tensors, SafetensorsWriter.PyTorchMetadata);
    }
}
