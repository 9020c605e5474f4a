using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace LlmReasoning.Cli.Config;

/// <summary>What a key may hold, from the type of the record's property: bool, int, long, double, string, an enum or a list of one of these.</summary>
/// <param name="Item">The type of a single value, of an item for a list.</param>
/// <param name="IsList">Whether the property is an IReadOnlyList.</param>
/// <param name="AllowsNull">Whether the property is nullable.</param>
internal sealed record ConfigType(Type Item, bool IsList, bool AllowsNull)
{
    private static readonly string[] NotPlain = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

    public static ConfigType Of(PropertyInfo property)
    {
        var type = property.PropertyType;
        var allowsNull = new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) { return new(type.GetGenericArguments()[0], true, allowsNull); }
        return new(Nullable.GetUnderlyingType(type) ?? type, false, allowsNull);
    }

    /// <summary>For messages: "an integer", "true or false", "a list such as [1, 2]".</summary>
    public string Description
    {
        get
        {
            var item = Item switch
            {
                _ when Item == typeof(bool) => "true or false",
                _ when Item == typeof(int) || Item == typeof(long) => "an integer",
                _ when Item == typeof(double) => "a number",
                { IsEnum: true } => $"one of {string.Join(", ", EnumNames(Item))}",
                _ => "a text",
            };
            return (IsList ? $"a list in brackets, each item {item}" : item) + (AllowsNull ? ", or null" : "");
        }
    }

    /// <summary>Converts what was written; false where it is of another type or outside the type's range.</summary>
    public bool TryConvert(ConfigEntry entry, out object? value)
    {
        value = null;
        if (entry.Shape == ConfigShape.Scalar && IsNull(entry.Scalars[0])) { return AllowsNull; }
        if (entry.Shape != (IsList ? ConfigShape.List : ConfigShape.Scalar)) { return false; }
        if (!IsList) { return TryConvert(entry.Scalars[0], out value); }
        var items = Array.CreateInstance(Item, entry.Scalars.Count);
        for (var i = 0; i < items.Length; i++)
        {
            if (IsNull(entry.Scalars[i]) || !TryConvert(entry.Scalars[i], out var item)) { return false; }
            items.SetValue(item, i);
        }
        value = items;
        return true;
    }

    /// <summary>The YAML of a value of this type.</summary>
    public static string Write(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        double number => WriteDouble(number),
        string text => WriteText(text),
        Enum name => SnakeCase(name.ToString()),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object>().Select(Write))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>MaxCompletionLength becomes max_completion_length.</summary>
    public static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private bool TryConvert(ConfigScalar scalar, out object? value)
    {
        var invariant = CultureInfo.InvariantCulture;
        var text = scalar.Text;
        value = Item switch
        {
            _ when Item == typeof(string) => text,
            { IsEnum: true } => Array.IndexOf(EnumNames(Item), text) is >= 0 and var index ? Enum.GetValues(Item).GetValue(index) : null,
            _ when scalar.Quoted => null,
            _ when Item == typeof(bool) => text switch { "true" or "True" => true, "false" or "False" => false, _ => null },
            _ when Item == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var number) ? number : null,
            _ when Item == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var number) ? number : null,
            _ when Item == typeof(double) => double.TryParse(text, NumberStyles.Float, invariant, out var number) && double.IsFinite(number) ? number : null,
            _ => throw new NotSupportedException($"config properties of type {Item} are not read"),
        };
        return value is not null;
    }

    private static bool IsNull(ConfigScalar scalar) => !scalar.Quoted && scalar.Text is "" or "null" or "~" or "Null" or "NULL";

    private static string[] EnumNames(Type type) => [.. Enum.GetNames(type).Select(SnakeCase)];

    // With a point, because YAML 1.1 readers take 1e-06 for a text.
    private static string WriteDouble(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        var exponent = text.IndexOf('e');
        if (text.Contains('.')) { return text; }
        return exponent < 0 ? $"{text}.0" : text.Insert(exponent, ".0");
    }

    private static string WriteText(string text)
    {
        var plain = text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] is '/' or '_')
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '.' or '-' or '+')
            && !NotPlain.Contains(text.ToLowerInvariant());
        if (plain) { return text; }
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') { quoted.Append('\\').Append(c); }
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF') { quoted.Append($"\\u{(int)c:x4}"); }
            else { quoted.Append(c); }
        }
        return quoted.Append('"').ToString();
    }
}
