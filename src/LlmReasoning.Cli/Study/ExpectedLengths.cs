using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Runs;

namespace LlmReasoning.Cli.Study;

/// <summary>Mean lengths in tokens, for the plan's estimates.</summary>
/// <param name="Prompt">Of a prompt.</param>
/// <param name="Completion">Of a completion.</param>
internal readonly record struct ExpectedLengths(double Prompt, double Completion)
{
    private const double CharactersPerToken = 3;
    private const double EmbeddedCompletion = 31;           // measured: 30 to 32 in every arm
    private const double EmbeddedPrompt = 20;

    public static ExpectedLengths Of(StudyConfig config, IReadOnlyList<Problem> problems)
    {
        var isEmbedded = config.ModelNameOrPath == ModelFolder.Embedded;
        var prompt = isEmbedded ? EmbeddedPrompt : problems.Take(100).Average(problem => problem.Text.Length) / CharactersPerToken;
        var completion = config.ExpectedCompletionLength ?? (isEmbedded ? Math.Min(EmbeddedCompletion, config.MaxCompletionLength) : config.MaxCompletionLength / 2.0);
        return new(prompt, completion);
    }
}
