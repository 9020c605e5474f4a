namespace LlmReasoning.Evaluation.TeacherData;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>One row of teacher data: something to learn from, not yet tokens.</summary>
/// <param name="Place">For messages: file and line.</param>
public abstract record TeacherRow(string Place)
{
    /// <summary>A prompt as the model reads it, and what follows.</summary>
    public sealed record Completion(string Place, string Prompt, string Response) : TeacherRow(Place);

    /// <summary>A problem that still needs its template, and a response.</summary>
    public sealed record Solution(string Place, string Problem, string Response) : TeacherRow(Place);

    /// <summary>A conversation.</summary>
    /// <param name="PromptMessages">So many of the messages are the prompt; null = all but the last.</param>
    public sealed record Chat(string Place, IReadOnlyList<ChatMessage> Messages, int? PromptMessages = null) : TeacherRow(Place);

    /// <summary>A text without a border in it.</summary>
    public sealed record Text(string Place, string Content) : TeacherRow(Place);

    /// <summary>A line of samples.jsonl: a response to a problem that stands elsewhere.</summary>
    /// <param name="IsWhole">False where it was cut at the limit: there is no end to learn.</param>
    public sealed record Sampled(string Place, string ProblemId, string Response, bool IsWhole) : TeacherRow(Place);
}
