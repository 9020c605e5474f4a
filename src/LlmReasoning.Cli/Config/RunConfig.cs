using System.Reflection;
using System.Text;

namespace LlmReasoning.Cli.Config;

/// <summary>A run's settings: the record <typeparamref name="T"/> filled from a flat YAML file and the command line, and where each value came from.</summary>
/// <remarks>The keys are the record's properties in snake_case; the defaults live in the record alone.</remarks>
internal sealed class RunConfig<T> where T : class
{
    private static readonly Dictionary<string, PropertyInfo> Properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite)
        .OrderBy(property => property.DeclaringType == typeof(T) ? 0 : 1)                // own keys before those that several commands share
        .ThenBy(property => property.MetadataToken)
        .ToDictionary(property => ConfigType.SnakeCase(property.Name));

    private readonly Dictionary<string, ConfigEntry> _given;
    private readonly string? _path;

    private RunConfig(T value, string? path, Dictionary<string, ConfigEntry> given, string? ignored)
    {
        Value = value;
        _path = path;
        _given = given;
        Ignored = ignored;
    }

    public T Value { get; }

    /// <summary>One line that lists the keys that were given and have no meaning here, with the reasons; null where there are none.</summary>
    public string? Ignored { get; }

    /// <summary>The record with its defaults, for help texts. Required properties are null or zero.</summary>
    public static T Defaults => Activator.CreateInstance<T>();

    /// <summary>Whether the record has a property for the key.</summary>
    public static bool Has(string key) => Properties.ContainsKey(key);

    /// <summary>The defaults as a config would write them, by key; keys that must be given are left out.</summary>
    public static IReadOnlyDictionary<string, string> DefaultTexts => Properties.Where(pair => !IsRequired(pair.Value)).ToDictionary(pair => pair.Key, pair => ConfigType.Write(pair.Value.GetValue(Defaults)));

    /// <summary>Reads <paramref name="path"/> (null: no file) and lets the later of <paramref name="overrides"/> win over the earlier and over the file.</summary>
    /// <param name="preset">From the name that the key preset gives to key=value texts; those stand first, so that all else wins over them. Null = there are no presets.</param>
    /// <exception cref="UserException">A key is unknown or required and missing; a value has the wrong type.</exception>
    public static RunConfig<T> Load(string? path, IEnumerable<ConfigEntry> overrides, Func<string, IReadOnlyList<string>>? preset = null)
    {
        var given = new Dictionary<string, ConfigEntry>();
        var value = Defaults;
        var file = (path is null ? [] : FlatYaml.ReadFile(path)).ConvertAll(ForeignKeys.Translate<T>);
        RefuseSecondNames(file);
        var ignored = new Dictionary<string, string>();
        List<ConfigEntry> entries = [.. file, .. overrides.Select(ForeignKeys.Translate<T>)];
        foreach (var entry in PresetEntries(entries, preset).Concat(entries))
        {
            if (!Properties.TryGetValue(entry.Key, out var property))
            {
                ignored[entry.Key] = ForeignKeys.ReasonToIgnore(entry) ?? throw UnknownKey(entry);
                continue;
            }
            if (entry.Shape == ConfigShape.Mapping) { throw NotFlat(entry); }
            var type = ConfigType.Of(property);
            if (!type.TryConvert(entry, out var converted)) { throw new UserException($"{entry.Origin}: {entry.Key} is '{entry.Text}'; it must be {type.Description}"); }
            property.SetValue(value, converted);
            given[entry.Key] = entry;
        }
        foreach (var (key, property) in Properties)
        {
            if (IsRequired(property) && !given.ContainsKey(key))
            {
                throw new UserException($"{path ?? "command line"}: {key} is not given and has no default; add '{key}: ...' to the config or --set {key}=...");
            }
        }
        return new(value, path, given, ForeignKeys.Describe(ignored));
    }

    /// <summary>An override written as <c>key=value</c>; a list as <c>key=[a, b]</c>.</summary>
    /// <exception cref="UserException">There is no '=', or the list is not valid.</exception>
    public static ConfigEntry ParseOverride(string text)
    {
        var equals = text.IndexOf('=');
        if (equals <= 0) { throw new UserException($"--set: '{text}' has no key; write --set key=value"); }
        var (key, value) = (text[..equals].Trim(), text[(equals + 1)..].Trim());
        return value.StartsWith('[')
            ? FlatYaml.Read($"value: {value}", "--set").Single() with { Key = key, Origin = "--set" }
            : new(key, new ConfigScalar(value, Quoted: false), "--set");
    }

    /// <summary>The same with another record: one in which what follows from other keys is written out.</summary>
    public RunConfig<T> With(T value) => new(value, _path, _given, Ignored);

    /// <summary>Whether the file or the command line says it.</summary>
    /// <param name="key">The name of the record's property.</param>
    public bool IsGiven(string key) => _given.ContainsKey(ConfigType.SnakeCase(key));

    /// <summary>Whether the command line says it.</summary>
    /// <param name="key">The name of the record's property.</param>
    public bool IsOnCommandLine(string key) => OriginOf(ConfigType.SnakeCase(key))?.StartsWith("--", StringComparison.Ordinal) == true;

    /// <summary>The mistake that <paramref name="key"/> has the value it has, such as one outside its range. Names the file and line it came from, the file alone where it is not given.</summary>
    /// <param name="key">The name of the record's property.</param>
    /// <param name="remedy">What it must be, such as "it must not exceed n (256)".</param>
    public UserException Mistake(string key, string remedy)
    {
        var name = ConfigType.SnakeCase(key);
        var value = ConfigType.Write(Properties[name].GetValue(Value));
        var said = OriginOf(name) is not null ? $"is {value}" : value == "null" ? "is not given" : $"is {value} by default";
        return new($"{OriginOf(name) ?? _path ?? "command line"}: {name} {said}; {remedy}");
    }

    /// <summary>What a check of the record gives; a mistake of <see cref="UserException.Require"/> names the file and line that its key came from.</summary>
    /// <param name="check">Such as the record's Validate.</param>
    public TResult Checked<TResult>(Func<T, TResult> check)
    {
        try
        {
            return check(Value);
        }
        catch (UserException e) when (e.Key is { } key && (OriginOf(key) ?? _path) is { } origin)
        {
            throw new UserException($"{origin}: {e.Message}", e);
        }
    }

    // Of "epsilon and epsilon_high" the first that is given.
    private string? OriginOf(string keys) => keys.Split(" and ").Select(key => _given.GetValueOrDefault(key)?.Origin).FirstOrDefault(origin => origin is not null);

    /// <summary>The resolved settings as YAML, every default written out; reading it gives the same settings.</summary>
    /// <param name="without">Names of the record's properties that have no meaning in this run; null = none.</param>
    public string ToYaml(IReadOnlyCollection<string>? without = null)
    {
        var yaml = new StringBuilder();
        foreach (var (key, property) in Properties.Where(pair => without?.Contains(pair.Value.Name) != true)) { yaml.Append($"{key}: {ConfigType.Write(property.GetValue(Value))}\n"); }
        return yaml.ToString();
    }

    private static List<ConfigEntry> PresetEntries(List<ConfigEntry> entries, Func<string, IReadOnlyList<string>>? preset)
    {
        if (preset is null || entries.FindLast(entry => entry.Key == "preset") is not { Shape: ConfigShape.Scalar, Text: not ("" or "null" or "~") } named) { return []; }
        return [.. preset(named.Text).Select(text => ParseOverride(text) with { Origin = $"preset {named.Text}" })];
    }

    // By name, because a package brings a public attribute of the same name.
    private static bool IsRequired(PropertyInfo property) =>
        property.CustomAttributes.Any(attribute => attribute.AttributeType.FullName == "System.Runtime.CompilerServices.RequiredMemberAttribute");

    private static void RefuseSecondNames(List<ConfigEntry> file)
    {
        foreach (var same in file.GroupBy(entry => entry.Key).Where(group => group.Count() > 1))
        {
            throw new UserException($"{same.Last().Origin}: is another name of {same.Key}, which stands at {same.First().Origin}; keep one");
        }
    }

    private static UserException NotFlat(ConfigEntry entry) => new($"{entry.Origin}: {entry.Key} holds further keys; the keys of a config are flat");

    private static UserException UnknownKey(ConfigEntry entry)
    {
        if (entry.Shape == ConfigShape.Mapping) { return NotFlat(entry); }
        var nearest = NearestName.Of(entry.Key, Properties.Keys);
        return new($"{entry.Origin}: {entry.Key} is not a key here; {(nearest is null ? $"the keys are {string.Join(", ", Properties.Keys)}" : $"did you mean {nearest}?")}");
    }
}
