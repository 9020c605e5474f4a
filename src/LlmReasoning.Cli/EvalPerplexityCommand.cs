using System.CommandLine;
using System.Text.Json;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Report;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Scoring;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Cli;

/// <summary><c>eval perplexity</c>: given texts under scoring models.</summary>
internal static class EvalPerplexityCommand
{
    private static readonly Option<string[]> ScorerFolders = new("--scorer")
    {
        Description = "The folders of scoring models, or \"embedded\"",
        HelpName = "DIR",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string[]> SampleFiles = new("--samples")
    {
        Description = "samples.jsonl files or folders, with ids (--save-tokens) or with --problems; or jsonl {id, prompt, completion}",
        HelpName = "DIR",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> Problems = new("--problems") { Description = "The problems of the samples, for their prompts", HelpName = "FILE" };
    private static readonly ProblemFieldOptions Fields = new();
    private static readonly Option<string> Template = new("--template") { Description = "For the prompts of --problems", HelpName = "NAME", DefaultValueFactory = _ => "plain" };
    private static readonly Option<string?> Output = new("--output") { Description = "Folder for ppl.csv, the table of scorers and sources, and the figure [default: rows to standard output]", HelpName = "DIR" };
    private static readonly Option<string?> PerToken = new("--per-token") { Description = "Write ids and log-probabilities of every token as jsonl", HelpName = "FILE" };
    private static readonly Option<bool> WithPrompt = new("--with-prompt") { Description = "Score the prompt's tokens too, but for its first; without it the prompt is context alone" };

    public static Command Create()
    {
        var command = new Command("perplexity", "Log-probabilities and perplexity of given texts under models; the prompt counts only on request.")
        {
            ScorerFolders, SampleFiles, Problems, Template, Output, PerToken, WithPrompt,
        };
        Fields.AddTo(command);
        command.SetAction(Run);
        return command.WithExamples(
            "llm-reasoning eval perplexity --scorer embedded --samples runs/base --problems embedded-test --output runs/perplexity",
            "llm-reasoning eval perplexity --scorer embedded runs/rlvr/checkpoints/step-000070 --samples runs/base runs/rlvr-eval \\\n--problems embedded-test --output runs/perplexity");
    }

    private static int Run(ParseResult parsed)
    {
        var (output, perToken) = (parsed.GetValue(Output), parsed.GetValue(PerToken));
        if (output is not null && (File.Exists(output) || output.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)))
        {
            throw new UserException($"--output is {output}, a file; name a folder: ppl.csv, the table and the figure are written to it");
        }
        if (perToken is not null) { AtomicFile.RequireWritable(perToken); }
        string[] folders = [.. parsed.GetValue(ScorerFolders)!.Distinct(StringComparer.Ordinal).Select(ModelFolder.Resolve)];
        var samples = SampleFile.Find(parsed.GetValue(SampleFiles)!);
        var prompts = parsed.GetValue(Problems) is { } problems ? PromptsOf(problems, Fields.Names(parsed), PromptTemplate.Load(parsed.GetValue(Template)!)) : null;
        if (output is not null) { OutputFolder.Create(output); }
        NativeTorch.Initialise();
        var names = ShortNames(folders);
        var scored = folders.SelectMany(folder => Score(folder, names[folder], samples, prompts, parsed.GetValue(WithPrompt))).ToList();
        if (perToken is not null) { AtomicFile.Write(perToken, stream => WritePerToken(stream, scored)); }
        var sources = ShortNames([.. scored.Select(row => row.Text.Source).Distinct(StringComparer.Ordinal)]);
        ScoredResponse[] rows = [.. scored.Select(row => new ScoredResponse(
            row.Scorer, sources[row.Text.Source], row.Text.Id, row.Text.SampleIdx, row.Text.PromptTokens, row.Values.Length, row.Values.Sum(value => (double)value)))];
        if (output is null)
        {
            using var stdout = Console.OpenStandardOutput();
            PerplexityReport.WriteRows(stdout, rows);
            return ExitCode.Done;
        }
        PerplexityReport.Write(rows, output);
        Console.Out.Write(PerplexityReport.ToText(rows));
        Console.Out.WriteLine($"written to {output}: ppl.csv, ppl_summary.csv, summary.md, figures/perplexity.png");
        return ExitCode.Done;
    }

    private static IEnumerable<ScoredRow> Score(string folder, string name, IReadOnlyList<string> samples, Dictionary<string, string>? prompts, bool withPrompt)
    {
        var tokenizer = ModelFolder.LoadTokenizer(folder);
        var texts = samples.SelectMany(path => JsonLines.Read(path).Select(line => Read(line.Line, line.Place, path, prompts, tokenizer))).ToList();
        using var model = CausalLM.Load(folder);
        foreach (var text in texts) { Scorer.Check(model.Config, text.Ids, text.Place); }
        using var progress = Progress.Start($"scoring by {name}", texts.Count, "texts");
        var logProbs = Scorer.LogProbs(model, [.. texts.Select(text => text.Ids)], done => progress.Report(done), Interruption.Token);
        // Entry t-1 of a row belongs to token t.
        return [.. texts.Select((text, i) => new ScoredRow(name, text, withPrompt ? logProbs[i] : logProbs[i][Math.Max(0, text.PromptTokens - 1)..]))];
    }

    /// <summary>The last parts of paths, or the paths themselves where two end alike.</summary>
    private static Dictionary<string, string> ShortNames(IReadOnlyList<string> paths)
    {
        string[] last = [.. paths.Select(path => Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } name ? name : path)];
        var areDistinct = last.Distinct(StringComparer.Ordinal).Count() == last.Length;
        return paths.Zip(areDistinct ? last : paths).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
    }

