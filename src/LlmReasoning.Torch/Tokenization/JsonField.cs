using System.Text.Json;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>A value of a JSON file with the path of keys that leads to it, so that a complaint can name both.</summary>
internal readonly record struct JsonField(string File, string Key, JsonElement Value)
{
    private const int LongestShownValue = 60;

    /// <summary>The field is absent or null.</summary>
    public bool IsNull => Value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>A key of this object; its value is undefined where the object lacks it.</summary>
    public JsonField this[string name]
    {
        get
        {
            Expect(JsonValueKind.Object, "an object");
            return new(File, Key.Length == 0 ? name : $"{Key}.{name}", Value.TryGetProperty(name, out var value) ? value : default);
        }
    }

    public IEnumerable<JsonField> Items()
    {
        Expect(JsonValueKind.Array, "a list");
        var (file, key) = (File, Key);
        return Value.EnumerateArray().Select((item, index) => new JsonField(file, $"{key}[{index}]", item));
    }

    /// <exception cref="UserException">Not a string, or one with half of a surrogate pair.</exception>
    public string Text()
    {
        Expect(JsonValueKind.String, "a string");
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong("a string of whole Unicode characters belongs here");
        }
    }

    public bool Flag(bool otherwise) => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Undefined or JsonValueKind.Null => otherwise,
        _ => throw Wrong("true or false belongs here"),
    };

    /// <summary>Refuses keys that nothing here reads: they may change what the file means.</summary>
    public void AllowOnly(params ReadOnlySpan<string> known)
    {
        Expect(JsonValueKind.Object, "an object");
        foreach (var property in Value.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                throw new JsonField(File, Key.Length == 0 ? property.Name : $"{Key}.{property.Name}", property.Value)
                    .Wrong("this key is not implemented");
            }
        }
    }

    public void Expect(JsonValueKind kind, string description)
    {
        if (Value.ValueKind != kind)
        {
            throw Wrong($"{description} belongs here");
        }
    }

    /// <summary>One line: the file, the key, the value found, what to do.</summary>
    public UserException Wrong(string remedy)
    {
        var shown = Value.ValueKind == JsonValueKind.Undefined ? "missing" : Value.GetRawText().ReplaceLineEndings(" ");
        if (shown.Length > LongestShownValue)
        {
            shown = $"{shown.AsSpan(0, LongestShownValue)}...";
        }
        return new UserException($"{File}: {(Key.Length == 0 ? "the file" : Key)} is {shown}; {remedy}");
    }
}
