using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The claims as texts and as a table.</summary>
internal static class ClaimTable
{
    public static StudyTable Of(StudySummary summary) => new(
        "claims",
        "",
        "",
        [
            ["", "claim", "number", "95 % interval", "the base again", "the study says", "why", "the paper"],
            .. summary.Claims.Select(result => (string[])
            [
                result.Claim.Id, Statement(summary, result.Claim), $"{Metric(summary, result.Claim)}: {Number(result)}", Interval(result), Control(result),
                ClaimRule.Text(result.Verdict), result.Reason, PaperNumbers.OfClaim(result.Claim.Id) ?? "",
            ]),
        ],
        [
            "id", "claim", "metric", "arm", "against", "test", "value", "lo", "hi", "control", "control_lo", "control_hi",
            .. summary.Runs.Seeds.Select(seed => $"seed_{seed}"), "verdict", "reason", "paper",
        ],
        [
            .. summary.Claims.Select(result => (object?[])
            [
                result.Claim.Id, Statement(summary, result.Claim), Snake(result.Claim.Metric), result.Claim.Subject, result.Claim.Against, Snake(result.Claim.Test),
                Finite(result.Number?.Value), Finite(result.Number?.Lo), Finite(result.Number?.Hi), Finite(result.Control?.Value), Finite(result.Control?.Lo), Finite(result.Control?.Hi),
                .. summary.Runs.Seeds.Select((_, s) => Finite(s < result.BySeed.Count ? result.BySeed[s] : null)),
                ClaimRule.Text(result.Verdict), result.Reason, PaperNumbers.OfClaim(result.Claim.Id),
            ]),
        ]);

    public static string Statement(StudySummary summary, Claim claim) => claim.Statement.Replace("{n}", $"{summary.Runs.N}", StringComparison.Ordinal);

    /// <summary>What is measured, such as "pass@1, RLVR less base".</summary>
    public static string Metric(StudySummary summary, Claim claim)
    {
        var (own, other) = (Arm.Name(claim.Subject), Arm.Name(claim.Against));
        return claim.Metric switch
        {
            ClaimMetric.PassAt1 => $"pass@1, {own} less {other}",
            ClaimMetric.PassAtN => $"pass@{summary.Runs.N}, {own} less {other}",
            ClaimMetric.BucketGap => "least gain of the higher buckets less gain of the two lowest",
            ClaimMetric.CrossingK => "k where the curves cross",
            ClaimMetric.Length => $"mean tokens, {own} against {other}",
            _ => $"reflection words, {own} against {other}",
        };
    }

    /// <summary>The number with its unit, such as "+36.9 points".</summary>
    public static string Number(ClaimResult result) => result.Number is { } number ? Text(result.Claim.Metric, number.Value, withUnit: true) : "not measured";

    public static string Interval(ClaimResult result) => result.Number is { } number ? Between(result.Claim.Metric, number) : "-";

    public static string Control(ClaimResult result) => result.Control is { } control
        ? result.Claim.Metric == ClaimMetric.CrossingK && !double.IsFinite(control.Value) ? "no crossing" : $"{Text(result.Claim.Metric, control.Value, withUnit: false)} ({Between(result.Claim.Metric, control)})"
        : "-";

    /// <summary>The number of each seed; empty for a single one.</summary>
    public static string BySeed(ClaimResult result) => result.BySeed.Count < 2 ? "" : string.Join(" / ", result.BySeed.Select(value => double.IsNaN(value) ? "-" : Text(result.Claim.Metric, value, withUnit: false)));

    private static string Between(ClaimMetric metric, Estimate number) => $"{Text(metric, number.Lo, withUnit: false)} to {Text(metric, number.Hi, withUnit: false)}";

    private static string Text(ClaimMetric metric, double value, bool withUnit)
    {
        if (metric == ClaimMetric.CrossingK) { return double.IsFinite(value) ? $"{value:F1}" : "never"; }
        var unit = metric is ClaimMetric.Length or ClaimMetric.Keywords ? " %" : " points";
        return $"{100 * value:+0.0;-0.0;0.0}{(withUnit ? unit : "")}";
    }

    private static double? Finite(double? value) => value is { } known && double.IsFinite(known) ? known : null;

    private static string Snake<T>(T name) where T : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString());
}
