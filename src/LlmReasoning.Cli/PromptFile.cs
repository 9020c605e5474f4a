using LlmReasoning.Torch.Runs;

namespace LlmReasoning.Cli;

/// <summary>Ready prompts: jsonl {id, prompt}.</summary>
internal static class PromptFile
{
    /// <summary>The first <paramref name="limit"/> prompts of a file.</summary>
    /// <exception cref="UserException">Names file and line: a missing field, an empty prompt, an id that occurs twice.</exception>
    public static IReadOnlyList<Prompt> Read(string path, int? limit)
    {
        if (limit < 1) { throw new UserException($"limit is {limit}; it must be at least 1"); }
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var prompts = new List<Prompt>();
        foreach (var (line, place) in JsonLines.Read(path))
        {
            var id = JsonLines.Text(line, "id", place) ?? throw new UserException($"{place}: id is missing; each prompt needs one of its own");
            var text = JsonLines.Text(line, "prompt", place) ?? throw new UserException($"{place}: prompt is missing; write the text that the model continues");
            if (text.Length == 0) { throw new UserException($"{place}: prompt is empty; write the text that the model continues"); }
            if (!ids.Add(id)) { throw new UserException($"{place}: id \"{id}\" occurs twice; each prompt needs one of its own"); }
            prompts.Add(new(id, text));
        }
        return limit is null ? prompts : [.. prompts.Take(limit.Value)];
    }
}
