using LlmReasoning.Evaluation.Comparison;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Responses;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The tables of a study's report, in the paper's layout and beside its numbers.</summary>
internal static class StudyTables
{
    private static readonly string[] PaperModels = ["1.5B", "3B"];
    private static readonly string[] Splits = ["train", "test"];

    /// <summary>The paper's table 3: accuracy, maj@n and pass@n, of every arm.</summary>
    public static StudyTable Accuracy(StudySummary summary)
    {
        var runs = summary.Runs;
        var rows = new List<string[]>();
        var values = new List<object?[]>();
        foreach (var split in new[] { "test", "train" })
        {
            string[] arms = split == "test" && runs.HasControl ? [Arm.Base, Arm.Control, .. runs.Arms.Skip(1)] : [.. runs.Arms];
            foreach (var arm in arms)
            {
                if ((split == "test" ? runs.Test(arm) : runs.Train(arm)) is not { } evaluations) { continue; }
                var n = evaluations.Min(one => one.Counts.N);
                Spread[] numbers =
                [
                    new([.. evaluations.Select(one => one.Counts.Problems.Average(problem => problem.Rate))]),
                    new([.. evaluations.Select(one => one.Majority.Average())]),
                    new([.. evaluations.Select(one => one.Counts.Problems.Average(problem => PassAtK.Estimate(problem.N, problem.C, n)))]),
                ];
                var paper = PaperModels.SelectMany(model => new[] { "accuracy", "maj@256", "pass@256" }.Select(column => PaperNumbers.Of("table 3", model, split, arm, column))).ToArray();
                rows.Add([Arm.Name(arm), split, $"{n}", .. numbers.Select(number => number.Percent), .. paper.Select(Shown)]);
                values.Add([split, arm, n, .. numbers.SelectMany(number => new object?[] { number.Mean, number.Deviation }), .. paper.Select(value => (object?)(value / 100))]);
            }
        }
        return new StudyTable(
            "accuracy",
            "Accuracy and capability, as the paper's table 3",
            $"Percent{(runs.Seeds.Count == 1 ? "" : ", mean \u00b1 standard deviation over seeds")}. pass@1 is accuracy; pass@n, the share solved in all n samples, is capability; maj@n is the share whose most frequent answer is right. "
                + "The paper's columns: n = 256, MATH-500 and MATH train.",
            [["arm", "problems", "n", "pass@1", "maj@n", "pass@n", .. PaperModels.SelectMany(model => new[] { $"paper {model} pass@1", $"{model} maj@256", $"{model} pass@256" })], .. rows],
            ["split", "arm", "n", "pass_at_1", "pass_at_1_sd", "maj_at_n", "maj_at_n_sd", "pass_at_n", "pass_at_n_sd",
                .. PaperModels.SelectMany(model => new[] { $"paper_{model}_pass_at_1", $"paper_{model}_maj_at_256", $"paper_{model}_pass_at_256" })],
            values);
    }

    /// <summary>pass@k of every arm, and the difference to the base at 1 and n.</summary>
    public static StudyTable Curves(StudySummary summary)
    {
        var comparison = summary.Comparison;
        ModelCurve[] models = [comparison.Base, .. comparison.Compared];
        string Row(CurveDelta delta) => $"{100 * delta.Delta:+0.0;-0.0;0.0} ({100 * delta.Lo:+0.0;-0.0;0.0} to {100 * delta.Hi:+0.0;-0.0;0.0})";
        return new StudyTable(
            "passk",
            "pass@k",
            "Percent, mean over seeds; the differences to the base in points with 95 % intervals over problems and seeds.",
            [
                ["arm", .. comparison.Base.Curve.Select(point => $"k = {point.K}"), "pass@1 less base", $"pass@{comparison.N} less base"],
                .. models.Select(model => (string[])
                [
                    model.Name, .. model.Curve.Select(point => $"{100 * point.Estimate:F1}"),
                    .. model is ComparedModel compared ? new[] { Row(compared.Deltas[0]), Row(compared.Deltas[^1]) } : ["", ""],
                ]),
            ],
            ["arm", "k", "estimate", "lo", "hi", "delta", "delta_lo", "delta_hi"],
            [
                .. models.SelectMany(model => model.Curve.Select((point, k) => (object?[])
                [
                    model.Name, point.K, point.Estimate, point.Lo, point.Hi,
                    (model as ComparedModel)?.Deltas[k].Delta, (model as ComparedModel)?.Deltas[k].Lo, (model as ComparedModel)?.Deltas[k].Hi,
                ])),
            ]);
    }

