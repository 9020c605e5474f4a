using System.Globalization;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report.Study;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Cli.Study;

/// <summary>A study as its config describes it, cut into stages: folders STUDY/seed-S/ARM/{test,train,control,select,run,compare}.</summary>
internal sealed class StudyDesign
{
    // The control's samples share no random number with those of any seed of a study.
    private const int ControlSeedOffset = 1000;

    // What changes time and memory, or stands in the stage's inputs.
    private static readonly string[] s_notSettings =
    [
        "model_name_or_path", "problems", "teacher_data", "output_dir", "eval_problems", "samples", "shard",
        "batch_size", "threads", "micro_batch_tokens", "save_steps", "save_total_limit", "log_completions", "num_completions_to_print",
    ];

    private readonly StudyConfig _config;
    private readonly string _train;
    private readonly RunConfig<RlvrConfig>? _rlvr;
    private readonly RunConfig<DistillConfig>? _distill;
    private readonly string? _rlvrFile;
    private readonly string? _distillFile;
    private readonly ExpectedLengths _lengths;
    private readonly List<Stage> _stages = [];

    private StudyDesign(RunConfig<StudyConfig> config, string? configPath, string? output)
    {
        _config = config.Value;
        Name = _config.Name ?? Path.GetFileNameWithoutExtension(configPath) ?? "study";
        Folder = Path.GetFullPath(output ?? _config.OutputDir ?? Path.Combine("runs", Name));
        Model = _config.ModelNameOrPath == ModelFolder.Embedded ? ModelFolder.Embedded : Path.GetFullPath(_config.ModelNameOrPath);
        (_train, TestSource) = (FullName(_config.TrainProblems), FullName(_config.TestProblems));
        _rlvrFile = BesideConfig(_config.RlvrConfig, configPath);
        _distillFile = BesideConfig(_config.DistillConfig, configPath);
        _rlvr = _rlvrFile is null ? null : LoadTraining<RlvrConfig>(_rlvrFile, config, value => value.Validate());
        _distill = _distillFile is null ? null : LoadTraining<DistillConfig>(_distillFile, config, value => value.Validate());
        TrainProblems = ProblemSource.Read(_train, null, null);
        TestProblems = ProblemSource.Read(TestSource, null, null);
        Parameters = ModelConfig.Read(ModelFolder.Resolve(Model)).Parameters().Sum(weight => weight.Shape.Aggregate(1L, (product, size) => product * size));
        _lengths = ExpectedLengths.Of(_config, TrainProblems);
    }

    public string Name { get; }

    /// <summary>The study's folder, a full path.</summary>
    public string Folder { get; }

    /// <summary>The base model: "embedded", or a full path.</summary>
    public string Model { get; }

    /// <summary>The test problems: an embedded set, or a full path.</summary>
    public string TestSource { get; }

    /// <summary>In an order in which they can be made.</summary>
    public IReadOnlyList<Stage> Stages => _stages;

    public IReadOnlyList<int> Seeds { get; private init; } = [];

    /// <summary>In the paper's order.</summary>
    public IReadOnlyList<string> Arms { get; private init; } = [];

    public IReadOnlyList<Problem> TrainProblems { get; }

    public IReadOnlyList<Problem> TestProblems { get; }

    /// <summary>Weights of the base model.</summary>
    public long Parameters { get; }

    public StudyConfig Config => _config;

    /// <summary>Checks the config and everything that it names, and lays out the stages.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="configPath">Where they come from; null = the command line alone.</param>
    /// <param name="seeds">In place of the config's; null = those.</param>
    /// <param name="output">In place of the config's; null = that.</param>
    /// <exception cref="UserException">Settings that contradict each other, a file that is missing or faulty.</exception>
    public static StudyDesign Of(RunConfig<StudyConfig> config, string? configPath, IReadOnlyList<int>? seeds, string? output)
    {
        var value = config.Value;
        Check(config);
        var design = new StudyDesign(config, configPath, output)
        {
            Seeds = seeds ?? value.Seeds,
            Arms = [.. StudyArms.All.Where(value.Arms.Contains)],
        };
        foreach (var seed in design.Seeds) { design.AddSeed(seed); }
        return design;
    }

