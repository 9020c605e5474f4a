using LlmReasoning.Cli.Study;
using LlmReasoning.Torch.Runs;

namespace LlmReasoning.Cli.Tests.Study;

public sealed class StudyDesignTests : IDisposable
{
    private readonly TinyStudy _study = new();

    public void Dispose() => _study.Dispose();

    [Fact]
    public void EveryStageComesAfterThoseItReads()
    {
        var stages = _study.Design("out", "seeds=[0, 1]").Stages;
        Assert.Equal(64, stages.Count);
        Assert.Equal(stages.Count, stages.Select(stage => stage.Name).Distinct().Count());
        for (var i = 0; i < stages.Count; i++) { Assert.All(stages[i].Inputs, input => Assert.Contains(input, stages.Take(i))); }
    }

    [Fact]
    public void TrainingSamplingAndSelectionHaveTheStudysSeedAndTheControlItsOwn()
    {
        var design = _study.Design("out", "seeds=[2]");
        Assert.All(design.Stages.Where(stage => stage.Kind != StageKind.Comparison && stage.ShortName != "base/control"), stage => Assert.Equal("2", stage.Settings["seed"]));
        Assert.Equal("1002", design.Stages.Single(stage => stage.ShortName == "base/control").Settings["seed"]);
    }

    [Fact]
    public void AnArmLeftOutLeavesTheOthersAsTheyAre()
    {
        var few = _study.Design("out", "arms=[base, rlvr]").Stages.Select(stage => stage.Name);
        Assert.Equal(["base/test", "base/control", "base/train", "rlvr/run", "rlvr/train", "rlvr/test", "rlvr/compare"], few.Select(name => name["seed-0/".Length..]));
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "arms=[base, rlvr-rlvr]", "rlvr-rlvr learns from the RLVR model; add rlvr" },
        { "arms=[base, base-rlvr]", "add rlvr" },
        { "arms=[rlvr]", "every arm is compared with the base" },
        { "arms=[base, rlvt]", "did you mean rlvr?" },
        { "arms=[base, rlvr, rlvr]", "an arm stands twice" },
        { "rlvr_config=null", "rlvr is trained by it" },
        { "distill_config=null", "base-base is trained by it" },
        { "distill_config=nowhere.yaml", "nowhere.yaml: there is no such file" },
        { "teacher=null", "reasoning-only learns from a teacher" },
        { "teacher=qwq", "teacher is qwq; it must be solutions" },
        { "teacher_data=[a.jsonl]", "teacher is solutions too" },
        { "n_train=0", "base-base is made from these samples" },
        { "n_train_rlvr=0", "base-rlvr is made from these samples" },
        { "min_base_correct=7", "of n_train = 6 samples no more can be correct" },
        { "out_of_distribution_share=1", "it must lie between 0 and 1" },
        { "seeds=[]", "give different ones" },
        { "seeds=[1, 1]", "give different ones" },
        { "seeds=[-1]", "from 0 on" },
        { "k=0", "k is 0" },
        { "temperature=0", "it must be above 0" },
        { "name=a/b", "it names a folder" },
        { "train_problems=nowhere.jsonl", "nowhere.jsonl, which does not exist" },
        { "model_name_or_path=nowhere", "does not exist" },
        { "kk=3", "kk is not a key here" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void AMistakeIsFoundBeforeAnythingRuns(string setting, string message)
    {
        Assert.Contains(message, Assert.Throws<UserException>(() => _study.Design("out", setting)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_study.Path("out")));
    }

    [Fact]
    public void ATrainingConfigThatContradictsTheStudyNamesItsLine()
    {
        File.AppendAllText(_study.Path("rlvr.yaml"), "template: chatml\n");
        var message = Assert.Throws<UserException>(() => _study.Design()).Message;
        Assert.Contains("rlvr.yaml:7: template is chatml; the study has plain", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelOnTheCommandLineWinsOverTheFilesAndFilesThatContradictEachOtherDoNot()
    {
        File.AppendAllText(_study.Path("rlvr.yaml"), "model_name_or_path: embedded\n");
        File.AppendAllText(_study.Path("distill.yaml"), "model_name_or_path: embedded\n");
        var other = ModelFolder.PathOf(ModelFolder.Embedded);
        foreach (var stage in _study.Design("out", $"model_name_or_path={other}").Stages.Where(stage => stage.Kind == StageKind.Rlvr))
        {
            Assert.Contains(other.TrimEnd('/'), stage.Arguments.Select(argument => argument.TrimEnd('/')));
            Assert.DoesNotContain("embedded", stage.Arguments);
        }
        _study.Change("tiny.yaml", "model_name_or_path: embedded", $"model_name_or_path: {other}");
        Assert.Contains("rlvr.yaml:7: model_name_or_path is embedded; the study has ", Assert.Throws<UserException>(() => _study.Design()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStudyWithoutTheConfigOfAnArmNamesTheFileAndTheRemedy()
    {
        _study.Change("tiny.yaml", "rlvr_config: rlvr.yaml\n", "");
        Assert.Equal($"{_study.Config}: rlvr_config is not given; rlvr is trained by it; name a config of train rlvr, as in rlvr_config: rlvr.yaml", Assert.Throws<UserException>(() => _study.Design()).Message);
    }

    [Fact]
    public void TheTimeLeftIsThePlansUntilAStageOfTheSameKindWasTimed()
    {
        var design = _study.Design();
        var speed = new Speed(1000, 500);
        var time = new TimeLeft(speed);
        var (evaluations, others) = (design.Stages.Where(stage => stage.Kind == StageKind.Evaluation).ToList(), design.Stages.Where(stage => stage.Kind != StageKind.Evaluation).ToList());
        var (planned, rest) = (time.Of(evaluations), time.Of(others));
        Assert.Equal(design.Stages.Sum(speed.SecondsOf), planned + rest, 1e-9);
        time.Took(evaluations[0], 2 * speed.SecondsOf(evaluations[0]));
        Assert.Equal(2 * planned, time.Of(evaluations), 1e-9);
        Assert.Equal(rest, time.Of(others), 1e-9);
    }

    [Fact]
    public void ASettingOfTrainingOutsideItsRangeNamesTheFile()
    {
        _study.Change("rlvr.yaml", "num_generations: 4", "num_generations: 1");
        Assert.Contains("rlvr.yaml:2: num_generations is 1", Assert.Throws<UserException>(() => _study.Design()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("study.yaml", 7)]
    [InlineData("quick.yaml", 2)]
    public void TheShippedConfigsHaveAPlan(string file, int arms)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "LlmReasoning.sln"))) { root = root.Parent; }
        var path = Path.Combine(root!.FullName, "configs", "quickstart", file);
        var design = StudyDesign.Of(Cli.Config.RunConfig<StudyConfig>.Load(path, []), path, [0, 1, 2], _study.Path("out"));
        Assert.Equal((arms, 256), (design.Arms.Count, design.Config.K));
        var plan = StudyPlan.Table(design, Speed.Estimate(design.Parameters, 2));
        Assert.All(design.Stages, stage => Assert.Contains(stage.Name, plan, StringComparison.Ordinal));
        Assert.Contains($"{design.Stages.Count} of {design.Stages.Count} stages left", plan, StringComparison.Ordinal);
    }

    /// <summary>Where epochs are given, the number of a run's last step is not known before its training set is.</summary>
    [Fact]
    public void ACheckpointThatIsNotKnownYetIsLookedUpByTheShell()
    {
        _study.Change("distill.yaml", "max_steps: 4", "num_train_epochs: 2");
        var commands = StudyPlan.Commands(_study.Design("it's here"), ["study", "run"], null);
        var folder = _study.Path("it'\\''s here");
        Assert.Contains($"--model \"$(ls -d '{folder}/seed-0/base-base/run/checkpoints/'step-* | tail -n 1)\" ", commands, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCommandsOfALevelReadOnlyWhatLevelsBeforeItWrite()
    {
        var design = _study.Design();
        foreach (var stage in design.Stages) { Assert.All(stage.Inputs, input => Assert.True(input.Level < stage.Level)); }
        var last = design.Stages.Max(stage => stage.Level) + 1;
        Assert.Equal("llm-reasoning study run --config x.yaml\n", StudyPlan.Commands(design, ["study", "run", "--config", "x.yaml"], last));
        Assert.Contains($"levels 1 to {last}", Assert.Throws<UserException>(() => StudyPlan.Commands(design, [], last + 1)).Message, StringComparison.Ordinal);
    }
}
