using System.CommandLine;
using System.Globalization;
using System.Text;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Cli;

/// <summary><c>data inspect</c>: what a student would be trained on, token by token.</summary>
internal static class DataInspectCommand
{
    private const string Green = "\e[32m";
    private const string Plain = "\e[0m";

    private static readonly Argument<string> File = new("FILE") { Description = "Teacher data, or a folder of data select, sample or eval passk" };
    private static readonly Option<string> Model = new("--model") { Description = "Whose tokenizer and stop token [default: embedded]", HelpName = "DIR", DefaultValueFactory = _ => ModelFolder.Embedded };
    private static readonly Option<int> Row = new("--row") { Description = "Which example, from 1 [default: 1]", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<string> Template = new("--template") { Description = "For problems and messages [default: plain]", HelpName = "NAME", DefaultValueFactory = _ => "plain" };
    private static readonly Option<string?> Problems = new("--problems") { Description = "What samples are of", HelpName = "FILE" };
    private static readonly Option<bool> CorrectOnly = new("--correct-only") { Description = "Of samples, those that are correct" };
    private static readonly Option<bool> AssistantOnlyLoss = new("--assistant-only-loss") { Description = "Of messages, train every assistant turn" };
    private static readonly Option<string?> ResponseTemplate = new("--response-template") { Description = "Of texts, train what stands behind this", HelpName = "TEXT" };

    public static Command Create()
    {
        var command = new Command("inspect", "Show which tokens of a training example are trained (green; in brackets where colours are off), and how a file's examples end.")
        {
            File, Model, Row, Template, Problems, CorrectOnly, AssistantOnlyLoss, ResponseTemplate,
        };
        command.SetAction(Run);
        return command.WithExamples("llm-reasoning data inspect runs/self/sft.jsonl --row 3", "llm-reasoning data inspect chat.jsonl --model models/qwen --template chatml --assistant-only-loss");
    }

    private static int Run(ParseResult parsed)
    {
        var wanted = parsed.GetValue(Row);
        var source = ModelFolder.Resolve(parsed.GetValue(Model)!);
        var tokenizer = ModelFolder.LoadTokenizer(source);
        var model = ModelConfig.Read(source);
        var config = new DistillConfig
        {
            CorrectOnly = parsed.GetValue(CorrectOnly),
            AssistantOnlyLoss = parsed.GetValue(AssistantOnlyLoss),
            ResponseTemplate = parsed.GetValue(ResponseTemplate),
        }.Validate();
        var eosId = GenerationDefaults.Read(source, model).EosTokenIds is [var first, ..] ? first
            : throw new UserException($"{source}: the model names no stop token (eos_token_id); add it to generation_config.json");
        var problems = parsed.GetValue(Problems) is { } path ? ProblemSource.Read(path) : null;
        var reader = new ExampleReader(tokenizer, PromptTemplate.Load(parsed.GetValue(Template)!), eosId, config, problems);
        var (rows, ends, tokens, trained, longest, overlong) = (0, 0, 0L, 0L, 0, 0);
        PlacedExample? shown = null;
        foreach (var placed in reader.Read(parsed.GetValue(File)!))
        {
            rows++;
            ends += placed.HasEnd ? 1 : 0;
            tokens += placed.Example.Length;
            trained += placed.Example.TrainedTokens;
            longest = Math.Max(longest, placed.Example.Length);
            overlong += placed.Example.Length > model.MaxPositionEmbeddings ? 1 : 0;
            if (rows == wanted) { shown = placed; }
        }
        if (shown is null) { throw new UserException($"row is {wanted}; there are {rows} examples, from 1 on"); }
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine(Mark(shown.Example, tokenizer, isColoured: Console.Out == output && HasColours));
        output.WriteLine();
        output.WriteLine($"example {wanted} ({shown.Place}): {shown.Example.Length} tokens, {shown.Example.PromptIds.Count} before the first trained one, {shown.Example.TrainedTokens} trained");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all {rows} examples: {(double)tokens / rows:F1} tokens on average, {(double)trained / rows:F1} of them trained, the longest {longest}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{100.0 * ends / rows:F1} % end with a stop token that is trained; {overlong} are longer than the model's context of {model.MaxPositionEmbeddings}"));
        return ExitCode.Done;
    }

    private static bool HasColours => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    /// <summary>The text of an example, its trained tokens in green or each in brackets.</summary>
    internal static string Mark(SftExample example, Tokenizer tokenizer, bool isColoured)
    {
        var (open, close) = isColoured ? (Green, Plain) : ("[", "]");
        var text = new StringBuilder();
        for (var i = 0; i < example.Length; i++)
        {
            var token = Show(tokenizer.BytesOf(example.Ids[i]));
            text.Append(i > 0 && example.IsTrained[i] ? $"{open}{token}{close}" : token);
        }
        return text.ToString();
    }

    // A token may hold part of a character's bytes; those, and what could move a cursor or turn the text around, are written as \xNN and \uNNNN.
    private static string Show(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        while (bytes.Length > 0)
        {
            var isWhole = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (!isWhole) { foreach (var value in bytes[..length]) { text.Append(CultureInfo.InvariantCulture, $"\\x{value:X2}"); } }
            else if (rune.Value == '\n') { text.Append("\\n\n"); }
            else if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format) { text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"); }
            else { text.Append(rune.ToString()); }
            bytes = bytes[length..];
        }
        return text.ToString();
    }
}
