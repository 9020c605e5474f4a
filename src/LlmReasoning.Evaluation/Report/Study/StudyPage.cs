using System.Text;
using LlmReasoning.Evaluation.Report.Figures;
using LlmReasoning.Evaluation.Report.Html;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The report as a page and as Markdown, out of the same sections.</summary>
internal sealed class StudyPage
{
    public const string SyntheticNote =
        "The problems are synthetic and built so that the base is diffuse; the numbers show that the program works and are never evidence about large models.";

    private readonly StudySummary _summary;
    private readonly IReadOnlyList<StudySection> _sections;

    public StudyPage(StudySummary summary, IReadOnlyList<Figure> figures, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? defaults)
    {
        _summary = summary;
        Figure[] Named(params string[] names) => [.. figures.Where(figure => names.Contains(figure.Name))];
        StudyTable[] Known(params StudyTable?[] tables) => [.. tables.OfType<StudyTable>()];
        StudyTable[] transitions =
        [
            .. new[] { Arm.Rlvr, Arm.ReasoningOnly, Arm.NewKnowledge, Arm.Control }.Where(summary.Runs.Has).Select(arm => StudyTables.Transitions(summary.Comparison, summary.Model(arm)!, arm)),
            .. summary.Finer.Models.Where(model => model.Name == Arm.Name(Arm.Rlvr)).Select(model => StudyTables.Transitions(summary.Finer, model, "rlvr_8")),
            StudyTables.PaperTransitions(),
        ];
        _sections =
        [
            new("In one picture", "", Named("study"), []),
            new("One sample and many", "Does training raise the chance of one sample, or what many samples reach?", Named("passk"), Known(StudyTables.Accuracy(summary), StudyTables.Curves(summary))),
            new("Difficulty", "Who gains: the problems that the base solves often, sometimes, or never?", Named("gains"),
                Known(StudyTables.Gains("gains", "Gain by bucket, as the paper's figure 1", summary.Comparison), StudyTables.Gains("gains_8", "Gain by bucket, as the paper's figure 8", summary.Finer))),
            new("Gained and lost", "Which problems come within reach, which go out of it?", Named("gained-lost", "transitions"), [StudyTables.Coverage(summary), .. transitions]),
            new("Distillation", "What can be taught by responses alone, and what needs new knowledge?", Named("passk-distilled", "gains-distilled"), Known(StudyTables.SelfDistillation(summary))),
            new("Responses", "Are better answers longer, or more reflective?", Named("length-keywords", "entropy"), Known(StudyTables.Responses(summary), StudyTables.Entropies(summary))),
            new("Training", "", Named("training"), []),
            new("Settings, versions, costs", "", [], Known(StudyTables.Settings(summary, defaults), StudyTables.Versions(summary), StudyTables.Costs(summary))),
        ];
        Claims = ClaimTable.Of(summary);
    }

    public StudyTable Claims { get; }

    public IEnumerable<StudyTable> Tables => _sections.SelectMany(section => section.Tables).Prepend(Claims);

