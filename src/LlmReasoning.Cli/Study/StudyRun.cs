using System.CommandLine;
using System.Diagnostics;

namespace LlmReasoning.Cli.Study;

/// <summary>Makes the stages of a study that are not done.</summary>
internal static class StudyRun
{
    /// <summary>Runs them in order.</summary>
    /// <param name="root">The program's commands: a stage is one of them.</param>
    /// <param name="design">The study.</param>
    /// <param name="speed">For the time left.</param>
    public static void Run(Command root, StudyDesign design, Speed speed)
    {
        var states = new StageStates(new());
        var stages = design.Stages;
        // Every folder is looked at before the first is written to.
        var open = stages.Where(stage => states.Of(stage).Status != StageStatus.Done).ToList();
        StudyFolder.Describe(design);
        var time = new TimeLeft(speed);
        for (var i = 0; i < stages.Count; i++)
        {
            Interruption.Token.ThrowIfCancellationRequested();
            var stage = stages[i];
            var state = states.Of(stage);
            if (state.Status == StageStatus.Done) { continue; }
            var left = time.Of(open.SkipWhile(one => one != stage));
            Stderr.WriteLine($"stage {i + 1} of {stages.Count}: {stage.Name}{Describe(state)}, {Progress.Duration(TimeSpan.FromSeconds(left))} left for all");
            var watch = Stopwatch.StartNew();
            Make(root, stage, state, states, watch);
            if (state.Status != StageStatus.Unfinished) { time.Took(stage, watch.Elapsed.TotalSeconds); }
        }
    }

    private static string Describe(StageState state) => state.Status switch
    {
        StageStatus.Stale => $" is made anew ({state.Reason})",
        StageStatus.Unfinished => " goes on",
        _ => "",
    };

    private static void Make(Command root, Stage stage, StageState state, StageStates states, Stopwatch watch)
    {
        using (OutputFolder.Lock(stage.Folder)) { }         // the stage's command may be at work there, run by hand
        if (state.Status == StageStatus.Stale) { StudyFolder.Remove(stage.Folder); }
        Directory.CreateDirectory(stage.Folder);
        StudyFolder.Sweep(stage.Folder);
        var record = states.RecordOf(stage);
        var started = Path.Combine(stage.Folder, StageRecord.StartedFile);
        record.Write(started);
        Program.Run(root, stage.ResolvedArguments());
        Interruption.Token.ThrowIfCancellationRequested();
        Logging.Close();
        var hashes = new FileHashes();
        var outputs = stage.Outputs().ToDictionary(path => path, path => hashes.Of(Path.Combine(stage.Folder, path)));
        (record with { Outputs = new SortedDictionary<string, FileContent>(outputs, StringComparer.Ordinal), Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1) })
            .WithHash().Write(Path.Combine(stage.Folder, StageRecord.FinishedFile));
        File.Delete(started);
        states.Of(stage);
    }
}
