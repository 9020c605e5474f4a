using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Report.Figures;
using ScottPlot;
using PlotStyle = LlmReasoning.Evaluation.Report.Figures.PlotStyle;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The figures of a study's report. An arm has one colour in all of them.</summary>
internal static class StudyPlots
{
    public static IReadOnlyList<Figure> Of(StudySummary summary)
    {
        var figures = new List<Figure?>
        {
            Picture(summary), Curves(summary), Distilled(summary), Gains(summary), GainsOfDistilled(summary), GainedAndLost(summary), Transitions(summary),
            summary.Responses is { Lengths.Count: > 0 } responses ? ResponsePlots.Lengths(responses) : null,
            summary.Responses is { } answers && answers.Entropies.Any(row => row.Entropy is not null) ? ResponsePlots.Entropy(answers) : null,
            Training(summary),
        };
        return [.. figures.OfType<Figure>()];
    }

    /// <summary>The study in one picture: the curves of all arms, and who gained where.</summary>
    private static Figure Picture(StudySummary summary)
    {
        var runs = summary.Runs;
        string[] gaining = [.. new[] { Arm.Rlvr, Arm.ReasoningOnly, Arm.NewKnowledge, Arm.Control }.Where(runs.Has)];
        return Figure.Of(
            "study",
            $"Left: share of problems solved within k samples, {(runs.Seeds.Count == 1 ? "one seed" : $"mean over {runs.Seeds.Count} seeds")}. Right: points of success rate gained over the base, by how often the base succeeds; whiskers: 95 % intervals over problems and seeds.",
            [
                PassKPlot.Draw($"pass@k on {runs.Problems} test problems, {StudyTables.Seeds(runs)}", runs.N, [.. runs.Arms.Select(arm => Line(summary, arm))], hasBands: false),
                DrawGains(summary, summary.Comparison, gaining, "Gain by difficulty"),
            ],
            2,
            620,
            480);
    }

    /// <summary>Kim et al., figure 7: pass@k of base and RLVR, test and train.</summary>
    private static Figure? Curves(StudySummary summary)
    {
        var runs = summary.Runs;
        if (!runs.Has(Arm.Rlvr)) { return null; }
        string[] arms = runs.HasControl ? [Arm.Base, Arm.Control, Arm.Rlvr] : [Arm.Base, Arm.Rlvr];
        List<Plot> panels = [PassKPlot.Draw($"test: pass@k, n = {runs.N}", runs.N, [.. arms.Select(arm => Line(summary, arm))], hasBands: true)];
        if (runs.Train(Arm.Base) is not null && runs.Train(Arm.Rlvr) is not null)
        {
            (ModelCurve, Color, MarkerShape)[] lines = [.. new[] { Arm.Base, Arm.Rlvr }.Select(arm => (TrainCurve(runs, arm), ColorOf(arm), ShapeOf(arm)))];
            panels.Add(PassKPlot.Draw("train: pass@k", lines.Max(line => line.Item1.Curve[^1].K), lines, hasBands: false));
        }
        return Figure.Of("passk", "As the paper's figure 7: share of problems solved within k samples; the open point k = n is the bare share. Bands: 95 % over problems and seeds.", panels, 2, panels.Count == 1 ? 900 : 600, 470);
    }

    /// <summary>Kim et al., figure 16 and tables 1 and 4 as curves.</summary>
    private static Figure? Distilled(StudySummary summary)
    {
        Plot? Panel(string title, params string[] arms)
        {
            string[] there = [.. arms.Where(summary.Runs.Has)];
            return there.Length < 2 ? null : PassKPlot.Draw(title, summary.Runs.N, [.. there.Select(arm => Line(summary, arm))], hasBands: true);
        }
        Plot[] panels =
        [
            .. new[]
            {
                Panel("Self-distillation", Arm.Base, Arm.BaseBase, Arm.BaseRlvr, Arm.RlvrRlvr),
                Panel("Distillation from a teacher", Arm.Base, Arm.ReasoningOnly, Arm.NewKnowledge),
            }.OfType<Plot>(),
        ];
        return panels.Length == 0 ? null : Figure.Of("passk-distilled", "pass@k of the distilled arms beside the base. Bands: 95 % over problems and seeds.", panels, 2, panels.Length == 1 ? 900 : 600, 470);
    }