    private static Dictionary<string, string> PromptsOf(string problems, ProblemFieldNames fields, PromptTemplate template) =>
        ProblemSource.Read(problems, fields: fields).ToDictionary(problem => problem.Id, problem => template.Render(problem.Text));

    private static ScoredText Read(JsonElement line, string place, string path, Dictionary<string, string>? prompts, Tokenizer tokenizer)
    {
        var id = JsonLines.Text(line, "problem_id", place) ?? JsonLines.Text(line, "id", place) ?? throw new UserException($"{place}: id is missing; write \"id\" or \"problem_id\"");
        var index = SampleIdx(line, place);
        var source = JsonLines.Text(line, "model_id", place) ?? Path.GetFileNameWithoutExtension(path);
        if (prompts is null && line.TryGetProperty("prompt_ids", out var promptIds) && line.TryGetProperty("completion_ids", out var completionIds))
        {
            return new(source, id, index, [.. Ids(promptIds, "prompt_ids", place), .. Ids(completionIds, "completion_ids", place)], promptIds.GetArrayLength(), place);
        }
        var completion = JsonLines.Text(line, "completion", place) ?? JsonLines.Text(line, "text", place) ?? JsonLines.Text(line, "response", place)
            ?? throw new UserException($"{place}: completion is missing; write \"completion\", \"text\" or \"response\"");
        var prompt = JsonLines.Text(line, "prompt", place);
        if (prompt is null && prompts is not null && !prompts.TryGetValue(id, out prompt)) { throw new UserException($"{place}: problem \"{id}\" is not among the problems given; name the right file with --problems"); }
        if (prompt is null) { throw new UserException($"{place}: prompt is missing; name the problems with --problems, or sample with --save-tokens"); }
        // Apart, as a sampler sees them: the completion's first token never joins the prompt's last.
        var promptTokens = tokenizer.Encode(prompt);
        return new(source, id, index, [.. promptTokens, .. tokenizer.Encode(completion)], promptTokens.Length, place);
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

    private static void WritePerToken(Stream stream, List<ScoredRow> scored)
    {
        foreach (var (scorer, text, values) in scored)
        {
            JsonSerializer.Serialize(stream, new { scorer, problem_id = text.Id, sample_idx = text.SampleIdx, prompt_tokens = text.PromptTokens, ids = text.Ids.TakeLast(values.Length), logprobs = values });
            stream.WriteByte((byte)'\n');
        }
    }

    private sealed record ScoredText(string Source, string Id, int SampleIdx, int[] Ids, int PromptTokens, string Place);

    /// <param name="Values">Log-probabilities of the tokens that count.</param>
    private sealed record ScoredRow(string Scorer, ScoredText Text, float[] Values);
}
