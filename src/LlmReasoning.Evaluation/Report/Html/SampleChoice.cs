using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Report.Html;

/// <summary>A sample that a page shows.</summary>
internal sealed record ShownSample(int Index, Outcome Outcome, string Reason, string? Answer, string FinishReason, string Text);

/// <summary>Chooses the samples that a page shows: of every problem and outcome the first few by index, their texts cut in the middle where they are long. Thread-safe.</summary>
/// <param name="perOutcome">Samples of each outcome.</param>
/// <param name="maxChars">Of a text.</param>
internal sealed class SampleChoice(int perOutcome, int maxChars)
{
    private const int MaxAnswerChars = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<ShownSample>> _samples = new(StringComparer.Ordinal);

    public void Add(Sample sample, Verdict verdict)
    {
        lock (_lock)
        {
            if (!_samples.TryGetValue(sample.ProblemId, out var kept)) { _samples.Add(sample.ProblemId, kept = []); }
            if (kept.Count(other => other.Outcome == verdict.Outcome && other.Index < sample.SampleIdx) >= perOutcome) { return; }
            var answer = verdict.Answer is null ? null : Shortened(verdict.Answer, MaxAnswerChars);
            kept.Add(new ShownSample(sample.SampleIdx, verdict.Outcome, verdict.Reason, answer, sample.FinishReason, Shortened(sample.Text, maxChars)));
            var same = kept.Where(other => other.Outcome == verdict.Outcome).ToArray();
            if (same.Length > perOutcome) { kept.Remove(same.MaxBy(other => other.Index)!); }
        }
    }

    /// <summary>By outcome, correct ones first, then by index.</summary>
    public IReadOnlyList<ShownSample> Of(string problemId) =>
        _samples.TryGetValue(problemId, out var kept) ? [.. kept.OrderBy(sample => sample.Outcome).ThenBy(sample => sample.Index)] : [];

    /// <summary>The beginning and the end, where the answer is.</summary>
    public static string Shortened(string text, int maxChars)
    {
        if (text.Length <= maxChars) { return text; }
        var head = maxChars * 3 / 5;
        var tail = maxChars - head;
        return $"{text.AsSpan(0, head)}\n[... {text.Length - maxChars} characters left out ...]\n{text.AsSpan(text.Length - tail)}";
    }
}
