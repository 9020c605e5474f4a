using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Tests.Samples;

/// <summary>Small samples to test with.</summary>
internal static class Drawn
{
    public static Sample Sample(string problemId = "p", int sampleIdx = 0, string text = "\\boxed{1}", string finishReason = "eos") => new()
    {
        RunId = "run",
        ModelId = "model",
        ProblemId = problemId,
        SampleIdx = sampleIdx,
        Seed = 7,
        TemplateId = "plain",
        Temperature = 0.9,
        TopP = 1,
        TopK = 50,
        MaxNewTokens = 72,
        PromptTokens = 5,
        CompletionTokens = 9,
        CompletionChars = text.Length,
        FinishReason = finishReason,
        Text = text,
    };

    public static void Write(string path, IEnumerable<Sample> samples)
    {
        using var writer = new SampleWriter(path);
        foreach (var sample in samples) { writer.Append(sample); }
    }
}
