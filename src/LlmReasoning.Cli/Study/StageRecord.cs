using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmReasoning.Cli.Study;

/// <summary>What a stage is made from, and what came out: stage.json when it is finished, stage.started.json until then.</summary>
internal sealed record StageRecord
{
    public const string FinishedFile = "stage.json";
    public const string StartedFile = "stage.started.json";

    private static readonly JsonSerializerOptions s_style = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
    };

    public required string Stage { get; init; }
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>By <see cref="InputFile.Role"/>.</summary>
    public required IReadOnlyDictionary<string, FileContent> Files { get; init; }

    /// <summary><see cref="Hash"/> of the stages that were read, by name without the seed's folder.</summary>
    public required IReadOnlyDictionary<string, string> Inputs { get; init; }

    /// <summary>By path below the stage's folder; empty until it is finished.</summary>
    public IReadOnlyDictionary<string, FileContent> Outputs { get; init; } = new SortedDictionary<string, FileContent>();

    /// <summary>Of settings, contents, inputs and outputs: what stages that read this one remember.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Wall time of the command that finished it.</summary>
    public double Seconds { get; init; }

    /// <summary>The record, or null where the file is missing or cannot be read as one.</summary>
    public static StageRecord? Read(string path)
    {
        try
        {
            return File.Exists(path) && new FileInfo(path).Length < 1 << 20 ? JsonSerializer.Deserialize<StageRecord>(RegularFile.ReadText(path), s_style) : null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, s_style) + "\n");

    /// <summary>The same with its hash.</summary>
    public StageRecord WithHash()
    {
        var text = new StringBuilder($"{Stage}\n");
        foreach (var (key, value) in Settings) { text.Append($"setting {key} {value}\n"); }
        foreach (var (role, file) in Files) { text.Append($"file {role} {file.Sha256}\n"); }
        foreach (var (name, hash) in Inputs) { text.Append($"input {name} {hash}\n"); }
        foreach (var (path, file) in Outputs) { text.Append($"output {path} {file.Sha256}\n"); }
        return this with { Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))) };
    }

    /// <summary>The first thing in which <paramref name="now"/> departs from this, in words; null where nothing does. Inputs are compared by <see cref="StageStates"/>.</summary>
    /// <param name="now">What the stage would be made from.</param>
    /// <param name="defaults">Of settings that this record, made by an older program, may not have.</param>
    public string? Difference(StageRecord now, IReadOnlyDictionary<string, string> defaults)
    {
        foreach (var key in Settings.Keys.Union(now.Settings.Keys).Order(StringComparer.Ordinal))
        {
            var (before, after) = (Settings.GetValueOrDefault(key) ?? defaults.GetValueOrDefault(key), now.Settings.GetValueOrDefault(key));
            if (before != after) { return $"{key} changed from {before ?? "nothing"} to {after ?? "nothing"}"; }
        }
        foreach (var role in Files.Keys.Union(now.Files.Keys).Order(StringComparer.Ordinal))
        {
            if (Files.GetValueOrDefault(role)?.Sha256 != now.Files.GetValueOrDefault(role)?.Sha256) { return $"the content of {role} changed"; }
        }
        return null;
    }
}