    private static void Check(RunConfig<StudyConfig> config)
    {
        var value = config.Value;
        StudyArms.Check(config);
        if (value.Seeds.Count == 0 || value.Seeds.Any(seed => seed < 0) || value.Seeds.Distinct().Count() < value.Seeds.Count)
        {
            throw config.Mistake(nameof(value.Seeds), "give different ones, from 0 on");
        }
        if (value.Name is { } name && (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || name[0] == '.'))
        {
            throw config.Mistake(nameof(value.Name), "it names a folder: letters, digits, - and _");
        }
        const int most = SamplingRun.MostSamples;
        if (value.K is < 1 or > most) { throw config.Mistake(nameof(value.K), $"it must be from 1 to {most}"); }
        if (value.NTrain is < 0 or > most) { throw config.Mistake(nameof(value.NTrain), $"it must be from 0 to {most}"); }
        if (value.NTrainRlvr is < 0 or > most) { throw config.Mistake(nameof(value.NTrainRlvr), $"it must be from 0 to {most}"); }
        if (value.MaxPerProblem < 1) { throw config.Mistake(nameof(value.MaxPerProblem), "it must be at least 1"); }
        if (value.MinBaseCorrect < 1) { throw config.Mistake(nameof(value.MinBaseCorrect), "it must be at least 1"); }
        if (value.Arms.Any(StudyArms.NeedsTeacher) && value.MinBaseCorrect > value.NTrain) { throw config.Mistake(nameof(value.MinBaseCorrect), $"of n_train = {value.NTrain} samples no more can be correct"); }
        if (value.OutOfDistributionShare is <= 0 or >= 1) { throw config.Mistake(nameof(value.OutOfDistributionShare), "it must lie between 0 and 1"); }
        if (value.Temperature <= 0) { throw config.Mistake(nameof(value.Temperature), "it must be above 0: several samples of a problem are compared"); }
        if (value.ExpectedCompletionLength < 1) { throw config.Mistake(nameof(value.ExpectedCompletionLength), "it must be at least 1"); }
        if (value.MaxCompletionLength < 1) { throw config.Mistake(nameof(value.MaxCompletionLength), "it must be at least 1"); }
    }

    private void AddSeed(int seed)
    {
        var test = AddEvaluation(seed, Arm.Base, "test", null, _config.K, seed);
        var control = Arms.Count > 1 ? AddEvaluation(seed, Arm.Base, "control", null, _config.K, seed + ControlSeedOffset) : null;
        var train = _config.NTrain > 0 ? AddEvaluation(seed, Arm.Base, "train", null, _config.NTrain, seed) : null;
        var rlvr = Arms.Contains(Arm.Rlvr) ? AddRlvr(seed) : null;
        var rlvrTrain = rlvr is null ? null : AddResults(seed, Arm.Rlvr, rlvr, test, control!);
        foreach (var arm in Arms.Where(StudyArms.IsDistilled))
        {
            var selection = arm switch
            {
                Arm.BaseBase => AddSelection(seed, arm, [train!], ["--samples", train!.Folder, .. MaxPerProblem]),
                Arm.BaseRlvr or Arm.RlvrRlvr => AddSelection(seed, arm, [rlvrTrain!], ["--samples", rlvrTrain!.Folder, .. MaxPerProblem]),
                Arm.ReasoningOnly => AddSelection(seed, arm, [train!], [.. FromTeacher(train!), "--where", "in-distribution"]),
                _ => AddSelection(seed, arm, [train!], [.. FromTeacher(train!), "--out-of-distribution-share", Text(_config.OutOfDistributionShare)]),
            };
            var run = AddDistillation(seed, arm, selection, arm == Arm.RlvrRlvr ? rlvr : null);
            AddResults(seed, arm, run, test, control!);
        }
    }

    private IEnumerable<string> MaxPerProblem => ["--max-per-problem", Text(_config.MaxPerProblem)];

    private IEnumerable<string> FromTeacher(Stage baseTrain) =>
    [
        .. _config.Teacher is not null ? ["--solutions"] : _config.TeacherData!.Select(Path.GetFullPath).Prepend("--samples"),
        "--base", baseTrain.Folder, "--min-base-correct", Text(_config.MinBaseCorrect), .. MaxPerProblem,
    ];

    /// <summary>A trained model on both sets, and its comparison with the base.</summary>
    /// <returns>Its samples of the train problems, where there are any.</returns>
    private Stage? AddResults(int seed, string arm, Stage run, Stage baseTest, Stage control)
    {
        var train = _config.NTrainRlvr > 0 ? AddEvaluation(seed, arm, "train", run, _config.NTrainRlvr, seed) : null;
        var test = AddEvaluation(seed, arm, "test", run, _config.K, seed);
        AddComparison(seed, arm, test, baseTest, control);
        return train;
    }

