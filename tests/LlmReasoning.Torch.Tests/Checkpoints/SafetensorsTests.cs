using System.Text;
using System.Text.Json;
using LlmReasoning.Torch.Checkpoints;

namespace LlmReasoning.Torch.Tests.Checkpoints;

public sealed class SafetensorsTests
{
    /// <summary>Types the library opens and torch's usual types do not cover: they open here too, and reading them is an error.</summary>
    private static readonly string[] Readable = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"];

    [Fact]
    [Trait("Category", "Golden")]
    public void EveryFileGetsTheLibrarysVerdict()
    {
        var folder = Golden.Folder("reference/formats/safetensors");
        foreach (var item in Golden.Json(Path.Combine(folder, "golden.json")).GetProperty("files").EnumerateObject())
        {
            var path = Path.Combine(folder, "corrupt", $"{item.Name}.safetensors");
            if (item.Value.GetProperty("safe_open").GetString() != "accept")
            {
                var error = Assert.Throws<UserException>(() => SafetensorsFile.Open(path));
                Assert.StartsWith($"{path}: ", error.Message);
                Assert.DoesNotContain('\n', error.Message);
                continue;
            }
            using var file = SafetensorsFile.Open(path);
            Assert.Equal(item.Value.GetProperty("keys").EnumerateArray().Select(key => key.GetString()), file.Tensors.Keys.Order(StringComparer.Ordinal));
            foreach (var (name, entry) in file.Tensors)
            {
                Assert.Equal(item.Value.GetProperty("shapes").GetProperty(name).EnumerateArray().Select(size => size.GetInt64()), entry.Shape);
                if (Readable.Contains(entry.DType)) file.Read(name).Dispose();
                else Assert.Contains(entry.DType, Assert.Throws<UserException>(() => file.Read(name)).Message);
            }
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void EveryTypeIsReadExactly()
    {
        var folder = Golden.Folder("reference/formats/safetensors");
        var golden = Golden.Json(Path.Combine(folder, "golden.json")).GetProperty("all_dtypes");
        using var file = SafetensorsFile.Open(Path.Combine(folder, golden.GetProperty("file").GetString()!));
        Assert.Equal(golden.GetProperty("metadata").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!), file.Metadata);
        foreach (var item in golden.GetProperty("tensors").EnumerateObject())
        {
            using var tensor = file.Read(item.Name);
            Assert.Equal(item.Value.GetProperty("dtype").GetString(), NameOf(tensor.dtype));
            Assert.Equal(item.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), tensor.shape);
            var expected = item.Value.GetProperty("values_flat").EnumerateArray().ToList();
            if (tensor.dtype == ScalarType.Int64) Assert.Equal(expected.Select(value => value.GetInt64()), tensor.flatten().data<long>());
            else Assert.Equal(expected.Select(Number), tensor.to_type(ScalarType.Float64).flatten().data<double>());
        }
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void TheWriterWritesTheLibrarysBytes()
    {
        string[] paths =
        [
            .. Directory.GetFiles(Golden.Folder("reference/formats/safetensors"), "*.safetensors"),
            .. Golden.Folders("reference/models").SelectMany(folder => Directory.GetFiles(folder, "*.safetensors")),
        ];
        using var folder = new TemporaryFolder();
        foreach (var path in paths)
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(path);
            SafetensorsWriter.Write(folder.File("copy.safetensors"), file.Tensors.Keys.Reverse().ToDictionary(name => name, file.Read), file.Metadata);
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder.File("copy.safetensors"))), path);
        }
    }

    [Fact]
    public void ReadingIntoATensorConvertsItsType()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var source = tensor(new float[] { 1.5f, -2, 3.25f, float.PositiveInfinity, 5, 6 }).view(2, 3).to_type(ScalarType.BFloat16);
        SafetensorsWriter.Write(folder.File("a.safetensors"), new Dictionary<string, Tensor> { ["x"] = source }, metadata: null);
        using var file = SafetensorsFile.Open(folder.File("a.safetensors"));
        var wide = nn.Parameter(zeros(2, 3));
        file.ReadInto("x", wide);
        Assert.True(wide.requires_grad);
        Assert.Equal(source.to_type(ScalarType.Float32).data<float>().ToArray(), wide.data<float>().ToArray());
    }

    [Fact]
    public void ReadingIntoAPartOfATensorLeavesTheRestAlone()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder.File("a.safetensors"), new Dictionary<string, Tensor> { ["x"] = ones(2, 3) }, metadata: null);
        using var file = SafetensorsFile.Open(folder.File("a.safetensors"));
        var whole = zeros(5, 3);
        file.ReadInto("x", whole.narrow(0, 1, 2));
        Assert.Equal([0f, 1, 1, 0, 0], whole.select(1, 2).data<float>().ToArray());
        var columns = zeros(2, 5);
        file.ReadInto("x", columns.narrow(1, 1, 3));
        Assert.Equal([0f, 1, 1, 1, 0, 0, 1, 1, 1, 0], columns.data<float>().ToArray());
    }

    [Fact]
    public void NonContiguousTensorsAreWrittenInTheirOrder()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder.File("a.safetensors"), new Dictionary<string, Tensor> { ["x"] = arange(6, dtype: ScalarType.Float32).view(2, 3).t() }, metadata: null);
        using var file = SafetensorsFile.Open(folder.File("a.safetensors"));
        Assert.Equal([0f, 3, 1, 4, 2, 5], file.Read("x").data<float>().ToArray());
    }

    [Theory]
    [InlineData("""{"a\nb":{"dtype":"F33","shape":[],"data_offsets":[0,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"__metadata__":null,"__metadata__":{}}""")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[18446744073709551615,0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},}""")]
    [InlineData("""{"a":null}""")]
    public void HostileHeadersAreRefusedInOneLine(string header)
    {
        using var folder = new TemporaryFolder();
        var bytes = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(folder.File("a.safetensors"), [.. BitConverter.GetBytes((long)bytes.Length), .. bytes]);
        var error = Assert.Throws<UserException>(() => SafetensorsFile.Open(folder.File("a.safetensors")));
        Assert.DoesNotContain('\n', error.Message);
        Assert.True(error.Message.Length < 600);
    }

    [Fact]
    public void AShapeOfManyDimensionsIsRefused()
    {
        var shape = string.Join(',', Enumerable.Repeat("1", 65));
        HostileHeadersAreRefusedInOneLine("""{"a":{"dtype":"F32","shape":[SHAPE],"data_offsets":[0,4]}}""".Replace("SHAPE", shape));
    }

    [Fact]
    public void RandomDamageIsRefusedOrRead()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(folder.File("a.safetensors"), new Dictionary<string, Tensor> { ["x"] = ones(2, 3), ["y"] = ones(1) }, metadata: null);
        var bytes = File.ReadAllBytes(folder.File("a.safetensors"));
        var random = new Random(5);
        for (var trial = 0; trial < 500; trial++)
        {
            var damaged = bytes.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder.File("b.safetensors"), damaged);
            try
            {
                using var file = SafetensorsFile.Open(folder.File("b.safetensors"));
                foreach (var name in file.Tensors.Keys) file.Read(name).Dispose();
            }
            catch (UserException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    private static double Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => value.GetString() switch
        {
            "nan" => double.NaN,
            "inf" => double.PositiveInfinity,
            _ => double.NegativeInfinity,
        },
        _ => value.GetDouble(),
    };

    private static string NameOf(ScalarType type) => type switch
    {
        ScalarType.Byte => "uint8",
        _ => type.ToString().ToLowerInvariant(),
    };
}
