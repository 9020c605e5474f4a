using LlmReasoning.Cli.Config;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Cli.Tests.Config;

public sealed class RunConfigTests
{
    private enum Scale { Group, LeaveOneOut }

    private sealed record SmallConfig
    {
        public required string OutputDir { get; init; }
        public Scale ScaleRewards { get; init; }
        public bool Shuffle { get; init; } = true;
        public IReadOnlyList<double> RewardWeights { get; init; } = [1.0];
        public IReadOnlyList<string>? Levels { get; init; }
        public double LearningRate { get; init; } = 1e-6;
        public int? Limit { get; init; }
    }

    private static EvalPassKConfig Read(string yaml, params string[] sets) => Load<EvalPassKConfig>(yaml, sets).Value;

    private static RunConfig<T> Load<T>(string yaml, params string[] sets) where T : class
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("a.yaml", yaml);
        try { return RunConfig<T>.Load(file, sets.Select(RunConfig<T>.ParseOverride)); }
        catch (UserException e) { throw new UserException(e.Message.Replace(file, "a.yaml")); }
    }

    private static string Mistake(string yaml, params string[] sets) => Assert.Throws<UserException>(() => Read(yaml, sets)).Message;

    [Fact]
    public void AMistakeOfTheRecordNamesTheLineOfTheKey()
    {
        var config = Load<SmallConfig>("output_dir: x\nlearning_rate: -1\n");
        static SmallConfig Check(SmallConfig value)
        {
            UserException.Require(value.LearningRate >= 0, "learning_rate", value.LearningRate, "it must be 0 or positive");
            return value;
        }
        Assert.EndsWith("a.yaml:2: learning_rate is -1; it must be 0 or positive", Assert.Throws<UserException>(() => config.Checked(Check)).Message);
    }

    [Fact]
    public void AConfigThatHasNoEndIsRefused()
    {
        if (!OperatingSystem.IsLinux()) { Assert.Skip("needs /dev/zero"); }
        Assert.Contains("is a pipe or a device", Assert.Throws<UserException>(() => RunConfig<SmallConfig>.Load("/dev/zero", [])).Message);
    }

    [Fact]
    public void KeysAreThePropertiesInSnakeCase()
    {
        var config = Read("# a comment\nmodel_name_or_path: models/base   # another\ntop_p: 0.95\nk: 64\nseed: -3\nlevels: [1, \"2\"]\nlimit: 5\n");
        Assert.Equal(("models/base", 0.95, 64, -3, 5), (config.ModelNameOrPath, config.TopP, config.K, config.Seed, config.Limit));
        Assert.Equal(["1", "2"], config.Levels!);
    }

    [Fact]
    public void AValueOutsideItsRangeIsNamedWithItsFileAndLine()
    {
        const string yaml = "model_name_or_path: embedded\nproblems: embedded-train\nmax_steps: 0\n";
        var given = Load<RlvrConfig>(yaml);
        var message = Assert.Throws<UserException>(() => given.Checked(config => config.Validate())).Message;
        Assert.EndsWith("a.yaml:3: max_steps is 0; it must be at least 1, or -1 for num_train_epochs", message);
        message = Assert.Throws<UserException>(() => Load<DistillConfig>(yaml, "max_steps=5", "eval_n=0").Checked(config => config.Validate())).Message;
        Assert.Equal("--set: eval_n is 0; it must be from 1 to 100000", message);
        message = Assert.Throws<UserException>(() => Load<DistillConfig>("seq_kd: true").Checked(config => config.Validate() with { OutputDir = "" })).Message;
        Assert.EndsWith("a.yaml:1: seq_kd is true; it trains on samples of the teacher model: give teacher_model_name_or_path", message);
    }

    [Fact]
    public void WhatIsNotGivenHasTheRecordsDefault() => Assert.Equal(new EvalPassKConfig(), Read(""));

    [Theory]
    [InlineData("max_completion_length: 1e3")]
    [InlineData("max_completion_length: 1.5")]
    [InlineData("max_completion_length: \"8\"")]
    [InlineData("max_completion_length: 99999999999")]
    [InlineData("max_completion_length: [8]")]
    [InlineData("max_completion_length:")]
    [InlineData("max_completion_length: true")]
    public void AValueOfAnotherTypeIsRefused(string line)
    {
        var message = Mistake($"k: 1\n{line}\n");
        Assert.StartsWith("a.yaml:2: max_completion_length is '", message);
        Assert.EndsWith("it must be an integer", message);
    }

    [Theory]
    [InlineData("temperature: hot", "a.yaml:1: temperature is 'hot'; it must be a number")]
    [InlineData("temperature: .nan", "a.yaml:1: temperature is '.nan'; it must be a number")]
    [InlineData("temperature: 1e999", "a.yaml:1: temperature is '1e999'; it must be a number")]
    [InlineData("template:", "a.yaml:1: template is ''; it must be a text")]
    [InlineData("batch_size: many", "a.yaml:1: batch_size is 'many'; it must be an integer, or null")]
    [InlineData("levels: 3", "a.yaml:1: levels is '3'; it must be a list in brackets, each item a text, or null")]
    [InlineData("temprature: 1", "a.yaml:1: temprature is not a key here; did you mean temperature?")]
    [InlineData("k: 1\nk: 2", "a.yaml:2: k stands twice, first at a.yaml:1; keep one")]
    [InlineData("k:\t1", "a.yaml:1: a tab; YAML is indented with spaces (in a quoted text, write \\t)")]
    [InlineData("k: &a 1", "a.yaml:1: an anchor (&name); write the value wherever it is needed")]
    [InlineData("k: *a", "a.yaml:1: an alias (*name); write the value itself")]
    [InlineData("levels: [&a 1, *a]", "a.yaml:1: an anchor (&name); write the value wherever it is needed")]
    [InlineData("k: !!int 1", "a.yaml:1: the tag tag:yaml.org,2002:int; write the plain value")]
    [InlineData("k:\n  n: 1", "a.yaml:1: k holds further keys; the keys of a config are flat")]
    [InlineData("levels: [[1]]", "a.yaml:1: the list levels holds something other than single values")]
    [InlineData("- 1", "a.yaml:1: lines of the form 'key: value' are expected")]
    [InlineData("text", "a.yaml:1: lines of the form 'key: value' are expected")]
    [InlineData("? [a]\n: 1", "a.yaml:1: a key is expected")]
    [InlineData("k: 1\n---\nk: 2", "a.yaml:2: a second document begins here; a config is one document")]
    public void AMistakeNamesFileLineKeyValueAndRemedy(string yaml, string expected) => Assert.Equal(expected, Mistake(yaml));

    [Theory]
    [InlineData("k: [1")]
    [InlineData("k: \"1")]
    [InlineData("k: 1\n  n: 2")]
    [InlineData("k: %1")]
    public void BrokenYamlNamesTheLine(string yaml) => Assert.Matches(@"^a\.yaml:\d+: not valid YAML: .", Mistake(yaml));

    [Fact]
    public void DeepNestingIsRefusedAtTheFirstLevel() => Assert.Contains("something other than single values", Mistake("levels: " + new string('[', 100_000)));

    [Fact]
    public void DeepMappingsAreRefusedEarly() =>
        Assert.Contains("keys within keys without an end", Mistake("k: " + string.Concat(Enumerable.Repeat("{a: ", 20_000)) + "1" + new string('}', 20_000)));

    [Fact]
    public void AFileThatIsMissingTooLargeOrNotTextIsRefused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("there is no such file", LoadMistake(Path.Combine(folder.Path, "none.yaml")));
        Assert.Contains("a config has at most", LoadMistake(folder.File("large.yaml", new string('#', 2_000_000))));
        var binary = Path.Combine(folder.Path, "binary.yaml");
        File.WriteAllBytes(binary, [0x6b, 0x3a, 0x20, 0xff, 0xfe]);
        Assert.Contains("not UTF-8", LoadMistake(binary));

        static string LoadMistake(string file) => Assert.Throws<UserException>(() => RunConfig<EvalPassKConfig>.Load(file, [])).Message;
    }

    [Fact]
    public void AnOverrideWinsOverTheFileAndTheLastOneOverTheOthers()
    {
        var config = Read("k: 1\nlevels: [1]\n", "k=2", "k=3", "levels=[4, 5]", "output_dir=a=b", "limit=null");
        Assert.Equal((3, "a=b", null), (config.K, config.OutputDir, config.Limit));
        Assert.Equal(["4", "5"], config.Levels!);
    }

    [Theory]
    [InlineData("kk=1", "--set: kk is not a key here; did you mean k?")]
    [InlineData("k=one", "--set: k is 'one'; it must be an integer")]
    [InlineData("k", "--set: 'k' has no key; write --set key=value")]
    public void AnOverrideIsCheckedAsTheFileIs(string set, string expected) => Assert.Equal(expected, Mistake("", set));

    [Fact]
    public void ARequiredKeyThatIsMissingIsNamed()
    {
        var mistake = Assert.Throws<UserException>(() => Load<SmallConfig>("limit: 3\n"));
        Assert.Equal("a.yaml: output_dir is not given and has no default; add 'output_dir: ...' to the config or --set output_dir=...", mistake.Message);
    }

    [Theory]
    [InlineData("scale_rewards: group_", "a.yaml:2: scale_rewards is 'group_'; it must be one of group, leave_one_out")]
    [InlineData("shuffle: yes", "a.yaml:2: shuffle is 'yes'; it must be true or false")]
    [InlineData("reward_weights: [1, x]", "a.yaml:2: reward_weights is '[1, x]'; it must be a list in brackets, each item a number")]
    public void EnumsTruthValuesAndListsAreTyped(string line, string expected) =>
        Assert.Equal(expected, Assert.Throws<UserException>(() => Load<SmallConfig>($"output_dir: out\n{line}\n")).Message);

    [Fact]
    public void AValueOutsideItsRangeNamesItsOrigin()
    {
        var config = Load<SmallConfig>("output_dir: out\n", "limit=0");
        Assert.Equal("--set: limit is 0; it must be at least 1", config.Mistake(nameof(SmallConfig.Limit), "it must be at least 1").Message);
        Assert.EndsWith("a.yaml: shuffle is true by default; it must be false", config.Mistake(nameof(SmallConfig.Shuffle), "it must be false").Message, StringComparison.Ordinal);
        Assert.EndsWith("a.yaml: levels is not given; name some", config.Mistake(nameof(SmallConfig.Levels), "name some").Message, StringComparison.Ordinal);
        Assert.Equal("command line: limit is not given; name one", RunConfig<SmallConfig>.Load(null, [RunConfig<SmallConfig>.ParseOverride("output_dir=a")]).Mistake(nameof(SmallConfig.Limit), "name one").Message);
    }

    [Fact]
    public void TheResolvedConfigHoldsEveryDefaultAndReadsTheSame()
    {
        var config = Load<SmallConfig>("output_dir: \"a: b # \\\"c\\\" \\u00e9\\n\\U0001F600\"\nscale_rewards: leave_one_out\nlevels: [\"1\", \"null\", plain, \"\"]\n");
        Assert.Equal("""
            output_dir: "a: b # \"c\" é\u000a😀"
            scale_rewards: leave_one_out
            shuffle: true
            reward_weights: [1.0]
            levels: ["1", "null", plain, ""]
            learning_rate: 1.0e-06
            limit: null

            """, config.ToYaml());
        Assert.Equal(config.ToYaml(), Load<SmallConfig>(config.ToYaml()).ToYaml());
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(1e-300)]
    [InlineData(123456789.125)]
    [InlineData(1e22)]
    [InlineData(-0.0)]
    public void ADoubleSurvivesWritingAndReading(double number)
    {
        var config = Load<SmallConfig>("output_dir: out\n", $"learning_rate={number:R}");
        Assert.Equal(number, Load<SmallConfig>(config.ToYaml()).Value.LearningRate);
    }
}
