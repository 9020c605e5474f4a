using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Verification;

namespace LlmReasoning.Evaluation.Report.Html;

/// <summary>One model in the browser of problems: its success counts, and the samples to show.</summary>
/// <param name="Name">As the tables name it.</param>
/// <param name="Counts">Samples and correct ones, in the order of the problems.</param>
/// <param name="Samples">May lack some or all problems.</param>
internal sealed record BrowsedModel(string Name, IReadOnlyList<(int N, int C)> Counts, SampleChoice Samples);

/// <summary>The data of a page's browser of problems and samples, as JSON within a bound on its size.</summary>
internal sealed class ProblemBrowser
{
    /// <summary>Bytes of JSON; with the figures a page stays under 5 MB.</summary>
    private const int MaxBytes = 3_500_000;
    private const int MaxProblems = 5_000;
    private const int MaxProblemChars = 1_500;
    private const int MaxNameChars = 200;
    private const int PerOutcome = 2;

    // Leaves letters of all scripts as they are and escapes what HTML could take for markup.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private ProblemBrowser(string json, IReadOnlyList<string> notes)
    {
        Json = json;
        Notes = notes;
    }

    public string Json { get; }

    /// <summary>What was left out, for the reader of the page.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>A choice of samples that fits a page with so many problems and models.</summary>
    public static SampleChoice NewChoice(int problems, int models) =>
        new(PerOutcome, Math.Clamp(MaxBytes / (Math.Min(problems, MaxProblems) * models * 2 * PerOutcome), 240, 3_000));

    /// <summary>Builds the data; the first model is the base.</summary>
    /// <param name="problems">In any order; those that changed come first on the page.</param>
    /// <param name="models">At least one.</param>
    /// <param name="buckets">Of the first model's success.</param>
    public static ProblemBrowser Of(IReadOnlyList<Problem> problems, IReadOnlyList<BrowsedModel> models, SuccessBuckets buckets)
    {
        var rows = problems.Select((problem, i) => (Problem: problem, Counts: models.Select(model => model.Counts[i]).ToArray()))
            .OrderByDescending(row => row.Counts.Any(count => count.C > 0 != row.Counts[0].C > 0))
            .Take(MaxProblems)
            .ToArray();
        byte[][] bare = [.. rows.Select(row => Row(row.Problem, row.Counts, models, buckets, showSamples: false))];
        var (left, listed) = (MaxBytes, 0);
        while (listed < rows.Length && bare[listed].Length <= left) { left -= bare[listed++].Length; }
        var without = 0;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            WriteStrings(json, "models", models.Select(model => model.Name));
            json.WriteString("bucket_name", $"correct of {buckets.N}{(models.Count > 1 ? $", {models[0].Name}" : "")}");
            WriteStrings(json, "buckets", buckets.Labels);
            json.WriteStartArray("problems");
            for (var i = 0; i < listed; i++)
            {
                var full = Row(rows[i].Problem, rows[i].Counts, models, buckets, showSamples: true);
                var isShown = full.Length - bare[i].Length <= left;
                if (isShown) { left -= full.Length - bare[i].Length; }
                else { without++; }
                json.WriteRawValue(isShown ? full : bare[i], skipInputValidation: true);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }

        List<string> notes = [$"Of every problem the first {PerOutcome} samples of each outcome are shown; long texts are cut in the middle."];
        if (without > 0) { notes.Add($"To keep the page small, {without} problems are listed without samples."); }
        if (listed < problems.Count) { notes.Add($"{problems.Count - listed} of {problems.Count} problems are not listed."); }
        return new ProblemBrowser(Encoding.UTF8.GetString(stream.ToArray()), notes);
    }

    private static byte[] Row(Problem problem, (int N, int C)[] counts, IReadOnlyList<BrowsedModel> models, SuccessBuckets buckets, bool showSamples)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("id", Valid(SampleChoice.Shortened(problem.Id, MaxNameChars)));
            if (problem.Level is { } level) { json.WriteString("level", Valid(SampleChoice.Shortened(level, MaxNameChars))); }
            if (problem.Topic is { } topic) { json.WriteString("topic", Valid(SampleChoice.Shortened(topic, MaxNameChars))); }
            json.WriteString("text", Valid(SampleChoice.Shortened(problem.Text, showSamples ? MaxProblemChars : MaxNameChars)));
            json.WriteString("gold", Valid(SampleChoice.Shortened(problem.Gold, MaxNameChars)));
            json.WriteNumber("bucket", buckets.IndexOf(counts[0].C));
            WriteStrings(json, "counts", counts.Select(count => $"{count.C}/{count.N}"));
            WriteStrings(json, "changes", counts.Skip(1).Select(count => Change(counts[0].C > 0, count.C > 0)));
            json.WriteStartArray("samples");
            foreach (var model in models)
            {
                json.WriteStartArray();
                if (showSamples) { WriteSamples(json, model.Samples.Of(problem.Id)); }
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static string Change(bool before, bool after) => (before, after) switch
    {
        (true, true) => "both",
        (false, true) => "gained",
        (true, false) => "lost",
        _ => "neither",
    };

    private static void WriteSamples(Utf8JsonWriter json, IReadOnlyList<ShownSample> samples)
    {
        foreach (var sample in samples)
        {
            json.WriteStartObject();
            json.WriteNumber("index", sample.Index);
            json.WriteString("outcome", sample.Outcome switch { Outcome.Correct => "correct", Outcome.Wrong => "wrong", Outcome.NoAnswer => "none", _ => "undecided" });
            json.WriteString("reason", Valid(sample.Reason));
            if (sample.Answer is { } answer) { json.WriteString("answer", Valid(answer)); }
            json.WriteString("finish", sample.FinishReason);
            json.WriteString("text", Valid(sample.Text));
            json.WriteEndObject();
        }
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) { json.WriteStringValue(Valid(value)); }
        json.WriteEndArray();
    }

    /// <summary>Lone surrogates, as a cut through the middle leaves them too, become U+FFFD.</summary>
    private static string Valid(string text) => HtmlPage.Valid(text);
}