    private Stage AddEvaluation(int seed, string arm, string part, Stage? run, int k, int samplingSeed)
    {
        var isTest = part != "train";
        var problems = isTest ? TestSource : _train;
        var name = NameOf(seed, arm, part);
        var given = Sampling().Concat(
        [
            ("k", Text(k)), ("seed", Text(samplingSeed)), ("template", _config.Template), ("model_id", part == "control" ? "control" : arm),
            ("policy", ConfigType.Write(_config.Policy)), ("buckets", _config.Buckets),
        ]).ToList();
        var config = RunConfig<EvalPassKConfig>.Load(null, given.Select(pair => RunConfig<EvalPassKConfig>.ParseOverride($"{pair.Item1}={pair.Item2}")));
        var samples = (long)k * (isTest ? TestProblems : TrainProblems).Count;
        return Add(new()
        {
            Name = name,
            Kind = StageKind.Evaluation,
            Folder = FolderOf(name),
            Inputs = run is null ? [] : [run],
            Files = [.. ProblemFiles(problems), .. TemplateFiles(), .. run is null ? ModelFiles() : []],
            Settings = SettingsOf(config.ToYaml(), problems),
            Defaults = DefaultsOf<EvalPassKConfig>(),
            Arguments =
            [
                "eval", "passk", "--model", run is null ? Model : CheckpointOf(run), "--problems", problems, "--output", FolderOf(name),
                .. given.SelectMany(pair => (string[])["--set", $"{pair.Item1}={pair.Item2}"]),
            ],
            Cost = new(samples, samples * _lengths.Completion, 0, samples * (450 + 2.5 * _lengths.Completion)),
        });
    }

    private IEnumerable<(string Key, string Value)> Sampling()
    {
        yield return ("temperature", Text(_config.Temperature));
        yield return ("top_p", Text(_config.TopP));
        yield return ("top_k", Text(_config.TopK));
        yield return ("min_p", Text(_config.MinP));
        yield return ("repetition_penalty", Text(_config.RepetitionPenalty));
        yield return ("max_completion_length", Text(_config.MaxCompletionLength));
        if (_config.StopStrings is { } stops) { yield return ("stop_strings", ConfigType.Write(stops)); }
        if (_config.BatchSize is { } batch) { yield return ("batch_size", Text(batch)); }
        if (_config.Threads is { } threads) { yield return ("threads", Text(threads)); }
        if (_config.Dtype is { } dtype) { yield return ("dtype", dtype); }
        if (_config.Device is { } device) { yield return ("device", device); }
    }

    private Stage AddRlvr(int seed)
    {
        var name = NameOf(seed, Arm.Rlvr, "run");
        var config = LoadFor<RlvrConfig>(_rlvrFile!, seed);
        var value = config.Value.Resolve(TrainProblems.Count);
        var samples = (long)value.MaxSteps * value.PromptsPerStep * value.NumGenerations;
        return Add(new()
        {
            Name = name,
            Kind = StageKind.Rlvr,
            Folder = FolderOf(name),
            Inputs = [],
            Files = [.. ModelFiles(), .. ProblemFiles(_train), .. TemplateFiles(), .. value.EvalProblems is { } held && File.Exists(held) ? [new InputFile("eval_problems", held)] : Array.Empty<InputFile>()],
            Settings = SettingsOf(config.ToYaml(), _train, ("eval_problems", File.Exists(value.EvalProblems) ? null : value.EvalProblems)),
            Defaults = DefaultsOf<RlvrConfig>(),
            Arguments = ["train", "rlvr", "--config", _rlvrFile!, "--model", Model, "--problems", _train, .. TrainingArguments(config, seed, name)],
            Cost = new(samples, samples * _lengths.Completion, (double)samples * value.NumIterations * (_lengths.Prompt + _lengths.Completion), CheckpointBytes()),
        });
    }

