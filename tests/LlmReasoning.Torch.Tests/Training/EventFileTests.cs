using System.Buffers.Binary;
using System.Text.Json;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

public sealed class EventFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Category", "Golden")]
    public void PlainScalarsAreWrittenByteForByteAsTensorBoardDoes()
    {
        var folder = Golden.Folder("reference/tensorboard");
        var compared = 0;
        foreach (var file in Golden.Json(Path.Combine(folder, "golden.json")).GetProperty("files").EnumerateObject())
        {
            var expected = File.ReadAllBytes(Path.Combine(folder, file.Name));
            foreach (var record in file.Value.EnumerateArray())
            {
                var (offset, length) = (record.GetProperty("offset").GetInt32(), record.GetProperty("length").GetInt32());
                var data = expected.AsSpan(offset + 12, length);
                Assert.Equal(record.GetProperty("masked_crc_of_length").GetUInt32(), EventFile.MaskedCrc(expected.AsSpan(offset, 8)));
                Assert.Equal(record.GetProperty("masked_crc_of_data").GetUInt32(), EventFile.MaskedCrc(data));
                if (Encoded(record) is not { } encoded) { continue; }
                using var written = new MemoryStream();
                EventFile.WriteRecord(written, encoded);
                Assert.Equal(expected[offset..(offset + 16 + length)], written.ToArray());
                compared++;
            }
        }
        Assert.True(compared > 1);
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void AnEventFileIsCutBeforeItsFirstLaterStep()
    {
        var folder = Golden.Folder("reference/tensorboard");
        foreach (var file in Golden.Json(Path.Combine(folder, "golden.json")).GetProperty("files").EnumerateObject())
        {
            var steps = file.Value.EnumerateArray().Select(record => (Step: record.GetProperty("step").GetInt32(), Offset: record.GetProperty("offset").GetInt32())).ToList();
            var last = steps[^1].Step;
            var path = Path.Combine(_folder.Path, file.Name);
            File.WriteAllBytes(path, File.ReadAllBytes(Path.Combine(folder, file.Name))[..^3]);      // and torn
            EventFile.Cut(path, last - 1);
            Assert.Equal(steps.First(step => step.Step == last).Offset, new FileInfo(path).Length);
        }
    }

    [Fact]
    public void ARunThatGoesOnHasEveryStepOnce()
    {
        var first = new EventFile(_folder.Path, 0);
        for (var step = 1; step <= 5; step++) { first.Write(step, [("reward", step)]); }
        var second = new EventFile(_folder.Path, 3);
        for (var step = 4; step <= 6; step++) { second.Write(step, [("reward", step), ("loss", double.NaN)]); }
        var files = Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(2, files.Count);
        Assert.Equal([0, 1, 2, 3], Steps(files[0]));
        Assert.Equal([0, 4, 4, 5, 6], Steps(files[1]));        // the session's start, for a TensorBoard that has read on
    }

    // Null for values kept as tensors, which are not written here.
    private static byte[]? Encoded(JsonElement record)
    {
        var (time, step) = (record.GetProperty("wall_time").GetDouble(), record.GetProperty("step").GetInt64());
        if (record.TryGetProperty("source_writer", out var writer)) { return EventFile.FileVersion(time, writer.GetString()!); }
        var values = record.GetProperty("summary").EnumerateArray().ToList();
        return values.Count > 0 && values.All(value => value.TryGetProperty("simple_value", out _))
            ? EventFile.Scalars(time, step, values.Select(value => (value.GetProperty("tag").GetString()!, Number(value.GetProperty("simple_value")))))
            : null;
    }

    private static double Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble() : value.GetString() switch { "inf" => double.PositiveInfinity, "-inf" => double.NegativeInfinity, _ => Math.CopySign(double.NaN, 1) };   // .NET has the sign bit set

    // The step stands behind the wall time, 9 bytes in, where it is not 0.
    private static List<int> Steps(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var steps = new List<int>();
        for (var at = 0; at < bytes.Length; at += 16 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)))
        {
            steps.Add(bytes[at + 12 + 9] == 0x10 ? bytes[at + 12 + 10] : 0);
        }
        return steps;
    }
}
