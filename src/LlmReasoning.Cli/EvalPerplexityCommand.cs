using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Scoring;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Cli;

/// <summary><c>eval perplexity</c>: given texts under a scoring model.</summary>
internal static class EvalPerplexityCommand
{
    public static Command Create()
    {
        var scorer = new Option<string>("--scorer") { Description = "The scoring model's folder, or \"embedded\"", HelpName = "DIR", Required = true };
        var samples = new Option<string[]>("--samples") { Description = "samples.jsonl with ids (--save-tokens) or with --problems, or jsonl {id, prompt, completion}", HelpName = "FILE", Required = true };
        var problems = new Option<string>("--problems") { Description = "The problems of the samples, for their prompts", HelpName = "FILE" };
        var template = new Option<string>("--template") { Description = "For the prompts of --problems [default: plain]", HelpName = "NAME", DefaultValueFactory = _ => "plain" };
        var output = new Option<string>("--output") { Description = "The CSV to write [default: standard output]", HelpName = "FILE" };
        var perToken = new Option<string>("--per-token") { Description = "Write ids and log-probabilities of every token as jsonl", HelpName = "FILE" };
        var withPrompt = new Option<bool>("--with-prompt") { Description = "Score the prompt's tokens too, but for its first; without it the prompt is context alone" };
        var command = new Command("perplexity", "Log-probabilities and perplexity of given texts under a model; the prompt counts only on request.")
        {
            scorer, samples, problems, template, output, perToken, withPrompt,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(scorer)!, parsed.GetValue(samples)!, parsed.GetValue(problems), parsed.GetValue(template)!,
            parsed.GetValue(output), parsed.GetValue(perToken), parsed.GetValue(withPrompt)));
        return command.WithExamples(
            "llm-reasoning eval perplexity --scorer embedded --samples runs/base/samples.jsonl --problems embedded-test --output ppl.csv");
    }

    private static int Run(string scorer, string[] samples, string? problems, string template, string? output, string? perToken, bool withPrompt)
    {
        if (output is not null) { AtomicFile.RequireFileName(output); }
        if (perToken is not null) { AtomicFile.RequireFileName(perToken); }
        var prompts = problems is null ? null : PromptsOf(problems, PromptTemplate.Load(template));
        NativeTorch.Initialise();
        var folder = ModelFolder.Resolve(scorer);
        var tokenizer = ModelFolder.LoadTokenizer(folder);
        var texts = samples.SelectMany(path => JsonLines.Read(path).Select(line => Read(line.Line, line.Place, prompts, tokenizer))).ToList();
        using var model = CausalLM.Load(folder);
        foreach (var text in texts) { Scorer.Check(model.Config, text.Ids, text.Place); }
        float[][] logProbs;
        using (var progress = Progress.Start("scoring", texts.Count, "texts"))
        {
            logProbs = Scorer.LogProbs(model, [.. texts.Select(text => text.Ids)], done => progress.Report(done), Interruption.Token);
        }
        // Entry t-1 of a row belongs to token t.
        var scored = texts.Select((text, i) => (text, Values: withPrompt ? logProbs[i] : logProbs[i][Math.Max(0, text.PromptTokens - 1)..])).ToList();
        if (perToken is not null) { AtomicFile.Write(perToken, stream => WritePerToken(stream, scored)); }
        var rows = scored.Select(row => Row(row.text, row.Values)).ToList();
        string[] header = ["problem_id", "sample_idx", "prompt_tokens", "tokens", "logprob_sum", "nll_mean", "ppl"];
        if (output is null) { CsvTable.Write(Console.OpenStandardOutput(), header, rows); }
        else
        {
            CsvTable.Write(output, header, rows);
            var (sum, count) = (scored.Sum(row => row.Values.Sum(value => (double)value)), scored.Sum(row => (long)row.Values.Length));
            var perplexity = count == 0 ? "none" : Math.Exp(-sum / count).ToString("F4", CultureInfo.InvariantCulture);
            Console.Out.WriteLine($"{rows.Count} texts, {count} tokens, perplexity {perplexity}: {output}");
        }
        return ExitCode.Done;
    }

    private static Dictionary<string, string> PromptsOf(string problems, PromptTemplate template) =>
        ProblemSource.Read(problems, null, null).ToDictionary(problem => problem.Id, problem => template.Render(problem.Text));

    private static ScoredText Read(JsonElement line, string place, Dictionary<string, string>? prompts, Tokenizer tokenizer)
    {
        var id = JsonLines.Text(line, "problem_id", place) ?? JsonLines.Text(line, "id", place) ?? throw new UserException($"{place}: id is missing; write \"id\" or \"problem_id\"");
        var index = SampleIdx(line, place);
        if (prompts is null && line.TryGetProperty("prompt_ids", out var promptIds) && line.TryGetProperty("completion_ids", out var completionIds))
        {
            return new(id, index, [.. Ids(promptIds, "prompt_ids", place), .. Ids(completionIds, "completion_ids", place)], promptIds.GetArrayLength(), place);
        }
        var completion = JsonLines.Text(line, "completion", place) ?? JsonLines.Text(line, "text", place) ?? JsonLines.Text(line, "response", place)
            ?? throw new UserException($"{place}: completion is missing; write \"completion\", \"text\" or \"response\"");
        var prompt = JsonLines.Text(line, "prompt", place);
        if (prompt is null && prompts is not null && !prompts.TryGetValue(id, out prompt)) { throw new UserException($"{place}: problem \"{id}\" is not among the problems given; name the right file with --problems"); }
        if (prompt is null) { throw new UserException($"{place}: prompt is missing; name the problems with --problems, or sample with --save-tokens"); }
        // Apart, as a sampler sees them: the completion's first token never joins the prompt's last.
        var promptTokens = tokenizer.Encode(prompt);
        return new(id, index, [.. promptTokens, .. tokenizer.Encode(completion)], promptTokens.Length, place);
    }

    private static int SampleIdx(JsonElement line, string place)
    {
        if (!line.TryGetProperty("sample_idx", out var field)) { return 0; }
        return field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var index) && index >= 0 ? index
            : throw new UserException($"{place}: sample_idx is {field.GetRawText()}; it counts from 0");
    }

    private static IEnumerable<int> Ids(JsonElement array, string key, string place)
    {
        if (array.ValueKind != JsonValueKind.Array) { throw new UserException($"{place}: {key} is not a list of token ids"); }
        foreach (var item in array.EnumerateArray())
        {
            yield return item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) ? id : throw new UserException($"{place}: {key} holds {item.GetRawText()}; token ids are whole numbers");
        }
    }

    private static object?[] Row(ScoredText text, float[] values)
    {
        var sum = values.Sum(value => (double)value);
        double? mean = values.Length == 0 ? null : -sum / values.Length;
        return [text.Id, text.SampleIdx, text.PromptTokens, values.Length, sum, mean, mean is null ? null : Math.Exp(mean.Value)];
    }

    private static void WritePerToken(Stream stream, List<(ScoredText Text, float[] Values)> scored)
    {
        foreach (var (text, values) in scored)
        {
            JsonSerializer.Serialize(stream, new { problem_id = text.Id, sample_idx = text.SampleIdx, prompt_tokens = text.PromptTokens, ids = text.Ids.TakeLast(values.Length), logprobs = values });
            stream.WriteByte((byte)'\n');
        }
    }

    private sealed record ScoredText(string Id, int SampleIdx, int[] Ids, int PromptTokens, string Place);
}
