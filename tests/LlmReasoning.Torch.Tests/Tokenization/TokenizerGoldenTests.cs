using System.IO.Compression;
using System.Text.Json;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Tokenization;

/// <summary>Ids and decoded texts of the tokenizers library, over whole files of texts.</summary>
[Trait("Category", "Golden")]
public class TokenizerGoldenTests
{
    /// <summary>Every tokenizer that a file of encodings has ids for; one row of nulls where there is no file.</summary>
    public static TheoryData<string?, string?> Tokenizers()
    {
        var data = new TheoryData<string?, string?>();
        foreach (var file in EncodingFiles())
        {
            foreach (var name in Lines(file).First().GetProperty("ids").EnumerateObject())
            {
                data.Add(Path.GetFileName(file), name.Name);
            }
        }
        if (data.Count == 0)
        {
            data.Add(null, null);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void IdsAndDecodedTextsAreThoseOfTheReference(string? encodings, string? name)
    {
        if (encodings is null || name is null) { Assert.Skip("there are no golden encodings"); }
        var tokenizer = Tokenizer.Load(TokenizerFolders.Find(name));
        var wrong = new List<string>();
        foreach (var line in Lines(EncodingFiles().First(file => Path.GetFileName(file) == encodings)))
        {
            var text = line.GetProperty("text").GetString()!;
            var expected = line.GetProperty("ids").GetProperty(name).EnumerateArray().Select(id => id.GetInt32()).ToArray();
            var ids = tokenizer.Encode(text);
            if (!ids.SequenceEqual(expected))
            {
                wrong.Add($"{JsonSerializer.Serialize(text)}: {string.Join(' ', ids)} and not {string.Join(' ', expected)}");
            }
            var expectedText = line.TryGetProperty("decoded", out var decoded) && decoded.TryGetProperty(name, out var other) ? other.GetString() : text;
            if (tokenizer.Decode(expected, skipSpecialTokens: false) != expectedText || Streamed(tokenizer, expected) != expectedText)
            {
                wrong.Add($"decoding of {JsonSerializer.Serialize(text)}");
            }
        }
        Assert.Empty(wrong);
    }

    private static string Streamed(Tokenizer tokenizer, int[] ids)
    {
        var decoder = tokenizer.NewDecoder(skipSpecialTokens: false);
        return string.Concat(ids.Select(decoder.Push)) + decoder.Finish();
    }

    private static IEnumerable<string> EncodingFiles() =>
        new[] { "tokenizers", "smollm2" }
            .Select(Golden.FolderOrNull)
            .OfType<string>()
            .SelectMany(folder => Directory.GetFiles(folder, "encodings*.jsonl.gz"))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<JsonElement> Lines(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                yield return JsonDocument.Parse(line).RootElement.Clone();
            }
        }
    }
}