    /// <summary>The paper's tables 1 and 4: self-distillation.</summary>
    public static StudyTable? SelfDistillation(StudySummary summary)
    {
        var runs = summary.Runs;
        string[] arms = [.. new[] { Arm.Base, Arm.BaseBase, Arm.BaseRlvr, Arm.Rlvr, Arm.RlvrRlvr }.Where(runs.Has)];
        if (arms.Length < 3) { return null; }
        string Student(string arm) => arm == Arm.RlvrRlvr ? Arm.Rlvr : Arm.Base;
        Spread? Accuracy(string arm, string split) => (split == "train" ? runs.Train(arm) : runs.Has(arm) ? runs.Test(arm) : null) is { } evaluations
            ? new Spread([.. evaluations.Select(one => one.Counts.Problems.Average(problem => problem.Rate))])
            : null;
        bool IsDistilled(string arm) => arm is not (Arm.Base or Arm.Rlvr);
        string Own(string arm, string split) => Accuracy(arm, split) is { } own
            ? own.Percent + (IsDistilled(arm) && Accuracy(Student(arm), split) is { } before ? $" ({100 * (own.Mean - before.Mean):+0.0;-0.0;0.0})" : "")
            : "-";
        string Paper(string arm, string model, string split) => PaperNumbers.Of("tables 1 and 4", model, split, arm, "accuracy") is { } value
            ? $"{value:F1}" + (IsDistilled(arm) && PaperNumbers.Of("tables 1 and 4", model, split, Student(arm), "accuracy") is { } before ? $" ({value - before:+0.0;-0.0;0.0})" : "")
            : "-";
        return new StudyTable(
            "self_distillation",
            "Self-distillation, as the paper's tables 1 and 4",
            "pass@1 in percent, in brackets the gain over the student before. Test and train problems; \"-\" where an arm is not evaluated.",
            [
                ["arm", .. Splits, .. PaperModels.SelectMany(model => Splits.Select(split => $"paper {model} {split}"))],
                .. arms.Select(arm => (string[])[Arm.Name(arm), .. Splits.Select(split => Own(arm, split)), .. PaperModels.SelectMany(model => Splits.Select(split => Paper(arm, model, split)))]),
            ],
            ["arm", "split", "pass_at_1", "pass_at_1_sd", "paper_1.5B", "paper_3B"],
            [
                .. from arm in arms from split in Splits
                   let own = Accuracy(arm, split)
                   select (object?[])[arm, split, own?.Mean, own?.Deviation, .. PaperModels.Select(model => (object?)(PaperNumbers.Of("tables 1 and 4", model, split, arm, "accuracy") / 100))],
            ]);
    }

    /// <summary>The paper's figure 1 or 8 in numbers: gains by bucket of the base.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="title">Above it.</param>
    /// <param name="comparison">By these buckets.</param>
    public static StudyTable Gains(string name, string title, ComparisonSummary comparison)
    {
        var models = comparison.Compared.ToArray();
        var hasPaper = comparison.Buckets.Any(bucket => PaperNumbers.Of("figure 1", "1.5B", "test", Arm.Rlvr, bucket) is not null) && comparison.Buckets.Count <= 6;
        double? Paper(string bucket) => PaperNumbers.Of("figure 1", "1.5B", "test", Arm.Rlvr, bucket);
        return new StudyTable(
            name,
            title,
            "Points of success rate gained over the base, in its buckets; 95 % intervals over problems and seeds in the file. \"Problems\" are summed over seeds. "
                + "Base again: the second sample of the base; what it gains in the lowest buckets and loses in the highest is regression to the mean."
                + (hasPaper ? " The paper's 1.5B, +8.8 and +19.8 inferred from its figure 1." : ""),
            [
                [$"correct of {comparison.N}", "problems", "base", .. models.Select(model => model.Name), .. hasPaper ? ["paper 1.5B RLVR"] : Array.Empty<string>()],
                .. comparison.Buckets.Select((bucket, i) => (string[])
                [
                    bucket, $"{models[0].Gains[i].Problems}", models[0].Gains[i].BaseRate is { } rate ? SummaryTable.Percent(rate) : "-",
                    .. models.Select(model => ComparisonText.Points(model.Gains[i].Gain)),
                    .. hasPaper ? [Paper(bucket) is { } paper ? $"{paper:+0.0;-0.0}" : "-"] : Array.Empty<string>(),
                ]),
            ],
            ["arm", "bucket", "problems", "base_rate", "model_rate", "gain", "gain_lo", "gain_hi", "gain_over_control", "gain_over_control_lo", "gain_over_control_hi"],
            [
                .. models.SelectMany(model => model.Gains.Select(gain => (object?[])
                [
                    model.Name, gain.Bucket, gain.Problems, gain.BaseRate, gain.ModelRate, gain.Gain?.Value, gain.Gain?.Lo, gain.Gain?.Hi,
                    gain.GainOverControl?.Value, gain.GainOverControl?.Lo, gain.GainOverControl?.Hi,
                ])),
            ]);
    }

