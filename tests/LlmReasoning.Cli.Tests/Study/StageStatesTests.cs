using LlmReasoning.Cli.Study;

namespace LlmReasoning.Cli.Tests.Study;

/// <summary>Which stages are done, from records in their folders: no stage is run here.</summary>
public sealed class StageStatesTests : IDisposable
{
    private readonly TinyStudy _study = new();

    public void Dispose() => _study.Dispose();

    [Fact]
    public void AStudyIsToDoUntilItsStagesAreDone()
    {
        Assert.All(StatesNow(), state => Assert.Equal("to do", state.Value));
        FinishAll();
        Assert.All(StatesNow(), state => Assert.Equal("done", state.Value));
    }

    [Fact]
    public void AChangedSettingMakesItsStageAndWhatReadsItStaleAndNothingElse()
    {
        FinishAll();
        _study.Change("rlvr.yaml", "learning_rate: 3.0e-4", "learning_rate: 1.0e-4");
        var states = StatesNow();
        Assert.Equal("stale: learning_rate changed from 0.0003 to 0.0001", states["rlvr/run"]);
        Assert.Equal("stale: depends on rlvr/run", states["rlvr/test"]);
        Assert.Equal("stale: depends on rlvr/test", states["rlvr/compare"]);
        Assert.Equal("stale: depends on rlvr/train", states["base-rlvr/select"]);
        Assert.Equal("stale: depends on rlvr-rlvr/select", states["rlvr-rlvr/run"]);
        Assert.All(states.Where(state => !state.Key.Contains("rlvr", StringComparison.Ordinal)), state => Assert.Equal("done", state.Value));
    }

    [Fact]
    public void AChangeOfTheTestProblemsLeavesWhatIsTrainedOnTheTrainProblemsButItsSelection()
    {
        FinishAll();
        File.AppendAllText(_study.Path("test.jsonl"), "{\"id\": \"new\", \"problem\": \"Compute 1+1.\", \"answer\": \"2\"}\n");
        var states = StatesNow();
        Assert.Equal("stale: the content of problems changed", states["base/test"]);
        Assert.Equal("stale: the content of test_problems changed", states["base-base/select"]);      // test problems are left out of training sets
        Assert.Equal(("done", "done", "done"), (states["base/train"], states["rlvr/run"], states["rlvr/train"]));
    }

    [Fact]
    public void AFileThatIsOnlyTouchedChangesNothing()
    {
        FinishAll();
        File.SetLastWriteTimeUtc(_study.Path("test.jsonl"), DateTime.UtcNow.AddDays(1));
        Assert.All(StatesNow(), state => Assert.Equal("done", state.Value));
    }

    [Fact]
    public void WhatChangesNoNumberChangesNoState()
    {
        FinishAll();
        Assert.All(StatesNow("batch_size=3", "threads=1"), state => Assert.Equal("done", state.Value));
        _study.Change("rlvr.yaml", "save_steps: 1", "save_steps: 2");
        Assert.All(StatesNow(), state => Assert.Equal("done", state.Value));
    }

    /// <summary>A program that has learned a new key makes nothing anew, as long as the key has its default.</summary>
    [Fact]
    public void ARecordWithoutAKeyHasItsDefault()
    {
        var design = FinishAll();
        var path = Path.Combine(design.Stages.Single(stage => stage.ShortName == "rlvr/run").Folder, StageRecord.FinishedFile);
        var record = StageRecord.Read(path)!;
        (record with { Settings = record.Settings.Where(setting => setting.Key != "weight_decay").ToDictionary() }).Write(path);
        Assert.All(StatesNow(), state => Assert.Equal("done", state.Value));
        File.AppendAllText(_study.Path("rlvr.yaml"), "weight_decay: 0.5\n");
        Assert.Equal("stale: weight_decay changed from 0.0 to 0.5", StatesNow()["rlvr/run"]);
    }

    [Fact]
    public void AStudyThatIsMovedStaysDone()
    {
        FinishAll();
        Directory.Move(_study.Path("out"), _study.Path("elsewhere"));
        Assert.All(States(_study.Design("elsewhere")), state => Assert.Equal("done", state.Value));
    }

