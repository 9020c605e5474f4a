namespace LlmReasoning.Evaluation.Report.Html;

/// <summary>A claim as a page shows it, all texts.</summary>
/// <param name="Group">Claims of one group stand together.</param>
/// <param name="Statement">One sentence.</param>
/// <param name="Verdict">What the data say.</param>
/// <param name="Tone">yes, no or open: the colour.</param>
/// <param name="Reason">Why, half a sentence.</param>
/// <param name="Number">With its unit.</param>
/// <param name="Metric">What was measured.</param>
/// <param name="Interval">Of 95 %.</param>
/// <param name="BySeed">The number of each seed, or empty.</param>
/// <param name="Control">The same number of a control.</param>
/// <param name="Paper">What the paper found.</param>
internal sealed record ClaimCard(
    string Group, string Statement, string Verdict, string Tone, string Reason, string Number, string Metric, string Interval, string BySeed, string Control, string Paper);