    /// <summary>Problems gained and lost against the base, beside what a second sample of the base gains and loses.</summary>
    public static StudyTable Coverage(StudySummary summary)
    {
        var runs = summary.Runs;
        var models = summary.Comparison.Compared.ToArray();
        string[] arms = [.. runs.Arms.Skip(1), .. runs.HasControl ? [Arm.Control] : Array.Empty<string>()];
        string BySeed(string arm, bool gained) => string.Join(" / ", Enumerable.Range(0, runs.Seeds.Count).Select(s => runs.Test(Arm.Base)[s].Counts.Problems
            .Zip(runs.Test(arm)[s].Counts.Problems).Count(pair => gained ? pair.First.C == 0 && pair.Second.C > 0 : pair.First.C > 0 && pair.Second.C == 0)));
        return new StudyTable(
            "coverage",
            "Problems gained and lost against the base",
            $"Solved in {runs.N} samples or not. Gained and lost: of each seed. Shares are summed over seeds: SRR of the base's problems kept, NDR of the model's problems that are new (arXiv 2507.14843). "
                + "The last row is the control: what a second sample of the same base gains and loses by chance.",
            [
                ["arm", "gained", "lost", "solved by both", "by neither", "SRR", "NDR", "gained by the control too", "lost by the control too"],
                .. models.Select((model, i) => (string[])
                [
                    model.Name, BySeed(arms[i], gained: true), BySeed(arms[i], gained: false), $"{model.Coverage.Both.Count}", $"{model.Coverage.Neither.Count}",
                    model.Coverage.Srr is { } srr ? $"{srr:F3}" : "-", model.Coverage.Ndr is { } ndr ? $"{ndr:F3}" : "-",
                    model.GainedByControl is { } gained ? $"{gained.Count} of {model.Coverage.Gained.Count}" : "-", model.LostByControl is { } lost ? $"{lost.Count} of {model.Coverage.Lost.Count}" : "-",
                ]),
            ],
            ["arm", "both", "lost", "gained", "neither", "srr", "ndr", "sds", "nscr", "gained_also_by_control", "lost_also_by_control"],
            [
                .. models.Select(model => (object?[])
                [
                    model.Name, model.Coverage.Both.Count, model.Coverage.Lost.Count, model.Coverage.Gained.Count, model.Coverage.Neither.Count,
                    model.Coverage.Srr, model.Coverage.Ndr, model.Coverage.Sds, model.Coverage.Nscr, model.GainedByControl?.Count, model.LostByControl?.Count,
                ]),
            ]);
    }

    /// <summary>The paper's figure 2 in numbers: where the problems of each bucket went.</summary>
    public static StudyTable Transitions(ComparisonSummary comparison, ComparedModel model, string name) => new(
        $"transitions_{name.Replace('-', '_')}",
        $"From bucket to bucket: base to {model.Name}{(comparison.Buckets.Count > 6 ? ", finer" : "")}",
        $"Problems by correct samples of {comparison.N}, summed over seeds: rows by the base, columns by {model.Name}.",
        [
            ["base", "problems", .. comparison.Buckets],
            .. comparison.Buckets.Zip(model.Transitions, (bucket, row) => (string[])[bucket, $"{row.Sum()}", .. row.Select(count => $"{count}")]),
        ],
        ["base_bucket", "problems", .. comparison.Buckets],
        [.. comparison.Buckets.Zip(model.Transitions, (bucket, row) => (object?[])[bucket, row.Sum(), .. row.Select(count => (object?)count)])])
    {
        IsFolded = true,
    };

