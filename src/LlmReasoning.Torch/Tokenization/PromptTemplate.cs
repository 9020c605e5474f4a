using System.Text;
using LlmReasoning.Evaluation.TeacherData;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>The text around a problem that makes it a prompt: one of the presets, or a file.</summary>
public sealed record PromptTemplate
{
    /// <summary>Stands for the problem in a template file.</summary>
    public const string Placeholder = "{problem}";

    private const long LargestFileBytes = 1 << 20;

    private const string BoxedInstruction = @"Please reason step by step, and put your final answer within \boxed{}.";
    private const string SmolLmIntroduction = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

    // Understand-R1-Zero's r1 template (sail-sg/understand-r1-zero, evaluate_model.py), after the DeepSeek-R1 report, table 1.
    private const string R1Introduction =
        "A conversation between User and Assistant. The User asks a question, and the Assistant solves it. "
        + "The Assistant first thinks about the reasoning process in the mind and then provides the User with the answer. "
        + "The reasoning process is enclosed within <think> </think> and answer is enclosed within <answer> </answer> tags, respectively, "
        + "i.e., <think> reasoning process here </think> <answer> answer here </answer>.";

    private static readonly PromptTemplate[] All =
    [
        new("plain", "", "\n"),
        new("qwen-boxed", ChatFormat.ImStart with { DefaultSystem = BoxedInstruction }),
        new("r1-think", $"{R1Introduction}\nUser: ", "\nAssistant: <think>"),
        new("chatml", ChatFormat.ImStart),
        new("llama3", ChatFormat.Llama3),
        new("smollm2", ChatFormat.ImStart with { DefaultSystem = SmolLmIntroduction }),
    ];

    private readonly string _before;
    private readonly string _after;
    private readonly ChatFormat? _chat;

    private PromptTemplate(string id, string before, string after, params IReadOnlyList<string> stopTokens)
    {
        Id = id;
        StopTokens = stopTokens;
        _before = before;
        _after = after;
    }

    private PromptTemplate(string id, ChatFormat chat)
        : this(id, chat.Start + chat.SystemTurn + chat.Header("user"), chat.EndOfTurn + chat.AfterTurn + chat.Header("assistant"), chat.EndOfTurn)
    {
        _chat = chat;
    }

    /// <summary>The preset's name, or "file:" and the name of the template file without its folder.</summary>
    public string Id { get; }

    /// <summary>Tokens that end a reply, to be added to the stop ids of generation_config where the tokenizer has them.</summary>
    public IReadOnlyList<string> StopTokens { get; }

    /// <summary>The names that <see cref="Load"/> knows.</summary>
    public static IReadOnlyList<string> Presets { get; } = [.. All.Select(preset => preset.Id)];

    /// <param name="nameOrPath">A preset's name, or a UTF-8 text file that holds {problem} once; all else in it is taken as it is,
    /// a line end at the end of the file too.</param>
    /// <exception cref="UserException">Neither a preset nor a readable file, or a file without exactly one {problem}.</exception>
    public static PromptTemplate Load(string nameOrPath)
    {
        if (Array.Find(All, preset => preset.Id == nameOrPath) is { } preset)
        {
            return preset;
        }
        if (!File.Exists(nameOrPath))
        {
            var nearest = NearestName.Of(nameOrPath, Presets) is { } name ? $" (did you mean {name}?)" : "";
            throw new UserException(
                $"prompt template is '{nameOrPath}'{nearest}; it is neither a file nor one of the presets {string.Join(", ", Presets)}");
        }
        var template = ReadFile(nameOrPath);
        var parts = template.Split(Placeholder);
        return parts.Length switch
        {
            2 => new PromptTemplate($"file:{Path.GetFileName(nameOrPath)}", parts[0], parts[1]),
            1 => throw new UserException($"{nameOrPath}: the template lacks {Placeholder}; write it where the problem belongs"),
            _ => throw new UserException($"{nameOrPath}: the template has {Placeholder} {parts.Length - 1} times; write it once"),
        };
    }

    /// <summary>The whole prompt, to be given to <see cref="Tokenizer.Encode"/>. The problem is inserted as it is; only llama3 trims it.</summary>
    /// <remarks>Special tokens in the problem's text are recognised by the tokenizer, as they are in the reference.</remarks>
    public string Render(string problem) => string.Concat(_before, _chat?.Content(problem) ?? problem, _after);

    /// <summary>A conversation as the model's own chat template writes it, up to the end of the last turn, and where the assistant's turns stand in it.</summary>
    /// <exception cref="UserException">The template has no turns, and this is more than a question and its answer.</exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages)
    {
        if (_chat is not null) { return _chat.Render(messages); }
        if (messages is not [{ Role: "user" } question, { Role: "assistant" } answer])
        {
            throw new UserException($"template is {Id}, which writes one question and its answer, and the roles are {string.Join(", ", messages.Select(message => message.Role))}; take {string.Join(", ", All.Where(preset => preset._chat is not null).Select(preset => preset.Id))}");
        }
        var prompt = Render(question.Content);
        return new(prompt + answer.Content, [prompt.Length..(prompt.Length + answer.Content.Length)], EndsItself: false);
    }

    private static string ReadFile(string path)
    {
        RegularFile.Require(path);
        try
        {
            var length = new FileInfo(path).Length;
            if (length > LargestFileBytes)
            {
                throw new UserException($"{path}: {length} bytes; a prompt template has at most {LargestFileBytes}");
            }
            return File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException error)
        {
            throw new UserException($"{path}: not UTF-8 text; save the template as UTF-8", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }
}