    /// <summary>Kim et al., figures 1 and 8.</summary>
    private static Figure? Gains(StudySummary summary)
    {
        if (!summary.Runs.Has(Arm.Rlvr)) { return null; }
        string[] arms = summary.Runs.HasControl ? [Arm.Rlvr, Arm.Control] : [Arm.Rlvr];
        return Figure.Of(
            "gains",
            "As the paper's figures 1 and 8: points of success rate gained by RLVR, by the base's success. Grey: what a second sample of the base gains. Whiskers: 95 % over problems and seeds.",
            [DrawGains(summary, summary.Comparison, arms, "Gain by difficulty (figure 1)"), DrawGains(summary, summary.Finer, arms, "Finer buckets (figure 8)")],
            2,
            600,
            450);
    }

    private static Figure? GainsOfDistilled(StudySummary summary)
    {
        string[] self = [.. new[] { Arm.BaseBase, Arm.BaseRlvr, Arm.RlvrRlvr }.Where(summary.Runs.Has)];
        string[] taught = [.. new[] { Arm.ReasoningOnly, Arm.NewKnowledge }.Where(summary.Runs.Has)];
        Plot[] panels =
        [
            .. self.Length > 0 ? [DrawGains(summary, summary.Comparison, self, "Gain of self-distillation by difficulty")] : Array.Empty<Plot>(),
            .. taught.Length > 0 ? [DrawGains(summary, summary.Comparison, taught, "Gain of distillation from a teacher by difficulty")] : Array.Empty<Plot>(),
        ];
        return panels.Length == 0 ? null : Figure.Of("gains-distilled", "Points of success rate gained over the base by the distilled arms. Whiskers: 95 % over problems and seeds.", panels, 2, panels.Length == 1 ? 900 : 600, 450);
    }

    /// <summary>Problems gained upwards, lost downwards.</summary>
    private static Figure GainedAndLost(StudySummary summary)
    {
        var runs = summary.Runs;
        string[] arms = [.. runs.Arms.Skip(1), .. runs.HasControl ? [Arm.Control] : Array.Empty<string>()];
        var plot = PlotStyle.New($"Problems gained and lost against the base, {StudyTables.Seeds(runs)}", "", "problems, mean over seeds");
        double lowest = -1, highest = 1;
        for (var i = 0; i < arms.Length; i++)
        {
            var coverage = summary.Model(arms[i])!.Coverage;
            double gained = (double)coverage.Gained.Count / runs.Seeds.Count, lost = (double)coverage.Lost.Count / runs.Seeds.Count;
            PlotStyle.Bar(plot, i, gained, 0.6, ColorOf(arms[i]));
            PlotStyle.Bar(plot, i, -lost, 0.6, ColorOf(arms[i]).WithAlpha(0.45));
            PlotStyle.Text(plot, $"+{gained:0.#}", i, gained, Alignment.LowerCenter, 12);
            PlotStyle.Text(plot, $"\u2212{lost:0.#}", i, -lost, Alignment.UpperCenter, 12);
            (lowest, highest) = (Math.Min(lowest, -lost), Math.Max(highest, gained));
        }
        PlotStyle.Categories(plot, [.. arms.Select(arm => Figure.Label(Arm.Name(arm)))]);
        PlotStyle.Line(plot, -0.6, 0, arms.Length - 0.4, 0);
        var margin = 0.12 * (highest - lowest);
        PlotStyle.Ticks(plot.Axes.Left, lowest - margin, highest + margin);
        plot.Axes.SetLimits(-0.6, arms.Length - 0.4, lowest - margin, highest + margin);
        return Figure.Of("gained-lost", $"Up: problems that the base solves in none of {runs.N} samples and the arm does. Down, pale: the other way round. \"Base again\" is chance.", plot, 900, 420);
    }