    [Fact]
    public void AFurtherSeedOrArmLeavesTheOthersDone()
    {
        FinishAll();
        var states = States(_study.Design("out", "seeds=[0, 1]"), shortNames: false);
        Assert.Equal(32, states.Count(state => state.Value == "done"));
        Assert.All(states.Where(state => state.Key.StartsWith("seed-1", StringComparison.Ordinal)), state => Assert.Equal("to do", state.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"stage\": null}")]
    [InlineData("[1, 2]")]
    [InlineData("{\"stage\": \"s\", \"settings\": {}, \"files\": {}, \"inputs\": null}")]
    [InlineData("\0\0\0\0")]
    public void ARecordThatCannotBeReadMakesItsStageStale(string text)
    {
        var design = FinishAll();
        var run = design.Stages.Single(stage => stage.ShortName == "base-base/run");
        File.WriteAllText(Path.Combine(run.Folder, StageRecord.FinishedFile), text);
        var states = StatesNow();
        Assert.Equal("stale: stage.json cannot be read", states["base-base/run"]);
        Assert.Equal("stale: depends on base-base/run", states["base-base/test"]);
        Assert.Equal("done", states["base-rlvr/run"]);
    }

    [Fact]
    public void AResultThatIsMissingOrCutShortMakesItsStageStale()
    {
        var design = FinishAll();
        File.Delete(Path.Combine(design.Stages.Single(stage => stage.ShortName == "base/test").Folder, "problems.csv"));
        File.WriteAllText(Path.Combine(design.Stages.Single(stage => stage.ShortName == "base/train").Folder, "samples.jsonl"), "");
        var states = StatesNow();
        Assert.Equal("stale: problems.csv is missing", states["base/test"]);
        Assert.Equal("stale: samples.jsonl was changed by something else", states["base/train"]);
    }

    [Fact]
    public void AStageThatWasBegunGoesOnUnlessItsSettingsChanged()
    {
        var design = _study.Design();
        var run = design.Stages.Single(stage => stage.ShortName == "rlvr/run");
        new StageStates(new()).RecordOf(run).Write(Path.Combine(run.Folder, StageRecord.StartedFile));
        Assert.Equal("unfinished", StatesNow()["rlvr/run"]);
        _study.Change("rlvr.yaml", "max_steps: 4", "max_steps: 5");
        Assert.Equal("stale: max_steps changed from 4 to 5", StatesNow()["rlvr/run"]);
    }

    [Fact]
    public void AStageMadeAnewWithAnotherResultMakesWhatReadItStale()
    {
        var design = FinishAll();
        Finish(design, stage => stage.ShortName == "base/train", "other");
        var states = StatesNow();
        Assert.Equal("done", states["base/train"]);
        Assert.Equal("stale: depends on base/train, which was made anew", states["base-base/select"]);
        Assert.Equal("done", states["base/test"]);
    }

    [Fact]
    public void AForeignFolderIsRefusedAndLeftAlone()
    {
        var folder = Path.Combine(_study.Path("out"), "seed-0", "base", "test");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "thesis.tex"), "years of work");
        Assert.Contains("base/test: holds thesis.tex, which is not of this study", Assert.Throws<UserException>(() => StatesNow()).Message, StringComparison.Ordinal);
        File.WriteAllText(_study.Path("out/notes.txt"), "");
        Assert.Contains("out: holds notes.txt and no study.json", Assert.Throws<UserException>(() => StudyFolder.RequireOwn(_study.Path("out"))).Message, StringComparison.Ordinal);
        Assert.Equal("years of work", File.ReadAllText(Path.Combine(folder, "thesis.tex")));
    }

    [Fact]
    public void AResultMadeByHandBeforeItsInputsIsRefused()
    {
        var test = _study.Design().Stages.Single(stage => stage.ShortName == "base/test");
        Directory.CreateDirectory(test.Folder);
        File.WriteAllText(Path.Combine(test.Folder, "config.yaml"), "");
        var samples = Path.Combine(test.Folder, "samples.jsonl");
        File.WriteAllText(samples, "");
        Assert.Equal("unfinished", StatesNow()["base/test"]);
        File.SetLastWriteTimeUtc(samples, DateTime.UtcNow.AddDays(-1));
        Assert.Contains($"was run by hand before {_study.Path("t")}", Assert.Throws<UserException>(() => StatesNow()).Message, StringComparison.Ordinal);
    }

    private Dictionary<string, string> StatesNow(params string[] overrides) => States(_study.Design("out", overrides));

    private static Dictionary<string, string> States(StudyDesign design, bool shortNames = true)
    {
        var states = new StageStates(new());
        return design.Stages.ToDictionary(stage => shortNames ? stage.ShortName : stage.Name, stage => $"{states.Of(stage)}");
    }

    private StudyDesign FinishAll()
    {
        var design = _study.Design();
        Finish(design, _ => true, "result");
        return design;
    }

    /// <summary>Files in place of what the stages would have written, and their records.</summary>
    private static void Finish(StudyDesign design, Func<Stage, bool> which, string result)
    {
        var states = new StageStates(new());
        foreach (var stage in design.Stages)
        {
            if (which(stage))
            {
                if (stage.Kind is StageKind.Rlvr or StageKind.Distillation) { Directory.CreateDirectory(Path.Combine(stage.Folder, "checkpoints", "step-000004")); }
                else { Directory.CreateDirectory(stage.Folder); }
                var outputs = new SortedDictionary<string, FileContent>(StringComparer.Ordinal);
                foreach (var path in stage.Outputs())
                {
                    File.WriteAllText(Path.Combine(stage.Folder, path), result);
                    outputs[path] = new FileHashes().Of(Path.Combine(stage.Folder, path));
                }
                (states.RecordOf(stage) with { Outputs = outputs }).WithHash().Write(Path.Combine(stage.Folder, StageRecord.FinishedFile));
            }
            states.Of(stage);
        }
    }
}
