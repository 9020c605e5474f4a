using System.CommandLine;
using Serilog;

namespace LlmReasoning.Cli.Config;

/// <summary>The options of a command that is run from a config: --config, --set, and short forms of single keys. What the command line says wins.</summary>
internal sealed class ConfigOptions<T> where T : class
{
    private readonly Option<string> _config = new("--config") { Description = "Settings as flat YAML, keys as below and as the documentation names them", HelpName = "FILE" };
    private readonly Option<string[]> _set = new("--set") { Description = "Set one key, as in --set top_p=0.95", HelpName = "key=value" };
    private readonly List<(Option Option, string Key, ConfigType Type)> _forms = [];
    private readonly List<(Option<bool> Option, string Key)> _flags = [];
    private readonly Command _command;
    private readonly Func<string, IReadOnlyList<string>>? _preset;

    /// <param name="preset">See <see cref="RunConfig{T}.Load"/>.</param>
    public ConfigOptions(Command command, Func<string, IReadOnlyList<string>>? preset = null)
    {
        (_command, _preset) = (command, preset);
        command.Options.Add(_config);
        command.Options.Add(_set);
    }

    /// <summary>Adds an option that sets one key; its help ends with the default.</summary>
    /// <param name="option">Such as "--model".</param>
    /// <param name="property">The name of the record's property, such as nameof(EvalPassKConfig.ModelNameOrPath).</param>
    /// <param name="description">Without the default.</param>
    /// <param name="helpName">What stands for the value in the help, such as "DIR".</param>
    public void Add(string option, string property, string description, string helpName)
    {
        var info = typeof(T).GetProperty(property) ?? throw new ArgumentException($"{typeof(T).Name} has no property {property}", nameof(property));
        var type = ConfigType.Of(info);
        var byDefault = info.GetValue(RunConfig<T>.Defaults);
        Option form = type.IsList ? new Option<string[]>(option) { AllowMultipleArgumentsPerToken = true } : new Option<string>(option);
        form.Description = byDefault is null ? description : $"{description} [default: {ConfigType.Write(byDefault)}]";
        form.HelpName = helpName;
        _forms.Add((form, ConfigType.SnakeCase(property), type));
        _command.Options.Add(form);
    }

    /// <summary>Adds an option without a value that sets a key to true.</summary>
    public void AddFlag(string option, string property, string description)
    {
        var flag = new Option<bool>(option) { Description = description };
        _flags.Add((flag, ConfigType.SnakeCase(property)));
        _command.Options.Add(flag);
    }

    /// <summary>The settings: the file's, then those of --set in their order, then those of the other options. Warns of keys that have no meaning here.</summary>
    /// <exception cref="UserException">As <see cref="RunConfig{T}.Load"/>.</exception>
    public RunConfig<T> Load(ParseResult parsed)
    {
        var overrides = (parsed.GetValue(_set) ?? []).Select(RunConfig<T>.ParseOverride).ToList();
        foreach (var (option, key, type) in _forms)
        {
            if (parsed.GetResult(option) is not { } given) { continue; }
            var isText = type.Item == typeof(string);       // and so never null: the shell took the quotes
            overrides.Add(new(key, [.. given.Tokens.Select(token => new ConfigScalar(token.Value, isText))], type.IsList ? ConfigShape.List : ConfigShape.Scalar, option.Name));
        }
        overrides.AddRange(_flags.Where(flag => parsed.GetValue(flag.Option))
            .Select(flag => new ConfigEntry(flag.Key, new ConfigScalar("true", Quoted: false), flag.Option.Name)));
        var config = RunConfig<T>.Load(parsed.GetValue(_config), overrides, _preset);
        if (config.Ignored is { } ignored) { Log.Warning("{Ignored:l}", ignored); }
        return config;
    }
}
