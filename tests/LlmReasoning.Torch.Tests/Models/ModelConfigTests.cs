using System.Text.Json.Nodes;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Tests.Models;

public sealed class ModelConfigTests
{
    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 10, "max_position_embeddings": 64}
        """;

    internal static ModelConfig Tiny() => Read(Llama);

    [Fact]
    public void AbsentKeysTakeTheClassDefaults()
    {
        var config = Tiny();
        Assert.Equal(2, config.HeadDim);
        Assert.Equal(1e-6, config.RmsNormEps);
        Assert.False(config.TieWordEmbeddings);
        Assert.Equal(ScalarType.Float32, config.DType);
        Assert.Equal(10000, config.Rope.Theta);
        Assert.Empty(config.EosTokenIds);
        Assert.Equal(4096, Read(With(Mistral("{}"))).SlidingWindows[0]);
        Assert.Equal(128, Read(With(Qwen3("{}"))).HeadDim);
    }

    [Fact]
    public void AnExplicitNullIsNotAnAbsentKey()
    {
        Assert.All(Read(With(Mistral("""{"sliding_window": null}"""))).SlidingWindows, Assert.Null);
        Assert.Equal(4, Read(With("""{"num_key_value_heads": null}""")).NumKeyValueHeads);
        Assert.Equal(2, Read(With(Qwen3("""{"head_dim": null}"""))).HeadDim);
    }

    [Fact]
    public void QwenSlidesFromMaxWindowLayersOn()
    {
        var config = Read(With(Qwen3("""{"use_sliding_window": true, "sliding_window": 6, "max_window_layers": 1}""")));
        Assert.Equal([null, 6], config.SlidingWindows);
        Assert.All(Read(With(Qwen3("""{"use_sliding_window": false, "sliding_window": 6, "max_window_layers": 1}"""))).SlidingWindows, Assert.Null);
    }

    [Fact]
    public void LayerTypesDecideWhichLayersSlide()
    {
        var overlay = """{"use_sliding_window": true, "sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"]}""";
        Assert.Equal([6, null], Read(With(Qwen3(overlay))).SlidingWindows);
    }

    [Theory]
    [InlineData("""{"architectures": ["Gemma2ForCausalLM"]}""", "architectures", "Gemma2ForCausalLM", "Qwen3ForCausalLM")]
    [InlineData("""{"architectures": null}""", "architectures", "null", "LlamaForCausalLM")]
    [InlineData("""{"architectures": "LlamaForCausalLM"}""", "architectures", "LlamaForCausalLM", "array")]
    [InlineData("""{"model_type": "qwen2"}""", "model_type", "qwen2", "llama")]
    [InlineData("""{"hidden_act": "gelu"}""", "hidden_act", "gelu", "silu")]
    [InlineData("""{"quantization_config": {"bits": 4}}""", "quantization_config", "bits", "float32")]
    [InlineData("""{"auto_map": {"AutoModel": "x.Y"}}""", "auto_map", "x.Y", "remove")]
    [InlineData("""{"num_key_value_heads": 3}""", "num_key_value_heads", "3", "multiple")]
    [InlineData("""{"num_attention_heads": 3, "num_key_value_heads": 3}""", "hidden_size", "8", "multiple")]
    [InlineData("""{"head_dim": 3}""", "head_dim", "3", "even")]
    [InlineData("""{"hidden_size": -8}""", "hidden_size", "-8", "from 1")]
    [InlineData("""{"hidden_size": 8.0}""", "hidden_size", "8.0", "integer")]
    [InlineData("""{"hidden_size": "8"}""", "hidden_size", "\"8\"", "integer")]
    [InlineData("""{"hidden_size": null}""", "hidden_size", "null", "add it")]
    [InlineData("""{"vocab_size": 2147483648}""", "vocab_size", "2147483648", "integer")]
    [InlineData("""{"num_hidden_layers": 100000000}""", "num_hidden_layers", "100000000", "integer")]
    [InlineData("""{"rms_norm_eps": -1}""", "rms_norm_eps", "-1", "number")]
    [InlineData("""{"tie_word_embeddings": 1}""", "tie_word_embeddings", "1", "true or false")]
    [InlineData("""{"torch_dtype": "float8_e4m3fn"}""", "torch_dtype", "float8", "bfloat16")]
    [InlineData("""{"torch_dtype": "float16", "dtype": "float32"}""", "torch_dtype", "float16", "keep one")]
    [InlineData("""{"eos_token_id": 10}""", "eos_token_id", "10", "to 9")]
    [InlineData("""{"eos_token_id": [1, "2"]}""", "eos_token_id", "[1,", "token id")]
    [InlineData("""{"sliding_window": 8}""", "sliding_window", "8", "null")]
    [InlineData("""{"layer_types": ["full_attention"]}""", "layer_types", "full_attention", "agree")]
    [InlineData("""{"layer_types": ["full_attention", "chunked_attention"]}""", "layer_types", "chunked_attention", "implemented")]
    [InlineData("""{"layer_types": ["full_attention", "sliding_attention"]}""", "layer_types", "sliding_attention", "sliding_window")]
    [InlineData("""{"rope_interleaved": true}""", "rope_interleaved", "true", "false")]
    [InlineData("""{"partial_rotary_factor": 0.5}""", "partial_rotary_factor", "0.5", "1")]
    [InlineData("""{"rope_theta": 0}""", "rope_theta", "0", "number")]
    [InlineData("""{"rope_scaling": {"rope_type": "longrope"}}""", "rope_scaling.rope_type", "longrope", "yarn")]
    [InlineData("""{"rope_scaling": {"type": "linear"}}""", "rope_scaling.factor", "absent", "add it")]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 0.5}}""", "rope_scaling.factor", "0.5", "from 1")]
    [InlineData("""{"rope_scaling": {"factor": 4}}""", "rope_scaling.factor", "4", "rope_type")]
    [InlineData("""{"rope_scaling": {"rope_type": "default"}, "rope_parameters": {"rope_type": "default"}}""", "rope_scaling", "default", "keep one")]
    [InlineData("""{"rope_theta": 5, "rope_parameters": {"rope_theta": 6}}""", "rope_theta", "5", "keep one")]
    [InlineData("""{"rope_parameters": [1]}""", "rope_parameters", "[1]", "object")]
    public void AMistakeIsNamedWithFileKeyValueAndRemedy(string overlay, string key, string value, string remedy)
    {
        var error = Assert.Throws<UserException>(() => Read(With(overlay)));
        Assert.Matches($"^[^\n]*config.json: {System.Text.RegularExpressions.Regex.Escape(key)} is ", error.Message);
        Assert.Contains(value, error.Message);
        Assert.Contains(remedy, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"hidden_size\": NaN}")]
    [InlineData("{\"hidden_size\": 8, \"hidden_size\": 9}")]
    [InlineData("{\"hidden_act\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    [InlineData("{\"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}")]
    public void WhatIsNotOneJsonObjectIsRefused(string text)
    {
        var error = Assert.Throws<UserException>(() => Read(text));
        Assert.Contains("config.json", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void AMissingFolderOrFileIsNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("absent-folder", Assert.Throws<UserException>(() => ModelConfig.Read(folder.File("absent-folder"))).Message);
        Assert.Contains("config.json", Assert.Throws<UserException>(() => ModelConfig.Read(folder.Path)).Message);
    }

    [Fact]
    public void GenerationConfigComesBeforeConfig()
    {
        using var folder = new TemporaryFolder();
        var config = Read(With("""{"eos_token_id": 2, "pad_token_id": 3}"""));
        Assert.Equal([2], GenerationDefaults.Read(folder.Path, config).EosTokenIds);
        folder.Write("generation_config.json", """{"eos_token_id": [4, 5], "temperature": 0.6}""");
        var defaults = GenerationDefaults.Read(folder.Path, config);
        Assert.Equal([4, 5], defaults.EosTokenIds);
        Assert.Equal(3, defaults.PadTokenId);
        folder.Write("generation_config.json", """{"eos_token_id": [4, 11]}""");
        Assert.Throws<UserException>(() => GenerationDefaults.Read(folder.Path, config));
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void BothSpellingsOfAGoldenConfigSayTheSame()
    {
        var read = 0;
        foreach (var folder in Golden.Folders("reference/models").Where(IsImplemented))
        {
            var config = ModelConfig.Read(folder);
            var old = ModelConfig.ReadFile(Path.Combine(folder, "config.v4.json"));
            Assert.Equal(config.SlidingWindows, old.SlidingWindows);
            Assert.Equal(config.EosTokenIds, old.EosTokenIds);
            Assert.Equal(config, old with { SlidingWindows = config.SlidingWindows, EosTokenIds = config.EosTokenIds });
            read++;
        }
        if (read == 0) Assert.Skip("no model of an implemented family");
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void OtherFamiliesAreNamedWithThoseImplemented()
    {
        foreach (var folder in Golden.Folders("reference/models").Where(folder => !IsImplemented(folder)))
        {
            var architecture = (string)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!["architectures"]![0]!;
            var error = Assert.Throws<UserException>(() => ModelConfig.Read(folder));
            Assert.Contains(architecture, error.Message);
            Assert.Contains("Qwen2ForCausalLM", error.Message);
        }
    }

    internal static bool IsImplemented(string folder)
    {
        var architecture = (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))?["architectures"]?[0];
        return architecture is "LlamaForCausalLM" or "MistralForCausalLM" or "Qwen2ForCausalLM" or "Qwen3ForCausalLM";
    }

    private static string Mistral(string overlay) => Overlay("""{"architectures": ["MistralForCausalLM"], "model_type": "mistral"}""", overlay);

    private static string Qwen3(string overlay) =>
        Overlay("""{"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}""", overlay);

    private static string With(string overlay) => Overlay(Llama, overlay);

    private static string Overlay(string text, string overlay)
    {
        var node = JsonNode.Parse(text)!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(overlay)!.AsObject()) node[key] = value?.DeepClone();
        return node.ToJsonString();
    }

    private static ModelConfig Read(string json)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", json);
        return ModelConfig.Read(folder.Path);
    }
}