    private Stage AddDistillation(int seed, string arm, Stage selection, Stage? student)
    {
        var name = NameOf(seed, arm, "run");
        var config = LoadFor<DistillConfig>(_distillFile!, seed);
        var value = config.Value;
        var perProblem = StudyArms.NeedsTeacher(arm) ? 1 : _config.MaxPerProblem;
        var examples = value.MaxSteps > 0 ? (double)value.MaxSteps * value.RowsPerStep : value.NumTrainEpochs * TrainProblems.Count * perProblem;
        return Add(new()
        {
            Name = name,
            Kind = StageKind.Distillation,
            Folder = FolderOf(name),
            Inputs = student is null ? [selection] : [selection, student],
            Files = [.. student is null ? ModelFiles() : [], .. TemplateFiles()],
            Settings = SettingsOf(config.ToYaml(), null),
            Defaults = DefaultsOf<DistillConfig>(),
            Arguments =
            [
                "train", "distill", "--config", _distillFile!, "--model", student is null ? Model : CheckpointOf(student),
                "--teacher-data", Path.Combine(selection.Folder, "sft.jsonl"), .. TrainingArguments(config, seed, name),
            ],
            Cost = new(0, 0, examples * (_lengths.Prompt + _lengths.Completion), CheckpointBytes()),
        });
    }

    private List<string> TrainingArguments<T>(RunConfig<T> config, int seed, string name) where T : class
    {
        List<string> arguments = ["--seed", Text(seed), "--output", FolderOf(name), "--resume", "--set", $"template={_config.Template}"];
        // One checkpoint is what the next stages read, and what an interrupted run goes on from.
        if (!config.IsGiven("SaveTotalLimit")) { arguments.AddRange(["--set", "save_total_limit=1"]); }
        if (_config.Device is { } device && !config.IsGiven("Device")) { arguments.AddRange(["--set", $"device={device}"]); }
        return arguments;
    }

    private Stage AddSelection(int seed, string arm, IReadOnlyList<Stage> inputs, IReadOnlyList<string> options)
    {
        var name = NameOf(seed, arm, "select");
        string[] all = [.. options, "--against", TestSource, "--policy", ConfigType.Write(_config.Policy), "--seed", Text(seed)];
        var takesTeacher = StudyArms.NeedsTeacher(arm);
        return Add(new()
        {
            Name = name,
            Kind = StageKind.Selection,
            Folder = FolderOf(name),
            Inputs = inputs,
            Files = [.. ProblemFiles(_train), .. ProblemFiles(TestSource, "test_problems"), .. takesTeacher ? TeacherFiles() : []],
            Settings = SettingsOf(OptionsAsYaml(all), _train, ("teacher", takesTeacher ? _config.Teacher ?? "data" : null)),
            Arguments = ["data", "select", "--problems", _train, .. all, "--output", FolderOf(name)],
            Cost = new(0, 0, 0, 250.0 * TrainProblems.Count * (takesTeacher ? 1 : _config.MaxPerProblem)),
        });
    }

    private void AddComparison(int seed, string arm, Stage test, Stage baseTest, Stage control)
    {
        var name = NameOf(seed, arm, "compare");
        string[] options = ["--names", Arm.Base, arm, "control", "--buckets", _config.Buckets];
        Add(new()
        {
            Name = name,
            Kind = StageKind.Comparison,
            Folder = FolderOf(name),
            Inputs = [baseTest, test, control],
            Files = [.. ProblemFiles(TestSource)],
            Settings = SettingsOf(OptionsAsYaml(options), TestSource),
            Arguments =
            [
                "eval", "compare", "--base", baseTest.Folder, "--model", test.Folder, "--control", control.Folder,
                "--problems", TestSource, .. options, "--output", FolderOf(name),
            ],
            Cost = new(0, 0, 0, 2 << 20),
        });
    }

    private Stage Add(Stage stage)
    {
        _stages.Add(stage);
        return stage;
    }

    private static string NameOf(int seed, string arm, string part) => $"seed-{Text(seed)}/{arm}/{part}";

    private string FolderOf(string name) => Path.Combine(Folder, Path.Combine(name.Split('/')));

    private string CheckpointOf(Stage run) => run.Kind switch
    {
        StageKind.Rlvr when _rlvr!.Value.MaxSteps > 0 => TrainingRun.CheckpointOf(run.Folder, _rlvr.Value.MaxSteps),
        StageKind.Distillation when _distill!.Value.MaxSteps > 0 => TrainingRun.CheckpointOf(run.Folder, _distill.Value.MaxSteps),
        _ => Path.Combine(run.Folder, Stage.LastCheckpoint),
    };

    // Weights, both moments of the optimizer, and what else lies in a run.
    private double CheckpointBytes() => 12.0 * Parameters + (1 << 20);

