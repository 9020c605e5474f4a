using LlmReasoning.Torch.Checkpoints;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Pretraining;

/// <summary>A model folder with random weights: what a pretraining run starts from, and whose files go with its checkpoints.</summary>
public static class NewModel
{
    /// <summary>Writes config.json, weights and the tokenizer's files; what was in the folder is replaced.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="config">For model, tokenizer and seed.</param>
    /// <exception cref="UserException">Tokenizer and config do not fit together, or one of them is missing or broken.</exception>
    public static void Write(string folder, PretrainConfig config)
    {
        var tokenizerFolder = ModelFolder.Resolve(config.TokenizerNameOrPath);
        if (Directory.Exists(folder)) { Directory.Delete(folder, recursive: true); }
        AtomicFolder.Write(folder, beside =>
        {
            var json = ConfigJson(config, tokenizerFolder);
            AtomicFile.WriteText(Path.Combine(beside, "config.json"), json);
            var modelConfig = ModelConfig.Read(beside);
            ModelFolder.LoadTokenizer(tokenizerFolder, modelConfig);
            using var model = new CausalLM(modelConfig, ScalarType.Float32, CPU);
            Initialisation.Randomise(model, config.Seed);
            Checkpoint.Write(beside, json, model.Weights(), Checkpoint.Companions(tokenizerFolder));
        });
    }

    private static string ConfigJson(PretrainConfig config, string tokenizerFolder)
    {
        if (config.ModelConfig is { } path)
        {
            if (!File.Exists(path)) { throw new UserException($"model_config is {path}, which does not exist; name a config.json, or leave it out for the keys hidden_size, num_hidden_layers, ..."); }
            ModelConfig.ReadFile(path);     // for a message that names this file, not the copy
            return RegularFile.ReadText(path);
        }
        if (!File.Exists(Path.Combine(tokenizerFolder, "config.json")))
        {
            throw new UserException($"{tokenizerFolder}: has no config.json that names the stop token; give the new model's own with model_config");
        }
        var owner = ModelConfig.Read(tokenizerFolder);
        var defaults = GenerationDefaults.Read(tokenizerFolder, owner);
        if (defaults.EosTokenIds is not [var eosId, ..]) { throw new UserException($"{tokenizerFolder}: names no stop token (eos_token_id); add it to generation_config.json"); }
        return config.ConfigJson(Tokenizer.Load(tokenizerFolder).VocabularySize, eosId, defaults.PadTokenId);
    }
}
