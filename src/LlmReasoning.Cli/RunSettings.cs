using LlmReasoning.Cli.Config;

namespace LlmReasoning.Cli;

/// <summary>The settings that a training run began with.</summary>
internal static class RunSettings
{
    /// <summary>Compares a run's config.yaml with what is asked for now.</summary>
    /// <param name="changeable">Keys that may differ.</param>
    /// <exception cref="UserException">Another key differs, or the file is missing.</exception>
    public static void RefuseOthers<T>(RunConfig<T> config, string folder, string[] changeable) where T : class
    {
        var path = Path.Combine(folder, "config.yaml");
        if (!File.Exists(path)) { throw new UserException($"{path}: is missing, so the run cannot go on as it began; start anew in another folder"); }
        foreach (var (before, now) in File.ReadLines(path).Zip(config.ToYaml().TrimEnd().Split('\n')))
        {
            if (before == now || changeable.Contains(before.Split(':')[0])) { continue; }
            throw new UserException($"{path}: the run began with '{before}', now it is '{now}'; resume with the same settings, or start anew in another folder");
        }
    }
}