    /// <summary>The keys and values of YAML lines that the result depends on.</summary>
    private static SortedDictionary<string, string> SettingsOf(string yaml, string? problems, params (string Key, string? Value)[] more)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in yaml.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (!s_notSettings.Contains(line[..colon])) { settings[line[..colon]] = line[(colon + 2)..]; }
        }
        if (problems is not null && !File.Exists(problems)) { settings["problems"] = problems; }       // an embedded set; of a file the content counts
        foreach (var (key, value) in more)
        {
            if (value is not null) { settings[key] = value; }
        }
        return settings;
    }

    private static SortedDictionary<string, string> DefaultsOf<T>() where T : class => SettingsOf(RunConfig<T>.Load(null, []).ToYaml(), null);

    /// <summary>Options of a command as YAML lines; those that name files or folders are inputs, and left out.</summary>
    private static string OptionsAsYaml(IEnumerable<string> options)
    {
        string[] paths = ["--samples", "--base", "--against"];
        var lines = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        List<string> values = [];
        foreach (var option in options)
        {
            if (!option.StartsWith("--", StringComparison.Ordinal)) { values.Add(option); }
            else { lines[option] = values = []; }
        }
        return string.Concat(lines.Where(line => !paths.Contains(line.Key)).Select(line => $"{line.Key[2..].Replace('-', '_')}: {string.Join(' ', line.Value)}\n"));
    }

    private IEnumerable<InputFile> ModelFiles()
    {
        var folder = ModelFolder.PathOf(Model);
        return Directory.GetFiles(folder)
            .Where(path => Path.GetFileName(path) is "config.json" or "generation_config.json" or "tokenizer.json" || path.EndsWith(".safetensors", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => new InputFile($"model/{Path.GetFileName(path)}", path));
    }

    private static IEnumerable<InputFile> ProblemFiles(string problems, string role = "problems") => File.Exists(problems) ? [new(role, problems)] : [];

    private IEnumerable<InputFile> TemplateFiles() => File.Exists(_config.Template) ? [new("template", _config.Template)] : [];

    private IEnumerable<InputFile> TeacherFiles() => _config.Teacher is not null ? []
        : Evaluation.Samples.SampleFile.Find(_config.TeacherData!.Select(Path.GetFullPath)).Select((path, i) => new InputFile($"teacher_data/{i}", path));

    // An embedded set keeps its name, unless a file of this name exists.
    private static string FullName(string problems) => File.Exists(problems) || Directory.Exists(problems) || problems.Contains('/') ? Path.GetFullPath(problems) : problems;

    private static string? BesideConfig(string? path, string? configPath) =>
        path is null || configPath is null ? path : Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(configPath))!);

    // What the study names and a training config names too must be the same, unless it was given on the command line: that wins over every file.
    private static RunConfig<T> LoadTraining<T>(string file, RunConfig<StudyConfig> study, Func<T, T> validate) where T : class
    {
        var config = RunConfig<T>.Load(file, []);
        try
        {
            config.Checked(validate);
        }
        catch (UserException e) when (!e.Message.StartsWith(file, StringComparison.Ordinal))
        {
            throw new UserException($"{file}: {e.Message}", e);
        }
        foreach (var (property, ofStudy, wanted) in (ReadOnlySpan<(string, string, string)>)
        [
            ("ModelNameOrPath", nameof(StudyConfig.ModelNameOrPath), study.Value.ModelNameOrPath),
            ("Problems", nameof(StudyConfig.TrainProblems), study.Value.TrainProblems),
            ("Template", nameof(StudyConfig.Template), study.Value.Template),
        ])
        {
            if (study.IsOnCommandLine(ofStudy) || !config.IsGiven(property) || typeof(T).GetProperty(property)?.GetValue(config.Value) is not string own) { continue; }
            if (own != wanted) { throw config.Mistake(property, $"the study has {wanted}; leave {ConfigType.SnakeCase(property)} out here, the study's is taken"); }
        }
        return config;
    }

    private RunConfig<T> LoadFor<T>(string file, int seed) where T : class =>
        RunConfig<T>.Load(file, [RunConfig<T>.ParseOverride($"seed={Text(seed)}"), RunConfig<T>.ParseOverride($"template={_config.Template}")]);

    private static string Text(IFormattable number) => number is double value ? ConfigType.Write(value) : number.ToString(null, CultureInfo.InvariantCulture);
}