    /// <summary>The paper's matrix from base to RLVR, in the buckets of its appendix.</summary>
    public static StudyTable PaperTransitions()
    {
        var buckets = SuccessBuckets.Parse("kim8", 256).Labels;
        int Count(string row, string column) => (int)PaperNumbers.Of("figure 2", "1.5B", "test", row, column)!.Value;
        int[][] rows = [.. buckets.Select(row => buckets.Select(column => Count(row, column)).ToArray())];
        return new StudyTable(
            "transitions_paper",
            "From bucket to bucket in the paper: 1.5B, MATH-500",
            "Problems by correct samples of 256: rows by the base, columns by the RL model (figures 2 and 9). Solved by the base 486, by the RL model 485; gained 5, lost 6.",
            [["base", "problems", .. buckets], .. buckets.Zip(rows, (bucket, row) => (string[])[bucket, $"{row.Sum()}", .. row.Select(count => $"{count}")])],
            ["base_bucket", "problems", .. buckets],
            [.. buckets.Zip(rows, (bucket, row) => (object?[])[bucket, row.Sum(), .. row.Select(count => (object?)count)])])
        {
            IsFolded = true,
        };
    }

    /// <summary>Length, keywords and answer entropy of every arm.</summary>
    public static StudyTable Responses(StudySummary summary)
    {
        var runs = summary.Runs;
        string[] arms = runs.HasControl ? [Arm.Base, Arm.Control, .. runs.Arms.Skip(1)] : [.. runs.Arms];
        Spread Tokens(string arm) => new([.. runs.Test(arm).Select(one => one.Tokens.Average())]);
        Spread Entropy(string arm) => new([.. runs.Test(arm).Select(one => one.Entropy.Average())]);
        Spread Words(string arm) => new(summary.Keywords.TryGetValue(arm, out var bySeed) ? [.. bySeed.Select(problems => problems.Average())] : []);
        string Paper(string arm) => string.Join(" / ", PaperModels.Select(model => PaperNumbers.Of("figure 3", model, "test", arm, "all") is { } length ? $"{length:F0}" : "-"));
        return new StudyTable(
            "responses",
            "Length, reflection words, answer entropy",
            "Mean over the test problems \u00b1 standard deviation over seeds. Reflection words: the paper's 27 (its table 5), as whole words. Entropy of the answers to a problem in nats, no answer counted as one. "
                + "The paper's lengths are read off its figure 3, for 1.5B with the pairing inferred.",
            [
                ["arm", "tokens a response", "reflection words a response", "answer entropy", "paper tokens 1.5B / 3B"],
                .. arms.Select(arm => (string[])[Arm.Name(arm), Tokens(arm).Number("F1"), Words(arm).Number("F3"), Entropy(arm).Number("F3"), Paper(arm)]),
            ],
            ["arm", "tokens", "tokens_sd", "keywords", "keywords_sd", "entropy_nats", "entropy_nats_sd"],
            [
                .. arms.Select(arm => (object?[])
                [
                    arm, Tokens(arm).Mean, Tokens(arm).Deviation, Words(arm).BySeed.Count == 0 ? null : Words(arm).Mean, Words(arm).BySeed.Count == 0 ? null : Words(arm).Deviation,
                    Entropy(arm).Mean, Entropy(arm).Deviation,
                ]),
            ]);
    }

    /// <summary>The paper's figure 10 in numbers; null where entropies are not known.</summary>
    public static StudyTable? Entropies(StudySummary summary)
    {
        if (summary.Responses is not { } responses || responses.Entropies.All(row => row.Entropy is null)) { return null; }
        string[] buckets = [.. responses.Entropies.Select(row => row.Of.Bucket).Distinct()];
        EntropyRow Row(string model, string bucket) => responses.Entropies.First(row => row.Of.Model == model && row.Of.Bucket == bucket);
        string Shown(EntropyRow row) => row.Entropy is { } entropy ? $"{entropy.Value:F2} ({entropy.Lo:F2} to {entropy.Hi:F2})" : "-";
        return new StudyTable(
            "entropy",
            "Answer entropy by difficulty",
            "Nats, with 95 % intervals over problems and seeds. The bars of the paper's figure 10 cannot be read; there entropy falls in every bucket.",
            [
                [$"correct of {summary.Runs.N}, base", "problems", .. responses.Models],
                .. buckets.Select(bucket => (string[])[bucket, $"{Row(responses.Models[0], bucket).Problems}", .. responses.Models.Select(model => Shown(Row(model, bucket)))]),
            ],
            ["model", "bucket", "problems", "entropy_nats", "lo", "hi"],
            [.. responses.Entropies.Select(row => (object?[])[row.Of.Model, row.Of.Bucket, row.Problems, row.Entropy?.Value, row.Entropy?.Lo, row.Entropy?.Hi])]);
    }