    /// <summary>The page.</summary>
    /// <param name="browser">Problems and samples; null where they are not known.</param>
    public string ToHtml(ProblemBrowser? browser)
    {
        var page = new HtmlPage(Title, Subtitle, _summary.Warnings) { Lead = Lead };
        page.Section("Claims");
        page.Note($"Each claim of the paper, and what the data of this study are: consistent with it, not consistent with it, or not enough. Under each number stands its 95 % interval. Control: the same number between two independent samples of the base. Paper: {PaperNumbers.Source}.");
        page.Claims([.. _summary.Claims.Select(result => new ClaimCard(
            Claim.Groups.First(group => result.Claim.Id.StartsWith(group.Letter, StringComparison.Ordinal)).Title,
            ClaimTable.Statement(_summary, result.Claim),
            ClaimRule.Text(result.Verdict),
            result.Verdict switch { Verdict.Consistent => "yes", Verdict.NotConsistent => "no", _ => "open" },
            result.Reason,
            ClaimTable.Number(result),
            ClaimTable.Metric(_summary, result.Claim),
            ClaimTable.Interval(result),
            ClaimTable.BySeed(result),
            ClaimTable.Control(result),
            PaperNumbers.OfClaim(result.Claim.Id) ?? "-"))]);
        page.Folded("How a claim is judged", () => page.List(ClaimRule.InWords));
        string[] arms = [.. _summary.Runs.Arms, .. _summary.Runs.HasControl ? [Arm.Control] : Array.Empty<string>()];
        page.Folded("What the arms are", () => page.List(arms.Where(arm => Arm.Meaning(arm).Length > 0).Select(arm => $"{Arm.Name(arm)}: {Arm.Meaning(arm)}.")));
        foreach (var section in _sections.Where(section => section.Figures.Count + section.Tables.Count > 0))
        {
            page.Section(section.Title);
            if (section.Question.Length > 0) { page.Note(section.Question); }
            foreach (var figure in section.Figures) { page.Drawing(figure); }
            foreach (var table in section.Tables.Where(table => table.Rows.Count > 1))
            {
                if (table.IsFolded)
                {
                    page.Folded(table.Title, () => Show(table));
                    continue;
                }
                page.Subsection(table.Title);
                Show(table);
            }
        }
        if (browser is not null) { page.Browser(browser, $"Of the first seed, {_summary.Runs.Seeds[0]}. Choose \"gained\" or \"lost\" to see what an arm changed."); }
        return page.ToString();

        void Show(StudyTable table)
        {
            page.Table(table.Rows);
            if (table.Note.Length > 0) { page.Note(table.Note); }
        }
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder($"# {TextTable.Escaped(Title)}\n\n{TextTable.Escaped(Subtitle)}\n\n");
        if (Lead.Length > 0) { text.Append($"**{TextTable.Escaped(Lead)}**\n\n"); }
        foreach (var warning in _summary.Warnings) { text.Append($"> - {TextTable.Escaped(warning)}\n"); }
        text.Append("\n## Claims\n\n");
        TextTable.AppendMarkdown(text, Claims.Rows);
        foreach (var rule in ClaimRule.InWords) { text.Append($"- {TextTable.Escaped(rule)}\n"); }
        text.Append('\n');
        foreach (var section in _sections.Where(section => section.Figures.Count + section.Tables.Count > 0))
        {
            text.Append($"## {section.Title}\n\n");
            foreach (var figure in section.Figures) { text.Append($"![{TextTable.Escaped(figure.Caption)}](figures/{figure.Name}.svg)\n\n"); }
            foreach (var table in section.Tables.Where(table => table.Rows.Count > 1))
            {
                text.Append($"### {TextTable.Escaped(table.Title)}\n\n");
                TextTable.AppendMarkdown(text, table.Rows);
                if (table.Note.Length > 0) { text.Append($"{TextTable.Escaped(table.Note)}\n\n"); }
            }
        }
        return text.ToString();
    }

    private const string Title = "Accuracy and capability";

    // Of synthetic problems there is one thing to say first.
    private string Lead => _summary.Runs.File.Synthetic ? SyntheticNote : _summary.Runs.File.Description ?? "";

    private string Subtitle =>
        $"{_summary.Runs.File.Name}: {_summary.Runs.File.Model}, {_summary.Runs.Problems} test problems, n = {_summary.Runs.N} samples each, {(_summary.Runs.Seeds.Count == 1 ? "seed" : "seeds")} {string.Join(", ", _summary.Runs.Seeds)}; "
        + $"intervals of 95 %, {_summary.Comparison.BootstrapDraws} draws, bootstrap seed {_summary.Comparison.Seed}";

    private sealed record StudySection(string Title, string Question, IReadOnlyList<Figure> Figures, IReadOnlyList<StudyTable> Tables);
}
