using System.CommandLine;

namespace LlmReasoning.Cli;

/// <summary><c>data</c>: problem sets and training data.</summary>
internal static class DataCommand
{
    public static Command Create() => new Command("data", "Problem sets and training sets.")
    {
        DataSynthesizeCommand.Create(),
        DataCheckCommand.Create(),
        DataSelectCommand.Create(),
        DataImportCommand.Create(),
        DataInspectCommand.Create(),
    }.WithExamples("llm-reasoning data synthesize --split test --count 120 --output test.jsonl");
}
