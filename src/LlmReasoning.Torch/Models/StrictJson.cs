using System.Text.Json;

namespace LlmReasoning.Torch.Models;

/// <summary>A JSON object of a model folder, read strictly: every error names the file, the key, the value and the remedy.</summary>
/// <remarks>A key given as <c>null</c> counts as absent, as it does for transformers, unless the caller asks <see cref="Contains"/>.</remarks>
internal sealed class StrictJson
{
    private const int MaxShownCharacters = 60;
    private readonly JsonElement _object;
    private readonly string _prefix;    // "rope_scaling." inside a nested object

    private StrictJson(string path, JsonElement element, string prefix)
    {
        Path = path;
        _object = element;
        _prefix = prefix;
    }

    public string Path { get; }

    public IEnumerable<string> Keys => _object.EnumerateObject().Select(property => property.Name);

    /// <summary>Reads the file at <paramref name="path"/>, which must be one JSON object of at most <paramref name="maxBytes"/> bytes without a key given twice.</summary>
    public static StrictJson Read(string path, long maxBytes)
    {
        var bytes = ReadBytes(path, maxBytes);
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement;
            ReadStrings(root);
            if (root.ValueKind != JsonValueKind.Object) throw new UserException($"{path}: the content is {Shown(root)}; it must be a JSON object");
            return new StrictJson(path, root.Clone(), prefix: "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserException($"{path}: not valid JSON ({e.Message.TrimEnd('.')}); download or write the file again", e);
        }
    }

    public bool Contains(string key) => _object.TryGetProperty(key, out _);

    public bool Has(string key) => _object.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The integer at <paramref name="key"/>, in [min, max]; <paramref name="fallback"/> where it is absent, an error where there is none.</summary>
    public int Int(string key, int min, int max, int? fallback = null)
    {
        if (!Has(key)) return fallback ?? throw Missing(key, $"an integer from {min} to {max}");
        var value = _object.GetProperty(key);
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max) return number;
        throw Error(key, $"it must be an integer from {min} to {max}");
    }

    /// <summary>The number at <paramref name="key"/>, in [min, max]; <paramref name="fallback"/> where it is absent, an error where there is none.</summary>
    public double Number(string key, double min, double max, double? fallback = null)
    {
        if (!Has(key)) return fallback ?? throw Missing(key, $"a number from {min} to {max}");
        var value = _object.GetProperty(key);
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max) return number;
        throw Error(key, $"it must be a number from {min} to {max}");
    }

    public bool Flag(string key, bool fallback)
    {
        if (!Has(key)) return fallback;
        var value = _object.GetProperty(key);
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Error(key, "it must be true or false"),
        };
    }

    public string? Text(string key)
    {
        if (!Has(key)) return null;
        var value = _object.GetProperty(key);
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Error(key, "it must be a string");
    }

    /// <summary>The strings of the array at <paramref name="key"/>, or null where it is absent.</summary>
    public IReadOnlyList<string>? Texts(string key)
    {
        if (!Has(key)) return null;
        var value = _object.GetProperty(key);
        if (value.ValueKind != JsonValueKind.Array) throw Error(key, "it must be an array of strings");
        if (value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String)) throw Error(key, "it must be an array of strings");
        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    /// <summary>Token ids at <paramref name="key"/>, one integer or an array of them, each in [0, vocabSize); empty where absent.</summary>
    public IReadOnlyList<int> TokenIds(string key, int vocabSize)
    {
        if (!Has(key)) return [];
        var value = _object.GetProperty(key);
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        var ids = new List<int>(items.Length);
        foreach (var item in items)
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var id) || id < 0 || id >= vocabSize)
            {
                throw Error(key, $"it must be a token id, or an array of them, from 0 to {vocabSize - 1}");
            }
            ids.Add(id);
        }
        return ids;
    }

    /// <summary>Every key with its value, all of which must be strings.</summary>
    public Dictionary<string, string> Entries(string remedy)
    {
        var entries = new Dictionary<string, string>();
        foreach (var property in _object.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String) throw Error(property.Name, remedy);
            entries[property.Name] = property.Value.GetString()!;
        }
        return entries;
    }

    public StrictJson? Object(string key)
    {
        if (!Has(key)) return null;
        var value = _object.GetProperty(key);
        return value.ValueKind == JsonValueKind.Object ? new StrictJson(Path, value, $"{_prefix}{key}.") : throw Error(key, "it must be an object");
    }

    /// <summary>"FILE: KEY is VALUE; REMEDY"</summary>
    public UserException Error(string key, string remedy) =>
        new($"{Path}: {Printable(_prefix + key)} is {(_object.TryGetProperty(key, out var value) ? Shown(value) : "absent")}; {remedy}");

    /// <summary>What comes from a file stays one line of bounded length in a message.</summary>
    public static string Printable(string text, int longest = 100)
    {
        var shown = text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), "...");
        return string.Concat(shown.Select(c => char.IsControl(c) ? ' ' : c));
    }

    private UserException Missing(string key, string wanted) =>
        new($"{Path}: {Printable(_prefix + key)} is {(Contains(key) ? "null" : "absent")}; add it, {wanted}");

    private static byte[] ReadBytes(string path, long maxBytes)
    {
        RegularFile.Require(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > maxBytes) throw new UserException($"{path}: the file has {stream.Length} bytes; at most {maxBytes} are read");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserException($"{path}: the file does not exist; name a model folder in Hugging Face's layout", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message.TrimEnd('.')}); check the path and its permissions", e);
        }
    }

    /// <summary>The parser leaves strings undecoded: one that is not Unicode shows here (InvalidOperationException), not where it is used.</summary>
    private static void ReadStrings(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) element.GetString();
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) ReadStrings(item);
        }
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var property in element.EnumerateObject())
        {
            _ = property.Name;
            ReadStrings(property.Value);
        }
    }

    private static string Shown(JsonElement value) => Printable(value.GetRawText(), MaxShownCharacters);
}
