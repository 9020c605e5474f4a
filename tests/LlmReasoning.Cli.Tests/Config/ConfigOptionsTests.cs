using System.CommandLine;
using LlmReasoning.Cli.Config;

namespace LlmReasoning.Cli.Tests.Config;

public sealed class ConfigOptionsTests
{
    private readonly Command _command = new("passk");
    private readonly ConfigOptions<EvalPassKConfig> _options;

    public ConfigOptionsTests()
    {
        _options = new(_command);
        _options.Add("--model", nameof(EvalPassKConfig.ModelNameOrPath), "The model", "DIR");
        _options.Add("--k", nameof(EvalPassKConfig.K), "The largest k", "K");
        _options.Add("--levels", nameof(EvalPassKConfig.Levels), "Levels", "LEVEL");
    }

    private EvalPassKConfig Load(params string[] arguments)
    {
        var parsed = _command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return _options.Load(parsed).Value;
    }

    [Fact]
    public void AnOptionWinsOverSetAndSetOverTheFile()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("a.yaml", "model_name_or_path: file\nk: 1\ntop_k: 7\n");
        var config = Load("--k", "3", "--config", file, "--set", "k=2", "--set", "model_name_or_path=set");
        Assert.Equal((3, "set", 7), (config.K, config.ModelNameOrPath, config.TopK));
    }

    [Fact]
    public void AListOptionTakesSeveralValues() => Assert.Equal(["1", "2", "3"], Load("--levels", "1", "2", "--levels", "3").Levels!);

    [Fact]
    public void ATextOnTheCommandLineIsThatTextAndNeverNull()
    {
        Assert.Equal(["null", ""], Load("--levels", "null", "").Levels!);
        Assert.Equal("", Load("--model", "").ModelNameOrPath);
    }

    [Fact]
    public void AValueOfTheWrongTypeNamesTheOption() =>
        Assert.Equal("--k: k is 'many'; it must be an integer", Assert.Throws<UserException>(() => Load("--k", "many")).Message);

    [Fact]
    public void TheHelpGivesTheRecordsDefault() => Assert.Equal("The largest k [default: 256]", _command.Options.Single(option => option.Name == "--k").Description);
}
