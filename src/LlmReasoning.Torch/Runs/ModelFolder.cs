namespace LlmReasoning.Torch.Runs;

/// <summary>Finds a model by what the user calls it.</summary>
public static class ModelFolder
{
    /// <summary>The name of the model that ships beside the program.</summary>
    public const string Embedded = "embedded";

    /// <summary>The folder of "embedded", or the folder itself.</summary>
    /// <exception cref="UserException">There is no such folder.</exception>
    public static string Resolve(string nameOrPath)
    {
        if (nameOrPath == Embedded) { return Path.Combine(AppContext.BaseDirectory, Embedded); }
        if (Directory.Exists(nameOrPath)) { return nameOrPath; }
        throw new UserException(File.Exists(nameOrPath)
            ? $"model is {nameOrPath}, which is a file; name its folder, with config.json, safetensors and tokenizer.json"
            : $"model is {nameOrPath}, which does not exist; name a folder with config.json, safetensors and tokenizer.json, or \"{Embedded}\"");
    }
}
