using System.CommandLine;

namespace LlmReasoning.Cli;

/// <summary><c>eval</c>: what is measured on samples.</summary>
internal static class EvalCommand
{
    public static Command Create() => new Command("eval", "Measure samples: pass@k, comparisons of models, texts, perplexity.")
    {
        EvalPassKCommand.Create(),
        EvalCompareCommand.Create(),
        EvalTextCommand.Create(),
        EvalPerplexityCommand.Create(),
    }.WithExamples("llm-reasoning eval passk --model embedded --problems embedded-test --k 256 --output runs/base");
}
