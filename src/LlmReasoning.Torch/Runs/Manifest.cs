using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmReasoning.Torch.Models;

namespace LlmReasoning.Torch.Runs;

/// <summary>manifest.json: what a folder was made with. Only <c>started_at</c> and <c>command</c> differ between equal runs on one machine.</summary>
public static class Manifest
{
    private static readonly JsonSerializerOptions s_style = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Of a folder that a model filled.</summary>
    /// <param name="path">The file.</param>
    /// <param name="modelFolder">Whose files are hashed.</param>
    /// <param name="model">For type and device.</param>
    /// <param name="problems">As the user named them; hashed if it is a file.</param>
    public static void Write(string path, string modelFolder, CausalLM model, string? problems)
    {
        var manifest = new
        {
            program = $"llm-reasoning {Version(typeof(Manifest))}",
            dotnet = Environment.Version.ToString(),
            torchsharp = Version(typeof(torch)),
            libtorch = __version__,
            model = new { architecture = model.Config.Architecture, parameters = model.Weights().Values.Sum(weight => weight.numel()), sha256 = HashOf(modelFolder) },
            problems = ProblemsOf(problems),
            device = model.Device.ToString(),
            dtype = model.DType.ToString().ToLowerInvariant(),
            command = Command(),
            started_at = Now(),
        };
        AtomicFile.WriteText(path, JsonSerializer.Serialize(manifest, s_style) + "\n");
    }

    /// <summary>Of a folder that was made from samples, without a model and without libtorch.</summary>
    /// <param name="path">The file.</param>
    /// <param name="samples">Files, which are hashed.</param>
    /// <param name="problems">As the user named them; hashed if it is a file.</param>
    public static void Write(string path, IReadOnlyList<string> samples, string problems)
    {
        var manifest = new
        {
            program = $"llm-reasoning {Version(typeof(Manifest))}",
            dotnet = Environment.Version.ToString(),
            samples = samples.Select(file => new { name = file, sha256 = RegularFile.Sha256(file) }),
            problems = ProblemsOf(problems),
            command = Command(),
            started_at = Now(),
        };
        AtomicFile.WriteText(path, JsonSerializer.Serialize(manifest, s_style) + "\n");
    }

    /// <summary>Refuses to go on with another model than the manifest's. A model that is gone, or no newer than the manifest, is taken for the same.</summary>
    /// <param name="path">manifest.json; where it is missing or broken there is nothing to compare with.</param>
    /// <param name="modelFolder">The model to go on with.</param>
    /// <exception cref="UserException">The weights are others.</exception>
    public static void RequireSameModel(string path, string modelFolder)
    {
        if (!File.Exists(path) || !Directory.Exists(modelFolder)) { return; }
        var written = File.GetLastWriteTimeUtc(path);
        if (Files(modelFolder).All(file => !File.Exists(file) || File.GetLastWriteTimeUtc(file) <= written)) { return; }
        if (ReadHashes(path) is not { } before) { return; }
        var changed = HashOf(modelFolder).FirstOrDefault(file => before.GetValueOrDefault(file.Key) != file.Value).Key;
        if (changed is not null)
        {
            throw new UserException($"{Path.Combine(modelFolder, changed)}: has changed since {path} was written; samples of two models cannot be mixed, name another output folder");
        }
    }

    private static Dictionary<string, string>? ReadHashes(string path)
    {
        try
        {
            return JsonNode.Parse(RegularFile.ReadText(path))?["model"]?["sha256"].Deserialize<Dictionary<string, string>>();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static object ProblemsOf(string? problems) => new { name = problems, sha256 = problems is not null && File.Exists(problems) ? RegularFile.Sha256(problems) : null };

    private static string Command() => string.Join(' ', Environment.GetCommandLineArgs().Skip(1));

    private static string Now() => DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Version(Type type) =>
        (type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown").Split('+')[0];

    private static Dictionary<string, string> HashOf(string folder) => Files(folder).ToDictionary(file => Path.GetFileName(file)!, RegularFile.Sha256);

    private static IEnumerable<string> Files(string folder) =>
        Directory.GetFiles(folder, "*.safetensors").Append(Path.Combine(folder, "config.json")).Order(StringComparer.Ordinal);
}
