using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmReasoning.Cli.Config;

namespace LlmReasoning.Cli.Runs;

/// <summary>A run as its folder tells it: of training config.yaml and the last values of metrics.csv, of <c>eval passk</c> summary.json.</summary>
internal sealed partial record GatheredRun
{
    private static readonly string[] s_notSearched = ["checkpoints", "samples", "figures", "tensorboard"];

    /// <summary>"train" or "eval".</summary>
    public required string Kind { get; init; }

    /// <summary>As it was found, below the folder that was named.</summary>
    public required string Folder { get; init; }

    public required string Seed { get; init; }

    /// <summary>Settings as written, without seed and output_dir.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Null where the run has no such number.</summary>
    public required IReadOnlyList<(string Name, double? Value)> Metrics { get; init; }

    /// <summary>A setting as it is compared: a folder of one seed, such as in runs/a/seed-0/run, stands for that of every seed.</summary>
    public static string WithoutSeed(string setting) => SeedFolder().Replace(setting, "seed-*");

    /// <summary>The runs in a folder and in those below it, by name.</summary>
    /// <exception cref="UserException">There is no such folder, or a file of a run is faulty.</exception>
    public static IEnumerable<GatheredRun> Find(string folder) => Directory.Exists(folder)
        ? In(folder)
        : throw new UserException($"{folder}: no such folder; name folders of runs, or folders that hold them");

    private static IEnumerable<GatheredRun> In(string folder)
    {
        if ((OfTraining(folder) ?? OfEvaluation(folder)) is { } run) { yield return run; }
        foreach (var below in new DirectoryInfo(folder).GetDirectories().OrderBy(below => below.Name, StringComparer.Ordinal))
        {
            if (s_notSearched.Contains(below.Name) || below.Name.StartsWith('.') || below.LinkTarget is not null) { continue; }
            foreach (var one in In(Path.Combine(folder, below.Name))) { yield return one; }
        }
    }

    private static GatheredRun? OfTraining(string folder)
    {
        var (config, metrics) = (Path.Combine(folder, "config.yaml"), Path.Combine(folder, "metrics.csv"));
        if (!File.Exists(config) || !File.Exists(metrics)) { return null; }
        var settings = FlatYaml.ReadFile(config).ToDictionary(entry => entry.Key, entry => string.Join(", ", entry.Scalars.Select(scalar => scalar.Text)));
        return new GatheredRun
        {
            Kind = "train",
            Folder = folder,
            Seed = settings.GetValueOrDefault("seed", ""),
            Settings = settings.Where(setting => setting.Key is not ("seed" or "output_dir")).ToDictionary(),
            Metrics = LastValues(metrics),
        };
    }

    /// <summary>The last number of every column: not every step has an evaluation. Columns of texts and a last row that a kill has torn do not count.</summary>
    private static List<(string Name, double? Value)> LastValues(string path)
    {
        string[] names = [];
        double?[] last = [];
        var text = RegularFile.ReadText(path);
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.TrimEnd('\r').Split(',');
            if (names.Length == 0)
            {
                (names, last) = (fields, new double?[fields.Length]);
                continue;
            }
            if (fields.Length != names.Length) { throw new UserException($"{path}: a row has {fields.Length} fields, but the header has {names.Length}; remove the row"); }
            for (var i = 0; i < fields.Length; i++)
            {
                if (double.TryParse(fields[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) { last[i] = value; }
            }
        }
        return [.. names.Zip(last)];
    }

    private static GatheredRun? OfEvaluation(string folder)
    {
        var path = Path.Combine(folder, "summary.json");
        if (!File.Exists(path) || !File.Exists(Path.Combine(folder, "passk.csv"))) { return null; }
        try
        {
            using var json = JsonDocument.Parse(RegularFile.ReadBytes(path));
            var summary = json.RootElement;
            if (!summary.TryGetProperty("sampling", out var sampling)) { return null; }         // that of a comparison
            var settings = sampling.EnumerateObject().Where(setting => setting.Name is not ("seed" or "model_name")).ToDictionary(setting => setting.Name, setting => setting.Value.ToString());
            foreach (var name in (string[])["dataset", "scorer", "n"]) { settings[name] = summary.GetProperty(name).ToString(); }
            settings["problem_count"] = summary.GetProperty("problems").ToString();
            return new GatheredRun
            {
                Kind = "eval",
                Folder = folder,
                Seed = sampling.GetProperty("seed").ToString(),
                Settings = settings,
                Metrics =
                [
                    .. summary.GetProperty("curve").EnumerateArray().Select(point => Point("pass", point)),
                    Point("maj", summary.GetProperty("majority").EnumerateArray().Last()),
                    .. new[] { "truncated_share", "boxed_share", "answered_share", "mean_completion_tokens", "mean_answer_entropy" }
                        .Select(name => (name, (double?)summary.GetProperty(name).GetDouble())),
                ],
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UserException($"{path}: not the summary of an evaluation; write it anew with eval passk", e);
        }
    }

    private static (string Name, double? Value) Point(string name, JsonElement point) => ($"{name}@{point.GetProperty("k").GetInt32()}", point.GetProperty("estimate").GetDouble());

    [GeneratedRegex("(?<![^/])seed-[0-9]+(?![^/, ])")]
    private static partial Regex SeedFolder();
}
