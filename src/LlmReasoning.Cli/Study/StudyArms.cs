using LlmReasoning.Cli.Config;
using static LlmReasoning.Evaluation.Report.Study.Arm;

namespace LlmReasoning.Cli.Study;

/// <summary>The arms of the study, in the paper's order, and which of them go together.</summary>
internal static class StudyArms
{
    public static IReadOnlyList<string> All { get; } = [Base, Rlvr, BaseBase, BaseRlvr, RlvrRlvr, ReasoningOnly, NewKnowledge];

    /// <summary>Arms that learn from a teacher.</summary>
    public static bool NeedsTeacher(string arm) => arm is ReasoningOnly or NewKnowledge;

    /// <summary>Arms that learn by supervised training.</summary>
    public static bool IsDistilled(string arm) => arm is not (Base or Rlvr);

    /// <summary>Refuses arms that are unknown, given twice, or lack what they are made from.</summary>
    public static void Check(RunConfig<StudyConfig> config)
    {
        var value = config.Value;
        UserException Mistake(string remedy) => config.Mistake(nameof(value.Arms), remedy);
        foreach (var arm in value.Arms)
        {
            if (All.Contains(arm)) { continue; }
            throw Mistake($"{arm} is no arm; {(NearestName.Of(arm, All) is { } near ? $"did you mean {near}?" : $"the arms are {string.Join(", ", All)}")}");
        }
        if (value.Arms.Count != value.Arms.Distinct().Count()) { throw Mistake("an arm stands twice; keep one"); }
        if (!value.Arms.Contains(Base)) { throw Mistake($"every arm is compared with the base; add {Base}"); }
        foreach (var arm in value.Arms)
        {
            if (arm is BaseRlvr or RlvrRlvr && !value.Arms.Contains(Rlvr)) { throw Mistake($"{arm} learns from the RLVR model; add {Rlvr}"); }
            if (arm == Rlvr && value.RlvrConfig is null) { throw config.Mistake(nameof(value.RlvrConfig), $"{arm} is trained by it; name a config of train rlvr, as in rlvr_config: rlvr.yaml"); }
            if (IsDistilled(arm) && value.DistillConfig is null) { throw config.Mistake(nameof(value.DistillConfig), $"{arm} is trained by it; name a config of train distill, as in distill_config: distill.yaml"); }
            if (arm is BaseBase || NeedsTeacher(arm)) { RequireSamples(config, nameof(value.NTrain), value.NTrain, arm); }
            if (arm is BaseRlvr or RlvrRlvr) { RequireSamples(config, nameof(value.NTrainRlvr), value.NTrainRlvr, arm); }
            if (NeedsTeacher(arm)) { RequireTeacher(config, arm); }
        }
    }

    private static void RequireSamples(RunConfig<StudyConfig> config, string key, int n, string arm)
    {
        if (n < 1) { throw config.Mistake(key, $"{arm} is made from these samples; it must be at least 1"); }
    }

    private static void RequireTeacher(RunConfig<StudyConfig> config, string arm)
    {
        var value = config.Value;
        if (value.Teacher is not (null or "solutions")) { throw config.Mistake(nameof(value.Teacher), "it must be solutions, or null with teacher_data"); }
        var hasData = value.TeacherData is { Count: > 0 };
        if (value.Teacher is not null && hasData) { throw config.Mistake(nameof(value.TeacherData), "teacher is solutions too; give one of them"); }
        if (value.Teacher is null && !hasData) { throw config.Mistake(nameof(value.TeacherData), $"{arm} learns from a teacher; name its samples, or teacher: solutions"); }
    }
}