    /// <summary>Kim et al., figure 2.</summary>
    private static Figure? Transitions(StudySummary summary)
    {
        ComparedModel[] models = [.. new[] { Arm.Rlvr, Arm.ReasoningOnly, Arm.NewKnowledge, Arm.Control }.Where(summary.Runs.Has).Select(arm => summary.Model(arm)!)];
        return models.Length == 0 ? null : TransitionPlot.Of(summary.Comparison with { Models = models, Control = null });
    }

    private static Figure? Training(StudySummary summary)
    {
        TrainingSeries[] Rlvr(string column) => [.. summary.Trainings.Where(run => run.Arm == Arm.Rlvr && run.Has(column)).Select(run => new TrainingSeries($"seed {run.Seed}", run.Points(column)))];
        var first = summary.Trainings.FirstOrDefault(run => run.Arm == Arm.Rlvr);
        TrainingSeries[] Groups() => first is null ? [] :
        [
            .. new[] { ("all wrong", "groups/all_wrong"), ("mixed", "groups/mixed"), ("all right", "groups/all_right") }.Where(group => first.Has(group.Item2)).Select(group => new TrainingSeries(group.Item1, first.Points(group.Item2))),
        ];
        TrainingSeries[] losses = [.. summary.Trainings.Where(run => run.Arm != Arm.Rlvr && run.Seed == summary.Runs.Seeds[0] && run.Has("loss")).Select(run => new TrainingSeries(Arm.Name(run.Arm), run.Points("loss")) { Color = ColorOf(run.Arm) })];
        (string, bool, IReadOnlyList<TrainingSeries>)[] panels =
        [
            ("RLVR: share of right completions", true, Rlvr("accuracy")),
            ($"RLVR: share of groups{(first is null ? "" : $", seed {first.Seed}")}", true, Groups()),
            ("RLVR: tokens a completion", false, Rlvr("completions/mean_length")),
            ($"distillation: loss, seed {summary.Runs.Seeds[0]}", false, losses),
        ];
        panels = [.. panels.Where(panel => panel.Item3.Any(series => series.Points.Count > 0))];
        return panels.Length == 0 ? null : TrainingPlot.Of(panels, "training", columns: 2);
    }

    private static Plot DrawGains(StudySummary summary, ComparisonSummary comparison, string[] arms, string title)
    {
        ComparedModel[] models = [.. arms.Select(arm => comparison.Compared.First(model => model.Name == Arm.Name(arm)))];
        return ComparisonPlots.DrawGains(comparison, models, [.. arms.Select(ColorOf)], title);
    }

    private static (ModelCurve, Color, MarkerShape) Line(StudySummary summary, string arm) =>
        (arm == Arm.Base ? summary.Comparison.Base : summary.Model(arm)!, ColorOf(arm), ShapeOf(arm));

    private static ModelCurve TrainCurve(StudyRuns runs, string arm)
    {
        var evaluations = runs.Train(arm)!;
        var n = evaluations.Min(one => one.Counts.N);
        return new ModelCurve
        {
            Name = $"{Arm.Name(arm)} (n = {n})",
            Histogram = [],
            Curve =
            [
                .. PassAtK.Ks(n, [n]).Select(k => evaluations.Average(one => one.Counts.Problems.Average(problem => PassAtK.Estimate(problem.N, problem.C, k))))
                    .Zip(PassAtK.Ks(n, [n]), (mean, k) => new CurvePoint(k, mean, mean, mean)),
            ],
        };
    }

    private static Color ColorOf(string arm) => arm switch
    {
        Arm.Base => PlotStyle.Base,
        Arm.Control => PlotStyle.Control,
        _ => PlotStyle.ColorOf(Arm.Order(arm) - 1),
    };

    private static MarkerShape ShapeOf(string arm) => arm is Arm.Base or Arm.Control ? MarkerShape.FilledCircle : PlotStyle.ShapeOf(Arm.Order(arm) - 1);
}
