using System.Text;
using LlmReasoning.Evaluation.TeacherData;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>A conversation as a text.</summary>
/// <param name="AssistantTurns">Of the assistant's turns the UTF-16 units, the token that ends the turn included; at least one where the conversation has one.</param>
/// <param name="EndsItself">Whether a turn's end is part of it; otherwise the model's stop token belongs behind the text.</param>
public sealed record RenderedChat(string Text, IReadOnlyList<Range> AssistantTurns, bool EndsItself);

/// <summary>How the models of a family write turns, after the chat templates that they are published with.</summary>
internal sealed record ChatFormat(string Start, string BeforeRole, string AfterRole, string EndOfTurn, string AfterTurn)
{
    public static readonly ChatFormat ImStart = new("", "<|im_start|>", "\n", "<|im_end|>", "\n");
    public static readonly ChatFormat Llama3 = new("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>\n\n", "<|eot_id|>", "") { TrimsContent = true };

    /// <summary>What a conversation without a system message begins with.</summary>
    public string? DefaultSystem { get; init; }

    private bool TrimsContent { get; init; }

    public string SystemTurn => DefaultSystem is null ? "" : Header("system") + DefaultSystem + EndOfTurn + AfterTurn;

    public string Header(string role) => BeforeRole + role + AfterRole;

    public string Content(string text) => TrimsContent ? Trimmed(text) : text;

    public RenderedChat Render(IReadOnlyList<ChatMessage> messages)
    {
        var text = new StringBuilder(Start);
        if (messages is not [{ Role: "system" }, ..]) { text.Append(SystemTurn); }
        var turns = new List<Range>();
        foreach (var message in messages)
        {
            text.Append(Header(message.Role));
            var start = text.Length;
            text.Append(Content(message.Content)).Append(EndOfTurn);
            if (message.Role == "assistant") { turns.Add(start..text.Length); }
            text.Append(AfterTurn);
        }
        return new(text.ToString(0, text.Length - AfterTurn.Length), turns, EndsItself: true);
    }

    // What Python's strip, and so Jinja's trim, takes away: white space and the four separators that .NET does not count as such.
    private static string Trimmed(string text)
    {
        var start = 0;
        var end = text.Length;
        while (start < end && IsPythonSpace(text[start]))
        {
            start++;
        }
        while (end > start && IsPythonSpace(text[end - 1]))
        {
            end--;
        }
        return text[start..end];
    }

    private static bool IsPythonSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
