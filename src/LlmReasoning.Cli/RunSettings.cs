using LlmReasoning.Cli.Config;

namespace LlmReasoning.Cli;

/// <summary>The settings that a training run began with.</summary>
internal static class RunSettings
{
    /// <summary>Compares a run's config.yaml with what is asked for now, key by key.</summary>
    /// <param name="changeable">Keys that may differ.</param>
    /// <exception cref="UserException">Another key differs, or the file is missing.</exception>
    public static void RefuseOthers<T>(RunConfig<T> config, string folder, string[] changeable) where T : class
    {
        var path = Path.Combine(folder, "config.yaml");
        if (!File.Exists(path)) { throw new UserException($"{path}: is missing, so the run cannot go on as it began; start anew in another folder"); }
        var before = Lines(RegularFile.ReadText(path).Split('\n'));
        foreach (var (key, now) in Lines(config.ToYaml().Split('\n')))
        {
            if (changeable.Contains(key)) { continue; }
            if (before.TryGetValue(key, out var began) ? began == now : !config.IsGiven(key)) { continue; }      // a key that is new here keeps its default
            throw new UserException($"{path}: the run began {(began is null ? $"without {key}" : $"with '{began}'")}, now it is '{now}'; resume with the same settings, or start anew in another folder");
        }
    }

    // Whole lines by their keys.
    private static Dictionary<string, string> Lines(IEnumerable<string> yaml)
    {
        var lines = new Dictionary<string, string>();
        foreach (var line in yaml.Where(line => line.Contains(':'))) { lines[line[..line.IndexOf(':')]] = line; }
        return lines;
    }
}
