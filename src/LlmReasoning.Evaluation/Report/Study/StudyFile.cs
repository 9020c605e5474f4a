using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>study.json: what a study's folder holds.</summary>
internal sealed record StudyFile
{
    public const string FileName = "study.json";

    public required string Name { get; init; }

    /// <summary>The base model.</summary>
    public required string Model { get; init; }

    /// <summary>Whether the problems are made so that the base is diffuse: the report then says that its numbers are no evidence about large models.</summary>
    public bool Synthetic { get; init; }

    /// <summary>Folders seed-S.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>Folders in each of them.</summary>
    public required IReadOnlyList<string> Arms { get; init; }

    /// <summary>Samples a test problem.</summary>
    public required int K { get; init; }

    /// <summary>One sentence for the head of the report, or null.</summary>
    public string? Description { get; init; }

    /// <exception cref="UserException">Missing, or not such a file.</exception>
    public static StudyFile Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) { throw new UserException($"{path}: there is no such file; name the folder of a study, as study run makes it"); }
        try
        {
            var file = JsonSerializer.Deserialize(RegularFile.ReadBytes(path), StudyJson.Snake.StudyFile)!;
            if (file.Seeds.Count == 0) { throw new UserException($"{path}: seeds is empty; name at least one"); }
            if (file.Seeds.Distinct().Count() < file.Seeds.Count) { throw new UserException($"{path}: seeds names {file.Seeds.GroupBy(seed => seed).First(same => same.Count() > 1).Key} twice; name it once"); }
            if (file.Arms.Contains(Arm.Control)) { throw new UserException($"{path}: arms holds \"{Arm.Control}\"; the second sample of the base is base/control and no arm, leave it out"); }
            if (file.Arms.FirstOrDefault(arm => arm is "" or "." or ".." || arm.AsSpan().IndexOfAny('/', '\\') >= 0) is { } odd) { throw new UserException($"{path}: arms holds \"{odd}\"; an arm is the name of a folder in seed-S"); }
            return file;
        }
        catch (JsonException e)
        {
            throw new UserException($"{path}: cannot be read ({e.Message.Split(" Path:")[0].TrimEnd('.')}); it needs name, model, synthetic, seeds, arms and k", e);
        }
    }
}

[JsonSerializable(typeof(StudyFile))]
[JsonSerializable(typeof(string))]
internal sealed partial class StudyJson : JsonSerializerContext
{
    public static readonly StudyJson Snake = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
    });
}
