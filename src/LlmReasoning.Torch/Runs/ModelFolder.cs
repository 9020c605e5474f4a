using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Runs;

/// <summary>Finds a model by what the user calls it.</summary>
public static class ModelFolder
{
    /// <summary>The name of the model that ships beside the program.</summary>
    public const string Embedded = "embedded";

    /// <summary>The folder of "embedded", or the folder itself, whether it exists or not.</summary>
    public static string PathOf(string nameOrPath) => nameOrPath == Embedded ? Path.Combine(AppContext.BaseDirectory, Embedded) : nameOrPath;

    /// <summary>The folder of "embedded", or the folder itself.</summary>
    /// <exception cref="UserException">There is no such folder.</exception>
    public static string Resolve(string nameOrPath)
    {
        var path = PathOf(nameOrPath);
        if (Directory.Exists(path)) { return path; }
        throw new UserException(File.Exists(nameOrPath)
            ? $"model is {nameOrPath}, which is a file; name its folder, with config.json, safetensors and tokenizer.json"
            : $"model is {nameOrPath}, which does not exist; name a folder with config.json, safetensors and tokenizer.json, or \"{Embedded}\"");
    }

    /// <summary>The tokenizer of a model folder.</summary>
    /// <remarks>Added tokens may lie beyond the model's vocabulary, as they do where a padding token was added; a prompt with one of them is refused.</remarks>
    /// <exception cref="UserException">It is missing, broken, or cuts text into tokens that the model does not have.</exception>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model that takes it; null = the folder's own.</param>
    public static Tokenizer LoadTokenizer(string folder, ModelConfig? model = null)
    {
        var tokenizer = Tokenizer.Load(folder);
        var vocabSize = (model ?? ModelConfig.Read(folder)).VocabSize;
        return tokenizer.MergedVocabularySize <= vocabSize ? tokenizer : throw new UserException(
            $"{tokenizer.SourcePath}: model.vocab has ids up to {tokenizer.MergedVocabularySize - 1}, and vocab_size of the model is {vocabSize}; take the tokenizer that belongs to the model");
    }
}