    public static StudyTable Settings(StudySummary summary, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? defaults)
    {
        var rows = summary.Settings.Departures(defaults).ToArray();
        return new StudyTable(
            "settings",
            defaults is null ? "Settings" : "Settings other than the defaults",
            "Of the first seed; every run's config.yaml holds all of them.",
            [["run", "key", "value", "default"], .. rows.Select(row => new[] { row.Stage, row.Key, row.Value, row.Default is "null" ? "-" : row.Default })],
            ["run", "key", "value", "default"],
            [.. rows.Select(row => (object?[])[row.Stage, row.Key, row.Value, row.Default])]);
    }

    /// <summary>Tokens and seconds of the parts of a study, means over seeds. The file leaves the seconds out: two equal studies have equal tables.</summary>
    public static StudyTable Costs(StudySummary summary)
    {
        var runs = summary.Runs;
        var rows = new List<(string Part, string Arm, double? Samples, double? Sampled, double? Trained, double? Seconds)>();
        void Evaluation(string part, string arm, IReadOnlyList<StudyEvaluation>? evaluations)
        {
            if (evaluations is null) { return; }
            double Samples(StudyEvaluation one) => one.Counts.Problems.Sum(problem => (double)problem.N);
            double Tokens(StudyEvaluation one) => one.Counts.Problems.Zip(one.Tokens, (problem, tokens) => problem.N * tokens).Sum();
            rows.Add((part, arm, evaluations.Average(Samples), evaluations.Average(Tokens), null, Seconds([.. evaluations.Select(one => one.Folder)])));
        }

        // Only a study that study run made knows how long an evaluation took.
        double? Seconds(string[] folders)
        {
            double?[] known = [.. folders.Select(StudySettings.StageSeconds)];
            return known.All(seconds => seconds is not null) ? known.Average() : null;
        }

        foreach (var arm in runs.Arms)
        {
            if (summary.Trainings.Where(run => run.Arm == arm).ToArray() is { Length: > 0 } trained)
            {
                var tokens = trained.Average(run => run.TokenCount);
                rows.Add(("training", Arm.Name(arm), null, arm == Arm.Rlvr ? tokens : null, tokens, trained.Average(run => run.Seconds)));
            }
            Evaluation("test problems", Arm.Name(arm), runs.Test(arm));
            if (arm == Arm.Base && runs.HasControl) { Evaluation("test problems", Arm.Name(Arm.Control), runs.Test(Arm.Control)); }
            Evaluation("train problems", Arm.Name(arm), runs.Train(arm));
        }
        double? Sum(Func<(string Part, string Arm, double? Samples, double? Sampled, double? Trained, double? Seconds), double?> of) => rows.Sum(of);
        string Count(double? value) => value is { } known && double.IsFinite(known) ? $"{known:N0}" : "-";
        return new StudyTable(
            "costs",
            "Costs",
            "A seed, mean over seeds. Tokens that are sampled, and tokens that are trained on; seconds of the training steps as timings.jsonl has them, and of evaluations as stage.json has them (they depend on the machine, all else does not).",
            [
                ["part", "arm", "samples", "tokens sampled", "tokens trained on", "seconds"],
                .. rows.Select(row => new[] { row.Part, row.Arm, Count(row.Samples), Count(row.Sampled), Count(row.Trained), Count(row.Seconds) }),
                ["all", "", Count(Sum(row => row.Samples)), Count(Sum(row => row.Sampled)), Count(Sum(row => row.Trained)), Count(Sum(row => row.Seconds))],
            ],
            ["part", "arm", "samples", "tokens_sampled", "tokens_trained"],
            [.. rows.Select(row => (object?[])[row.Part, row.Arm, row.Samples, row.Sampled, row.Trained])]);
    }

    public static StudyTable Versions(StudySummary summary) => new(
        "versions",
        "Versions",
        "",
        [["what", "value"], .. summary.Settings.Versions.Select(version => new[] { version.Name, version.Value })],
        ["what", "value"],
        [.. summary.Settings.Versions.Select(version => (object?[])[version.Name, version.Value])]);

    public static string Seeds(StudyRuns runs) => runs.Seeds.Count == 1 ? "one seed" : $"{runs.Seeds.Count} seeds";

    private static string Shown(double? value) => value is { } known ? $"{known:F1}" : "-";
}
